import { readFileSync } from "node:fs";

import { beforeEach, describe, expect, test } from "vitest";

import { IMAGE_SIGNATURE } from "../admit/image.ts";
import { type Bundle, parseBundle } from "../bundle/bundle.ts";
import { pae, PAYLOAD_TYPE } from "../bundle/pae.ts";
import { type Statement } from "../bundle/statement.ts";
import { verifyDsse, verifyMessage } from "../bundle/verify.ts";
import { toUtf8 } from "../bytes/utf8.ts";
import { Failure } from "../failure.ts";
import { readBundles } from "../images/bundles.ts";
import { readImage } from "../images/image.ts";
import { measureImage } from "../images/measure.ts";
import { type ImageRepository } from "../images/repository.ts";
import { type Json } from "../json/json.ts";
import { openLayout } from "../layout/layout.ts";
import { imageMeasurement } from "../manifest/image-measurement.ts";
import { nodeMeasurementFromUki } from "../manifest/uki.ts";
import { fallbackTag } from "../oci/referrer.ts";
import { MemoryLog, testKey } from "../testing/bundles.ts";
import { NODE_MEASUREMENT } from "../testing/evidence.ts";
import { type BuiltLayout, buildLayout, tagged } from "../testing/layout.ts";
import { hashOf, STATUS_PREDICATE, UKI, withValue } from "../testing/manifests.ts";
import { recorderOf, signingWith } from "../testing/signing.ts";
import { temporaryDirectory } from "../testing/temporary.ts";
import { attachRecord, recordImage, recordNode, recordRecipe } from "./record.ts";
import { signBlobs } from "./sign-blob.ts";
import { signImage } from "./sign-image.ts";
import { statusStatement } from "./status.ts";

const TAG = { tag: "1.0", digest: null };

let built: BuiltLayout;
let repository: ImageRepository;
let log: MemoryLog;
beforeEach(async () => {
  built = buildLayout(temporaryDirectory());
  repository = await openLayout(built.directory);
  log = new MemoryLog();
});

const subjects = () => [built.root, ...built.children];
const attachedTo = async (at: number): Promise<readonly Bundle[]> => {
  const { bundles } = await readBundles(repository, (subjects()[at] ?? built.root).digest);
  return bundles.map(({ bytes }) => parseBundle(bytes));
};

