import { appendFileSync, cpSync, mkdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { Check as conforms } from "typebox/schema";
import { beforeAll, describe, expect, test } from "vitest";

import { VerdictSchema } from "../src/admit/schema.ts";
import { readBundles } from "../src/images/bundles.ts";
import { type Json } from "../src/json/json.ts";
import { openLayout } from "../src/layout/layout.ts";
import { type Descriptor } from "../src/oci/descriptor.ts";
import { MEDIA_TYPES } from "../src/oci/media-types.ts";
import { assay } from "../src/testing/assay.ts";
import { attachBundle } from "../src/testing/attach.ts";
import { buildLayout, type BuiltLayout, tagged } from "../src/testing/layout.ts";
import { withValue } from "../src/testing/manifests.ts";
import { temporaryDirectory } from "../src/testing/temporary.ts";
import { TESTDATA } from "../src/testing/vectors.ts";

/** Where everything is made once: keys, logs, a signed and measured image, a recorded node image, a signed file. */
let work: string;
const env = { ASSAY_PASSWORD: "correct horse", XDG_STATE_HOME: temporaryDirectory() };
const run = (line: string, ...more: readonly string[]) => assay([...line.split(" "), ...more], { cwd: work, env });
const day = (offset: number): string => `${new Date(Date.now() + offset * 86_400_000).toISOString().slice(0, 19)}Z`;
const path = (...names: readonly string[]): string => join(work, ...names);

async function done(line: string): Promise<void> {
  const { status, stderr } = await run(line);
  expect(status, `${line}\n${stderr}`).toBe(0);
}

beforeAll(async () => {
  work = temporaryDirectory();
  cpSync(join(TESTDATA, "quickstart"), work, { recursive: true });
  buildLayout(path("unsigned"));
  await done("key create --out release");
  await done("key create --out stranger");
  await done("log create log --origin log.example.test");
  await done("log create other --origin other.example.test");
  await done("sign image oci:image:1.0 --key release.key --log log");
  await done("measure image oci:image:1.0 --out image.json");
  await done("record image.json --key release.key --log log --attach oci:image:1.0");
  const validity = `--not-before ${day(-1)} --not-after ${day(30)}`;
  await done(
    `measure node --uki acme-node.efi --product acme-node --version 1.9.0 --sequence 41 --svn 7 ${validity} --out node.json`,
  );
  await done("record node.json --uki acme-node.efi --key release.key --log log --bundle acme-node.efi.sigstore.json");
  await done(
    `manifest status --product acme-node --latest 41 --min-sequence 40 --min-svn 7 ${validity} --key release.key --log log --bundle status.sigstore.json`,
  );
  await done(
    "policy init --key release.pub --trusted-root log/trusted_root.json --images oci:** --product acme-node --out policy.yaml",
  );
  writeFileSync(path("file"), "a file");
  await done("sign blob file --key release.key --log log");
}, 120_000);

const TRUST = "--key release.pub --trusted-root log/trusted_root.json";

/** A copy of an image, with the bundles of another attached to its root, changed or not. */
async function withBundles(name: string, from: string, to: BuiltLayout, edit: (bundle: Json) => Json): Promise<void> {
  const [source, target] = await Promise.all([openLayout(path(from)), openLayout(path(name))]);
  const { digest } = await source.resolve({ tag: "1.0", digest: null });
  const { bundles } = await readBundles(source, digest);
  for (const { bytes } of bundles) {
    await attachBundle(target, to.root, JSON.stringify(edit(JSON.parse(Buffer.from(bytes).toString()))));
  }
}

/** The image with another first layer for amd64, in a layout of its own. */
function rebuilt(name: string): BuiltLayout {
  const built = buildLayout(path(name));
  const [, arm64] = built.children;
  if (arm64 === undefined) throw new RangeError("two children");
  const evil = built.builder.image({ architecture: "amd64", os: "linux" }, [
    { compression: "gzip", entries: [{ name: "etc/issue", contents: "f" }] },
  ]);
  const manifests: readonly Descriptor[] = [{ ...evil, platform: { architecture: "amd64", os: "linux" } }, arm64];
  const root = built.builder.index({ mediaType: MEDIA_TYPES.index, manifests });
  built.builder.writeIndex([tagged(root, "1.0")]);
  return { ...built, root };
}

/** Makes an image `name` that is wrong. */
type Attack = (name: string) => Promise<void>;
const copied: Attack = async (name) => cpSync(path("unsigned"), path(name), { recursive: true });
const signedBy =
  (flags: string): Attack =>
  async (name) => {
    await copied(name);
    await done(`sign image oci:${name}:1.0 ${flags}`);
  };
const withProof =
  (place: readonly (string | number)[], value: Json | undefined): Attack =>
  async (name) => {
    const built = buildLayout(path(name));
    const at = ["verificationMaterial", "tlogEntries", 0, ...place];
    await withBundles(name, "image", built, (bundle) => withValue(bundle, at, value));
  };

describe("an image that is not proven exits 3, each with its own code", () => {
  test.each<[string, Attack, readonly string[], readonly string[]]>([
    ["unsigned", copied, ["admit/unsigned"], ["admit/unsigned", "admit/no-measurement"]],
    [
      "signed by another key",
      signedBy("--key stranger.key --log log"),
      ["admit/wrong-key"],
      ["admit/wrong-key", "admit/no-measurement"],
    ],
    [
      "unlogged",
      signedBy("--key release.key --log none"),
      ["admit/unlogged"],
      ["admit/unlogged", "admit/no-measurement"],
    ],
    [
      "logged in another log",
      signedBy("--key release.key --log other"),
      ["bundle/unknown-log"],
      ["bundle/unknown-log", "admit/no-measurement"],
    ],
    [
      "rebuilt with another layer",
      async (name) => {
        rebuilt(name);
      },
      ["admit/unsigned"],
      ["admit/unsigned", "admit/no-measurement"],
    ],
    [
      "rebuilt with another layer, the old bundles attached again",
      async (name) => withBundles(name, "image", rebuilt(name), (bundle) => bundle),
      ["admit/subject-mismatch"],
      ["admit/subject-mismatch", "admit/measurement-mismatch"],
    ],
    [
      "with a forged proof",
      withProof(["inclusionProof", "rootHash"], Buffer.alloc(32).toString("base64")),
      ["bundle/not-included"],
      ["bundle/not-included"],
    ],
    [
      "with another log's checkpoint",
      async (name) => {
        const { tlogs } = JSON.parse(readFileSync(path("other", "trusted_root.json"), "utf8"));
        await withProof(["logId", "keyId"], tlogs[0].logId.keyId)(name);
      },
      ["bundle/unknown-log"],
      ["bundle/unknown-log"],
    ],
    [
      "with a proof taken out",
      withProof(["inclusionProof"], undefined),
      ["bundle/no-inclusion-proof"],
      ["bundle/no-inclusion-proof"],
    ],
    [
      "with a layer that is not its digest",
      async (name) => {
        cpSync(path("image"), path(name), { recursive: true });
        appendFileSync(layerOf(name), "x");
      },
      ["images/blob-mismatch"],
      ["images/blob-mismatch"],
    ],
    [
      "with a layer that is gone",
      async (name) => {
        cpSync(path("image"), path(name), { recursive: true });
        rmSync(layerOf(name));
      },
      ["images/missing"],
      ["images/missing"],
    ],
  ])("%s", async (what, attack, verified, admitted) => {
    const name = `attack-${what}`.replaceAll(/\W+/g, "-");
    await attack(name);
    expect(await verdictOf(`verify image oci:${name}:1.0 ${TRUST}`)).toEqual({ status: 3, reasons: verified });
    expect(await verdictOf(`admit image oci:${name}:1.0 --policy policy.yaml`)).toEqual({
      status: 3,
      reasons: admitted,
    });
  });

  test("and the one that is proven exits 0", async () => {
    expect(await verdictOf(`verify image oci:image:1.0 ${TRUST}`)).toEqual({ status: 0, reasons: [] });
    expect(await verdictOf("admit image oci:image:1.0 --policy policy.yaml")).toEqual({ status: 0, reasons: [] });
  });

  test("the bundles of one image attached to a copy of it are as good there", async () => {
    await withBundles("again", "image", buildLayout(path("again")), (bundle) => bundle);
    expect(await verdictOf("admit image oci:again:1.0 --policy policy.yaml")).toEqual({ status: 0, reasons: [] });
  });
});

/** The first layer of the first platform of an image. */
function layerOf(name: string): string {
  const blob = (digest: string): string => path(name, "blobs", ...digest.split(":"));
  const { manifests } = JSON.parse(readFileSync(path(name, "index.json"), "utf8"));
  const index = JSON.parse(readFileSync(blob(manifests[0].digest), "utf8"));
  const { layers } = JSON.parse(readFileSync(blob(index.manifests[0].digest), "utf8"));
  return blob(layers[0].digest);
}

/** The status of a run under `--json`, and why the first subject was refused. */
async function verdictOf(line: string): Promise<{ status: number; reasons: unknown }> {
  const { status, stdout } = await run(line, "--json");
  const report = JSON.parse(stdout);
  expect(report.admitted).toBe(status === 0);
  for (const verdict of report.verdicts) expect(conforms(VerdictSchema, verdict)).toBe(true);
  return { status, reasons: report.verdicts[0]?.reasons };
}

test("one byte of the initrd changed: exits 3 and names the initrd", async () => {
  const flags = "--bundle acme-node.efi.sigstore.json --status status.sigstore.json --policy policy.yaml";
  const tampered = await run(`admit node-image --uki acme-node.tampered.efi ${flags}`);
  expect(tampered.status).toBe(3);
  expect(tampered.stdout).toMatch(/fail +measurement +admit\/measurement-mismatch: initrd \(\.initrd\): got sha256/);
  expect(await run(`admit node-image --uki acme-node.efi ${flags}`)).toMatchObject({ status: 0 });
});

const edited = (name: string, edit: (text: string) => string): string => {
  writeFileSync(path(name), edit(readFileSync(path("policy.yaml"), "utf8")));
  return name;
};
const admitBy = (policy: string): string => `admit image oci:image:1.0 --policy ${policy}`;

describe("the exit status says what sort of no it is", () => {
  /** Prepares what is missing, and returns the command line. */
  const CASES: readonly (readonly [number, string, string, () => string])[] = [
    [0, "proven", "", () => admitBy("policy.yaml")],
    [2, "no image", "usage", () => "admit image --policy policy.yaml"],
    [2, "no policy", "usage", () => "admit image oci:image:1.0"],
    [2, "neither a log nor none", "usage", () => "verify image oci:image:1.0 --key release.pub"],
    [2, "a log and none", "usage", () => `verify image oci:image:1.0 ${TRUST} --insecure-skip-log`],
    [2, "nobody needs to sign", "usage", () => `verify image oci:image:1.0 ${TRUST} --threshold 0`],
    [2, "no key", "usage", () => "verify image oci:image:1.0 --trusted-root log/trusted_root.json"],
    [2, "no time", "usage", () => `verify image oci:image:1.0 ${TRUST} --deadline 0`],
    [
      3,
      "a file without a signature",
      "admit/unsigned",
      () => {
        writeFileSync(path("unsigned.bin"), "unsigned");
        return `verify blob unsigned.bin ${TRUST}`;
      },
    ],
    [
      3,
      "a node image without a measurement",
      "admit/unsigned",
      () => {
        cpSync(path("acme-node.efi"), path("bare.efi"));
        return "admit node-image --uki bare.efi --status status.sigstore.json --policy policy.yaml";
      },
    ],
    [
      3,
      "another file",
      "bundle/digest-mismatch",
      () => {
        writeFileSync(path("other.bin"), "another");
        return `verify blob other.bin --bundle file.sigstore.json ${TRUST}`;
      },
    ],
    [3, "a statement for a signature", "bundle/wrong-content", () => `verify blob acme-node.efi ${TRUST}`],
    [
      3,
      "a bundle that is none",
      "bundle/malformed",
      () => {
        writeFileSync(path("none.json"), "{}");
        return `verify manifest none.json ${TRUST}`;
      },
    ],
    [
      3,
      "the status withheld",
      "admit/status-missing",
      () => "admit node-image --uki acme-node.efi --policy policy.yaml",
    ],
    [4, "a policy that is none", "policy/malformed", () => admitBy(edited("a.yaml", (text) => `${text}mode: audit\n`))],
    [
      4,
      "a policy of two documents",
      "policy/malformed",
      () => admitBy(edited("b.yaml", (text) => `${text}---\n${text}`)),
    ],
    [
      4,
      "a policy without end",
      "policy/malformed",
      () => admitBy(edited("c.yaml", (text) => text.replace(/^notAfter: .*/m, "notAfter: 2027-13-01T00:00:00Z"))),
    ],
    [
      4,
      "a trusted root that was edited",
      "policy/pin-mismatch",
      () => {
        mkdirSync(path("pins", "log"), { recursive: true });
        cpSync(path("release.pub"), path("pins", "release.pub"));
        writeFileSync(
          path("pins", "log", "trusted_root.json"),
          `${readFileSync(path("log", "trusted_root.json"), "utf8")} `,
        );
        return admitBy(edited("pins/policy.yaml", (text) => text));
      },
    ],
    [
      4,
      "a key that is none",
      "bundle/malformed-key",
      () => `verify image oci:image:1.0 --key policy.yaml --trusted-root log/trusted_root.json`,
    ],
    [4, "a threshold beyond the keys", "policy/malformed", () => `verify image oci:image:1.0 ${TRUST} --threshold 2`],
    [
      4,
      "a threshold of one key given twice",
      "policy/malformed",
      () => `verify image oci:image:1.0 ${TRUST} --key release.pub --threshold 2`,
    ],
    [
      4,
      "a report of nothing",
      "cli/malformed-report",
      () => {
        writeFileSync(path("reported.json"), "{}");
        return "admit node-image --uki acme-node.efi --status status.sigstore.json --policy policy.yaml --reported reported.json";
      },
    ],
    [5, "no such tag", "images/missing", () => "admit image oci:image:2.0 --policy policy.yaml"],
    [5, "no such layout", "layout/missing", () => "admit image oci:absent:1.0 --policy policy.yaml"],
    [5, "no such policy", "files/missing", () => admitBy("absent.yaml")],
    [5, "no such bundle", "files/missing", () => `verify blob file --bundle absent.json ${TRUST}`],
    [5, "no such file", "files/missing", () => `verify blob absent ${TRUST}`],
    [
      7,
      "a policy too large to read",
      "files/too-large",
      () => admitBy(edited("large.yaml", (text) => `${text}#${" ".repeat(1024 * 1024)}\n`)),
    ],
    [
      7,
      "a bundle too large to read",
      "files/too-large",
      () => {
        writeFileSync(path("large.json"), " ".repeat(4 * 1024 * 1024 + 1));
        return `verify blob file --bundle large.json ${TRUST}`;
      },
    ],
  ];

  test.each(CASES)("%d: %s", async (status, _name, code, prepare) => {
    const result = await run(prepare());
    const said = `${result.stdout}${result.stderr}`;
    expect({ status: result.status, said }).toEqual({ status, said: expect.stringContaining(code) });
  });

  test("7: no answer within the time given", async () => {
    writeFileSync(path("huge"), "");
    truncateSync(path("huge"), 16 * 1024 ** 3);
    const { status, stdout } = await run(`verify blob huge --bundle file.sigstore.json ${TRUST} --deadline 1 --json`);
    // Nobody waits for the reader any more; now it has nothing left to read.
    truncateSync(path("huge"), 0);
    expect(status).toBe(7);
    expect(JSON.parse(stdout)).toMatchObject({
      admitted: false,
      verdicts: [],
      errors: [{ subject: "huge", code: "gate/deadline" }],
    });
  });
});

describe("several subjects", () => {
  test.each<[string, string, number]>([
    ["all proven", "oci:image:1.0 oci:./image/:1.0", 0],
    ["one unsigned", "oci:image:1.0 oci:unsigned:1.0", 3],
    ["one absent", "oci:image:1.0 oci:image:2.0", 5],
    [
      "one absent, one unsigned: what is known to be wrong stays wrong",
      "oci:image:2.0 oci:unsigned:1.0 oci:image:1.0",
      3,
    ],
    ["one that cannot be named", "oci:image:1.0 registry.example/acme/app:1.0", 4],
  ])("%s", async (_name, references, status) => {
    const result = await run(`admit image ${references} --policy policy.yaml --json`);
    expect(result.status).toBe(status);
    const { admitted, verdicts, errors } = JSON.parse(result.stdout);
    expect(admitted).toBe(status === 0);
    expect(verdicts.length + errors.length).toBe(references.split(" ").length);
  });

  test("one directory has one name, however it is written", async () => {
    const { stdout } = await run("admit image oci:./image:1.0 oci:log/../image/:1.0 --policy policy.yaml --json");
    expect(JSON.parse(stdout).verdicts.map(({ subject }: { subject: { name: string } }) => subject.name)).toEqual([
      "oci:image",
      "oci:image",
    ]);
  });
});

test("the report in a file is what --json prints, of a no as of a yes", async () => {
  for (const image of ["image", "unsigned"]) {
    const { stdout } = await run(`admit image oci:${image}:1.0 --policy policy.yaml --report report.json --json`);
    expect(readFileSync(path("report.json"), "utf8")).toBe(stdout);
    expect(JSON.parse(stdout).admitted).toBe(image === "image");
  }
  const { status, stderr } = await run("admit image oci:image:1.0 --policy policy.yaml --report absent/report.json");
  expect(status).toBe(7);
  expect(stderr).toContain("files/unwritable");
});

const admit = (policy: string) => run(`admit image oci:image:1.0 --policy ${policy} --state state.db`);
const version = (of: number): string => {
  const text = readFileSync(path("policy.yaml"), "utf8").replace(/^version: 1$/m, `version: ${of}`);
  writeFileSync(path(`v${of}.yaml`), text);
  return `v${of}.yaml`;
};

const ask = (status: string) =>
  run(`admit node-image --uki acme-node.efi --status ${status} --policy policy.yaml --state node.db`);

describe("a gate with a memory", () => {
  test("refuses a policy older than one it has used", async () => {
    const [old, newer] = [version(2), version(3)];
    expect(await admit(old)).toMatchObject({ status: 0 });
    expect(await admit(newer)).toMatchObject({ status: 0 });
    const refused = await admit(old);
    expect(refused.status).toBe(3);
    expect(refused.stdout).toContain("admit/policy-rolled-back");
    expect(await admit(newer)).toMatchObject({ status: 0 });
  });

  test("remembers no policy that admitted nothing", async () => {
    const newest = version(9);
    await run(`admit image oci:unsigned:1.0 --policy ${newest} --state fresh.db`);
    expect(await run(`admit image oci:image:1.0 --policy ${version(3)} --state fresh.db`)).toMatchObject({ status: 0 });
  });

  test("refuses a status older than one it has seen", async () => {
    const newer = `--product acme-node --latest 42 --min-sequence 40 --min-svn 7 --not-before ${day(-1)} --not-after ${day(30)}`;
    await done(`manifest status ${newer} --key release.key --log log --bundle newer.sigstore.json`);
    expect(await ask("status.sigstore.json")).toMatchObject({ status: 0 });
    expect(await ask("newer.sigstore.json")).toMatchObject({ status: 0 });
    const refused = await ask("status.sigstore.json");
    expect(refused.status).toBe(3);
    expect(refused.stdout).toContain("manifest/status-rolled-back");
  });

  test("refuses a log that was begun anew and shows another tree of one size", async () => {
    cpSync(path("unsigned"), path("first"), { recursive: true });
    await done("log create history --origin history.example.test");
    const before = temporaryDirectory();
    cpSync(path("history"), before, { recursive: true });
    await done("sign image oci:first:1.0 --key release.key --log history");
    const trust = "--key release.pub --trusted-root history/trusted_root.json --state fork.db";
    expect(await run(`verify image oci:first:1.0 ${trust}`)).toMatchObject({ status: 0 });
    // The log as it was, given another lock, so that it does not know what it has signed.
    rmSync(path("history"), { recursive: true });
    cpSync(before, path("history"), { recursive: true });
    cpSync(path("unsigned"), path("second"), { recursive: true });
    const elsewhere = { cwd: work, env: { ...env, XDG_STATE_HOME: temporaryDirectory() } };
    const sign = () => assay("sign image oci:second:1.0 --key release.key --log history".split(" "), elsewhere);
    expect(await sign()).toMatchObject({ status: 6, stderr: expect.stringContaining("log/no-lock") });
    const restore = "log restore history --checkpoint history/checkpoint";
    expect(await assay(restore.split(" "), elsewhere)).toMatchObject({ status: 0 });
    expect(await sign()).toMatchObject({ status: 0 });
    const refused = await run(`verify image oci:second:1.0 ${trust}`);
    expect(refused.status).toBe(3);
    expect(refused.stdout).toContain("tlog/forked");
    // Who has seen nothing before cannot know.
    expect(await run(`verify image oci:second:1.0 ${trust.replace("fork.db", "other.db")}`)).toMatchObject({
      status: 0,
    });
  });
});
