/**
 * The main job from end to end, on the small image and node image of `testdata/quickstart`: every `assay` command is
 * printed before its result, and the refusals come last. Works in `tmp/quickstart`, which it leaves for a closer look.
 */
import { spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const ROOT = join(import.meta.dirname, "..");
const WORK = join(ROOT, "tmp/quickstart");
const TESTDATA = join(ROOT, "testdata/quickstart");

const day = (offset: number): string =>
  new Date(Date.now() + offset * 86_400_000).toISOString().replace(/\.\d+Z$/, "Z");
const env = {
  ...process.env,
  // One run, one password: it protects the key and the log's seed while they lie in the work folder.
  ASSAY_PASSWORD: randomBytes(16).toString("base64url"),
  XDG_STATE_HOME: join(WORK, "state"),
};

/** Prints `assay ARGUMENTS` and what it says; stops unless it ends with `wanted`. */
function assay(line: string, wanted = 0): void {
  process.stdout.write(`\n$ assay ${line}\n`);
  const args = line.split(" ");
  const result = spawnSync(process.execPath, [join(ROOT, "bin/run.js"), ...args], { cwd: WORK, env, encoding: "utf8" });
  process.stdout.write(result.stdout + result.stderr);
  if (result.status === wanted) return;
  process.stdout.write(`\nquickstart: wanted exit ${wanted}, got ${String(result.status)}\n`);
  process.exit(1);
}

function say(text: string): void {
  process.stdout.write(`\n# ${text}\n`);
}

rmSync(WORK, { recursive: true, force: true });
mkdirSync(WORK, { recursive: true });
cpSync(join(TESTDATA, "image"), join(WORK, "image"), { recursive: true });
cpSync(join(TESTDATA, "acme-node.efi"), join(WORK, "acme-node.efi"));

say("A release key, and a log of our own");
assay("key create --out release");
assay("log create log --origin log.example.test");

say("The container image: sign it, measure it, record the measurement in the log, attach it to the image");
assay("sign image oci:image:1.0 --key release.key --log log");
assay("measure image oci:image:1.0 --out image.json");
assay("record image.json --key release.key --log log --attach oci:image:1.0");

say("The node image: measure it, derive everything again, sign and log it; say which releases still stand");
assay(
  `measure node --uki acme-node.efi --product acme-node --version 1.9.0 --sequence 41 --svn 7 --not-before ${day(-1)} --not-after ${day(180)} --out node.json`,
);
assay("record node.json --uki acme-node.efi --key release.key --log log --bundle acme-node.efi.sigstore.json");
assay(
  `manifest status --product acme-node --latest 41 --min-sequence 40 --min-svn 7 --not-before ${day(-1)} --not-after ${day(30)} --key release.key --log log --bundle status.sigstore.json`,
);

say("The policy of the gate");
assay(
  "policy init --key release.pub --trusted-root log/trusted_root.json --images oci:** --product acme-node --out policy.yaml",
);
assay("policy check policy.yaml");

say("What was proven is let in, without a network");
assay("verify image oci:image:1.0 --key release.pub --trusted-root log/trusted_root.json");
assay("admit image oci:image:1.0 --policy policy.yaml");
assay("admit node-image --uki acme-node.efi --status status.sigstore.json --policy policy.yaml");
assay("log audit log");

say("Refused: the same image, not signed");
cpSync(join(TESTDATA, "image"), join(WORK, "unsigned"), { recursive: true });
assay("admit image oci:unsigned:1.0 --policy policy.yaml", 3);

say("Refused: signed and logged by a key that the policy does not know");
cpSync(join(TESTDATA, "image"), join(WORK, "foreign"), { recursive: true });
assay("key create --out stranger");
assay("sign image oci:foreign:1.0 --key stranger.key --log log");
assay("admit image oci:foreign:1.0 --policy policy.yaml", 3);

say("Refused: signed by the right key, but in no log");
cpSync(join(TESTDATA, "image"), join(WORK, "unlogged"), { recursive: true });
assay("sign image oci:unlogged:1.0 --key release.key --log none");
assay("verify image oci:unlogged:1.0 --key release.pub --trusted-root log/trusted_root.json", 3);

say("Refused: one byte of the node's initrd is another; the component is named");
cpSync(join(TESTDATA, "acme-node.tampered.efi"), join(WORK, "tampered.efi"));
assay(
  "admit node-image --uki tampered.efi --bundle acme-node.efi.sigstore.json --status status.sigstore.json --policy policy.yaml",
  3,
);

say("Refused: the status statement is withheld");
assay("admit node-image --uki acme-node.efi --policy policy.yaml", 3);

say("Refused: somebody edited the log's trust file behind the policy's back");
const trustedRoot = join(WORK, "log/trusted_root.json");
writeFileSync(trustedRoot, `${readFileSync(trustedRoot, "utf8")} `);
assay("admit image oci:image:1.0 --policy policy.yaml", 4);

process.stdout.write(
  "\nquickstart: everything proven was admitted, everything else was refused. See tmp/quickstart.\n",
);