describe("signing an image", () => {
  test("is one statement of cosign's about all platforms, one log entry, one bundle on each", async () => {
    const signed = await signImage(repository, TAG, {}, signingWith(log));
    const digests = subjects().map(({ digest }) => digest);
    expect(signed).toEqual({
      digest: built.root.digest,
      subjects: digests,
      reused: false,
      attached: digests,
      logIndex: 0,
    });
    expect(log.treeSize).toBe(1);
    const bundles = (await Promise.all([0, 1, 2].map(attachedTo))).flat();
    expect(bundles).toEqual([bundles[0], bundles[0], bundles[0]]);
    const [bundle] = bundles;
    if (bundle === undefined) throw new RangeError("one bundle");
    expect(verifyDsse(bundle, testKey().publicKey).statement).toEqual({
      predicateType: IMAGE_SIGNATURE,
      predicate: {},
      subjects: digests.map((digest) => ({ digest: { sha256: digest.slice("sha256:".length) } })),
    });
    const index = JSON.parse(readFileSync(`${built.directory}/index.json`, "utf8"));
    const tags = index.manifests.map(
      (entry: { annotations?: Record<string, string> }) => entry.annotations?.["org.opencontainers.image.ref.name"],
    );
    expect(tags).toEqual(expect.arrayContaining(digests.map(fallbackTag)));
  });

  test("again changes nothing", async () => {
    await signImage(repository, TAG, {}, signingWith(log));
    const before = readFileSync(`${built.directory}/index.json`);
    const again = await signImage(repository, TAG, {}, { ...signingWith(log), created: "2027-01-01T00:00:00Z" });
    expect(again).toMatchObject({ reused: true, attached: [], logIndex: 0 });
    expect(log.treeSize).toBe(1);
    expect(readFileSync(`${built.directory}/index.json`)).toEqual(before);
  });

  test.each([0, 1, 2])("after %d of three attachments failed does the rest", async (done) => {
    let count = 0;
    const failing: ImageRepository = {
      name: repository.name,
      resolve: (name) => repository.resolve(name),
      readManifest: (digest) => repository.readManifest(digest),
      openBlob: (descriptor) => repository.openBlob(descriptor),
      listReferrers: (subject) => repository.listReferrers(subject),
      pushBlob: (bytes, mediaType) => repository.pushBlob(bytes, mediaType),
      attach: async (manifest, subject) => {
        if (count === done) throw new Failure("layout/unreadable", "the disk is full");
        count += 1;
        return repository.attach(manifest, subject);
      },
    };
    await expect(signImage(failing, TAG, {}, signingWith(log))).rejects.toThrow("the disk is full");
    const resumed = await signImage(repository, TAG, {}, signingWith(log));
    // What was attached nowhere was lost with its signature; what was attached somewhere is taken up.
    expect(resumed).toMatchObject({
      reused: done > 0,
      attached: subjects()
        .slice(done)
        .map(({ digest }) => digest),
    });
    expect(log.treeSize).toBe(done > 0 ? 1 : 2);
    expect((await Promise.all([0, 1, 2].map(attachedTo))).map((bundles) => bundles.length)).toEqual([1, 1, 1]);
  });

  test.each<[string, () => Promise<unknown>]>([
    ["by another key", () => signImage(repository, TAG, {}, signingWith(log, { key: testKey("bob") }))],
    ["with annotations", () => signImage(repository, TAG, { commit: "4f2c" }, signingWith(log))],
    ["in another log", () => signImage(repository, TAG, {}, signingWith(new MemoryLog("other.example.com")))],
  ])("%s is another signature", async (_name, again) => {
    await signImage(repository, TAG, {}, signingWith(log));
    expect(await again()).toMatchObject({ reused: false });
    expect(await attachedTo(0)).toHaveLength(2);
  });

  test("without a log, then with one, is logged", async () => {
    expect(await signImage(repository, TAG, {}, signingWith(null))).toMatchObject({ reused: false, logIndex: null });
    expect(await signImage(repository, TAG, {}, signingWith(log))).toMatchObject({ reused: false, logIndex: 0 });
    expect(await signImage(repository, TAG, {}, signingWith(null))).toMatchObject({ reused: true });
  });

  test("a signer that answers with another key's signature signs nothing", async () => {
    const { signer } = signingWith(log, { key: testKey("bob") });
    const lying = { ...signingWith(log), signer: { ...signer, publicKey: testKey().publicKey } };
    await expect(signImage(repository, TAG, {}, lying)).rejects.toThrow(
      expect.objectContaining({ code: "bundle/bad-signature" }),
    );
    expect(await attachedTo(0)).toEqual([]);
  });

  test("a log that proves nothing has logged nothing", async () => {
    const other = recorderOf(new MemoryLog("other.example.com"));
    const lying = { ...signingWith(log), recorder: { ...other, log: log.trusted } };
    await expect(signImage(repository, TAG, {}, lying)).rejects.toThrow(
      expect.objectContaining({ code: "bundle/unproven-entry" }),
    );
    expect(await attachedTo(0)).toEqual([]);
  });
});

const blob = (name: string, text: string | Uint8Array, size = 3) => ({
  name,
  async *stream() {
    const bytes = typeof text === "string" ? toUtf8(text) : text;
    for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
  },
});

describe("signing files", () => {
  test("is one batch, each verified by its bundle", async () => {
    const files = [blob("a", "the first"), blob("empty", ""), blob("c", "the third")];
    const signed = await signBlobs(files, testKey(), recorderOf(log));
    expect(signed.map(({ name, digest }) => [name, digest])).toEqual([
      ["a", hashOf("the first")],
      ["empty", hashOf("")],
      ["c", hashOf("the third")],
    ]);
    expect(log.treeSize).toBe(3);
    for (const [at, { bundle }] of signed.entries()) {
      await verifyMessage(bundle, testKey().publicKey, files[at]?.stream() ?? blob("", "").stream());
    }
  });

  test.each([1, 3, 7, 100])(
    "a statement's encoding in chunks of %d is not signed, nor are the others",
    async (size) => {
      const encoding = pae(PAYLOAD_TYPE, toUtf8("{}"));
      const sign = (bytes: Uint8Array) =>
        signBlobs([blob("a", "a"), blob("b", bytes, size)], testKey(), recorderOf(log));
      await expect(sign(encoding)).rejects.toThrow(expect.objectContaining({ code: "bundle/pae-shaped" }));
      expect(log.treeSize).toBe(0);
      await expect(sign(encoding.subarray(1))).resolves.toHaveLength(2);
    },
  );

  test("a file that cannot be read is not signed", async () => {
    const failing = {
      name: "x",
      async *stream(): AsyncGenerator<Uint8Array> {
        yield toUtf8("begun");
        throw new Failure("files/unreadable", "the disk is gone");
      },
    };
    await expect(signBlobs([failing], testKey(), recorderOf(log))).rejects.toThrow("the disk is gone");
    expect(log.treeSize).toBe(0);
  });
});

const refused = (code: string) => expect.objectContaining({ code });
const release = {
  product: "acme-node",
  version: "1.9.0",
  sequence: 41,
  svn: 7,
  notBefore: "2026-11-01T00:00:00Z",
  notAfter: "2027-05-01T00:00:00Z",
};
const DERIVED: Json = { ...nodeMeasurementFromUki(release, UKI) };

describe("recording a node measurement", () => {
  test("states what the artefact gives", () => {
    expect(recordNode(DERIVED, UKI)).toEqual({
      predicateType: "urn:assay:node-measurement:v1",
      predicate: DERIVED,
      subjects: [{ name: "uki", digest: { sha256: UKI.sha256 } }],
    });
  });

  test.each<[string, (string | number)[], string, string]>([
    ["initrd", ["artefacts", "initrd", "sha256"], hashOf("x"), "initrd (.initrd)"],
    ["kernel", ["artefacts", "kernel", "sha256"], hashOf("x"), "kernel (.linux)"],
    ["file", ["artefacts", "uki", "sha256"], hashOf("x"), "uki: got sha256"],
    ["root hash", ["artefacts", "rootfs", "bytes"], Buffer.from(hashOf("x")).toString("base64"), "rootfs (roothash="],
  ])("refuses another %s, by its name", (_name, path, value, component) => {
    const changed = withValue(DERIVED, path, value);
    expect(() => recordNode(changed, UKI)).toThrow(refused("gate/underived"));
    expect(() => recordNode(changed, UKI)).toThrow(component);
    expect(recordNode(withValue(changed, path, valueAt(path)), UKI).predicate).toEqual(DERIVED);
  });

  test("refuses what cannot be derived here", () => {
    expect(() => recordNode(NODE_MEASUREMENT, UKI)).toThrow(refused("gate/underived"));
    expect(() => recordNode(withValue(DERIVED, ["fromRecipeOnly"], true), UKI)).toThrow(refused("gate/underived"));
    expect(() => recordNode({ ...release }, UKI)).toThrow(refused("manifest/malformed"));
  });

  test("without artefacts says so in the statement", () => {
    expect(recordRecipe(NODE_MEASUREMENT).predicate).toEqual({ ...NODE_MEASUREMENT, fromRecipeOnly: true });
    expect(() => recordRecipe({})).toThrow(refused("manifest/malformed"));
  });
});

const valueAt = (path: readonly (string | number)[]): Json =>
  path.reduce((value, key) => value[key], JSON.parse(JSON.stringify(DERIVED)));

const measured = async (): Promise<Json> => ({
  ...imageMeasurement(await measureImage(repository, await readImage(repository, TAG))),
});
const record = async (predicate: Json): Promise<Statement> =>
  recordImage(predicate, repository, await readImage(repository, TAG), () => {});

describe("recording an image measurement", () => {
  test("states what the image gives, by digest alone", async () => {
    const predicate = await measured();
    expect(await record(predicate)).toEqual({
      predicateType: "urn:assay:image-measurement:v1",
      predicate,
      subjects: subjects().map(({ digest }) => ({ digest: { sha256: digest.slice("sha256:".length) } })),
    });
  });

  test.each<[string, (string | number)[], Json, string]>([
    ["diffID", ["images", 0, "layers", 0, "diffId"], `sha256:${hashOf("x")}`, "layer 1 of image linux/amd64"],
    ["size", ["images", 1, "layers", 1, "uncompressedSize"], 1, "layer 2 of image linux/arm64"],
    ["configuration", ["images", 1, "config", "digest"], `sha256:${hashOf("x")}`, "config of image linux/arm64"],
    ["index", ["index", "size"], 1, "index"],
  ])("refuses another %s, by its name", async (_name, path, value, component) => {
    const predicate = await measured();
    await expect(record(withValue(predicate, path, value))).rejects.toThrow(component);
    await expect(record(predicate)).resolves.toMatchObject({ predicate });
  });

  test("refuses one that leaves out a platform", async () => {
    const predicate = await measured();
    await expect(record(withValue(predicate, ["images", 1], undefined))).rejects.toThrow(refused("gate/underived"));
  });

  test("refuses an image whose layers are not what its configuration says", async () => {
    const predicate = await measured();
    const layer = { compression: "gzip", entries: [{ name: "a", contents: "a" }] } as const;
    const wrong = built.builder.image({ architecture: "amd64", os: "linux" }, [layer], [built.root.digest]);
    built.builder.writeIndex([tagged(wrong, "1.0")]);
    await expect(record(predicate)).rejects.toThrow(refused("images/diffid-mismatch"));
  });
});

const statement = async (): Promise<Statement> => {
  const image = await readImage(repository, TAG);
  return recordImage({ ...imageMeasurement(await measureImage(repository, image)) }, repository, image, () => {});
};

describe("attaching a record", () => {
  test("needs the image to be signed by the same key, for to others attaching is signing", async () => {
    const record = await statement();
    const attach = (allowed = false) => attachRecord(repository, TAG, record, signingWith(log), allowed);
    await expect(attach()).rejects.toThrow(refused("gate/attach-unsigned"));
    await signImage(repository, TAG, {}, signingWith(log, { key: testKey("bob") }));
    await expect(attach()).rejects.toThrow(refused("gate/attach-unsigned"));
    expect(log.treeSize).toBe(1);
    await signImage(repository, TAG, {}, signingWith(log));
    await expect(attach()).resolves.toMatchObject({ reused: false, attached: subjects().map(({ digest }) => digest) });
    await expect(attach()).resolves.toMatchObject({ reused: true, attached: [] });
  });

  test("to an unsigned image is done when somebody says so", async () => {
    await expect(attachRecord(repository, TAG, await statement(), signingWith(log), true)).resolves.toMatchObject({
      reused: false,
    });
  });

  test("needs the statement to be about the image", async () => {
    await signImage(repository, TAG, {}, signingWith(log));
    const record = await statement();
    const about = (of: Statement["subjects"]) =>
      attachRecord(repository, TAG, { ...record, subjects: of }, signingWith(log), true);
    await expect(about([{ digest: { sha256: hashOf("x") } }])).rejects.toThrow(refused("gate/not-a-subject"));
    await expect(about([{ digest: { sha512: "ab".repeat(64) } }])).rejects.toThrow(refused("gate/not-a-subject"));
    await expect(about(record.subjects.slice(1))).rejects.toThrow(refused("gate/not-a-subject"));
    await expect(about(record.subjects.slice(0, 1))).resolves.toMatchObject({ attached: [built.root.digest] });
  });
});

describe("a status", () => {
  test("is about the product, by the hash of its name", () => {
    expect(statusStatement({ ...STATUS_PREDICATE, revoked: [...STATUS_PREDICATE.revoked] })).toEqual({
      predicateType: "urn:assay:measurement-status:v1",
      predicate: STATUS_PREDICATE,
      subjects: [{ name: "acme-node", digest: { sha256: hashOf("acme-node") } }],
    });
  });

  test("that would end before it begins is not made", () => {
    const status = { ...STATUS_PREDICATE, revoked: [], notAfter: "2026-11-19T00:00:00Z" };
    expect(() => statusStatement(status)).toThrow(refused("manifest/malformed"));
  });
});
