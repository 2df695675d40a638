import { appendFileSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { beforeEach, describe, expect, test } from "vitest";

import { IMAGE_SIGNATURE } from "../admit/image.ts";
import { NOTHING_REMEMBERED } from "../admit/terms.ts";
import { toUtf8 } from "../bytes/utf8.ts";
import { Failure } from "../failure.ts";
import { readImage } from "../images/image.ts";
import { measureImage } from "../images/measure.ts";
import { type ImageName, type ImageRepository } from "../images/repository.ts";
import { type Signing } from "../images/signing.ts";
import { type Json } from "../json/json.ts";
import { openLayout } from "../layout/layout.ts";
import { imageMeasurement } from "../manifest/image-measurement.ts";
import { type Descriptor } from "../oci/descriptor.ts";
import { type Digest } from "../oci/digest.ts";
import { MEDIA_TYPES } from "../oci/media-types.ts";
import { attachBundle } from "../testing/attach.ts";
import { MemoryLog, testKey } from "../testing/bundles.ts";
import { NOW, QUORUM } from "../testing/evidence.ts";
import { type BuiltLayout, buildLayout, tagged } from "../testing/layout.ts";
import { withValue } from "../testing/manifests.ts";
import { POLICY, readTestPolicy } from "../testing/policies.ts";
import { signingWith } from "../testing/signing.ts";
import { temporaryDirectory } from "../testing/temporary.ts";
import { judgeImage } from "./image.ts";
import { attachRecord, recordImage } from "./record.ts";
import { signImage } from "./sign-image.ts";

const TAG: ImageName = { tag: "1.0", digest: null };
/** Of images as they lie in a layout: without SBOMs, and by tag or digest. */
const DOCUMENT: Json = withValue(
  withValue(POLICY, ["images", 0, "attestations"], []),
  ["images", 0, "digest"],
  "resolve",
);
const policy = await readTestPolicy(DOCUMENT);

let built: BuiltLayout;
let repository: ImageRepository;
let signing: Signing;

/** An image that is signed and measured. */
beforeEach(async () => {
  built = buildLayout(temporaryDirectory());
  repository = await openLayout(built.directory);
  signing = signingWith(new MemoryLog(), { witnesses: QUORUM });
  await signImage(repository, TAG, {}, signing);
  const image = await readImage(repository, TAG);
  const manifest = imageMeasurement(await measureImage(repository, image));
  const predicate: Json = { ...manifest };
  const statement = await recordImage(predicate, repository, image, () => {});
  await attachRecord(repository, TAG, statement, signing, false);
});

const judge = (reference: ImageName = TAG, from: ImageRepository = repository, checkLayers = true) =>
  judgeImage(
    { repository: from, reference, name: "registry.example/acme/app", checkLayers },
    policy,
    NOTHING_REMEMBERED,
    NOW,
  );
const byDigest = (descriptor: Descriptor): ImageName => ({ tag: null, digest: descriptor.digest });

test("a whole image is admitted: by tag, by digest, and each of its platforms alone", async () => {
  for (const reference of [TAG, byDigest(built.root), ...built.children.map(byDigest)]) {
    expect(await judge(reference)).toMatchObject({ admitted: true, reasons: [] });
  }
  expect((await judge()).subject.digest).toBe(built.root.digest);
});

test("whether a tag or a digest was given is told apart", async () => {
  const strict = await readTestPolicy(withValue(DOCUMENT, ["images", 0, "digest"], "required"));
  const ask = (reference: ImageName) =>
    judgeImage(
      { repository, reference, name: "registry.example/acme/app", checkLayers: true },
      strict,
      NOTHING_REMEMBERED,
      NOW,
    );
  expect(await ask(TAG)).toMatchObject({ admitted: false, reasons: ["admit/digest-required"] });
  expect(await ask(byDigest(built.root))).toMatchObject({ admitted: true });
});

/** The blobs of the image, by what they are. */
function blobsOf(): Readonly<Record<string, Digest>> {
  const [amd64] = built.children;
  if (amd64 === undefined) throw new RangeError("two children");
  const manifest = JSON.parse(readFileSync(built.builder.pathOf(amd64.digest), "utf8"));
  return {
    index: built.root.digest,
    manifest: amd64.digest,
    configuration: manifest.config.digest,
    "first layer": manifest.layers[0].digest,
    "second layer": manifest.layers[1].digest,
  };
}
const WHAT = ["index", "manifest", "configuration", "first layer", "second layer"] as const;
const pathOf = (what: string): string => built.builder.pathOf(blobsOf()[what] ?? built.root.digest);

describe("a blob that is not its digest denies", () => {
  test.each(WHAT)("the %s, one byte changed", async (what) => {
    const bytes = readFileSync(pathOf(what));
    bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1;
    const path = pathOf(what);
    writeFileSync(path, bytes);
    for (const reference of [TAG, byDigest(built.root)]) {
      expect(await judge(reference)).toMatchObject({ admitted: false, reasons: ["images/blob-mismatch"] });
    }
    bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1;
    writeFileSync(path, bytes);
    expect(await judge()).toMatchObject({ admitted: true });
  });

  test.each(WHAT)("the %s, one byte longer", async (what) => {
    appendFileSync(pathOf(what), "x");
    expect(await judge()).toMatchObject({ admitted: false, reasons: ["images/blob-mismatch"] });
  });

  test.each(WHAT.slice(1))("the %s, gone", async (what) => {
    rmSync(pathOf(what));
    expect(await judge()).toMatchObject({ admitted: false, reasons: ["images/missing"] });
  });

  test("the layers, only where somebody wants them read", async () => {
    appendFileSync(pathOf("first layer"), "x");
    expect(await judge(TAG, repository, false)).toMatchObject({ admitted: true });
  });
});

/** What attaches bundles of `type` to the root: the manifest that does, and the bundle. */
async function attachedTo(subject: Digest, predicateType: string): Promise<{ referrer: Digest; bundle: Digest }> {
  for (const { digest, annotations } of await repository.listReferrers(subject)) {
    if (annotations?.["dev.sigstore.bundle.predicateType"] !== predicateType) continue;
    const { layers } = JSON.parse(readFileSync(built.builder.pathOf(digest), "utf8"));
    return { referrer: digest, bundle: layers[0].digest };
  }
  throw new RangeError("nothing of this type is attached");
}

describe("evidence that is there and cannot be read is not evidence that is absent", () => {
  test("a bundle that is not its digest denies", async () => {
    const { bundle } = await attachedTo(built.root.digest, IMAGE_SIGNATURE);
    appendFileSync(built.builder.pathOf(bundle), " ");
    expect(await judge()).toMatchObject({ admitted: false, reasons: ["images/blob-mismatch"] });
  });

  test("a bundle that is gone denies", async () => {
    const { bundle } = await attachedTo(built.root.digest, IMAGE_SIGNATURE);
    rmSync(built.builder.pathOf(bundle));
    expect(await judge()).toMatchObject({ admitted: false, reasons: ["images/missing"] });
  });

  test("a listing that fails is an error, whatever else is good", async () => {
    const failure = new Failure("layout/unreadable", "the disk is on fire");
    const broken = withMethods({ listReferrers: () => Promise.reject(failure) });
    await expect(judge(TAG, broken)).rejects.toBe(failure);
    await expect(judge(TAG, withMethods({}))).resolves.toMatchObject({ admitted: true });
  });

  test.each(["readManifest", "openBlob", "resolve"] as const)("a fault in %s is an error", async (method) => {
    const failure = new Failure("images/too-large", "more than is read");
    const broken = withMethods({
      [method]: () => {
        throw failure;
      },
    });
    await expect(judge(TAG, broken)).rejects.toBe(failure);
  });

  test("an unexpected error is an error", async () => {
    const broken = withMethods({ listReferrers: () => Promise.reject(new TypeError("a bug")) });
    await expect(judge(TAG, broken)).rejects.toThrow(TypeError);
  });

  test("too much attached is an error", async () => {
    const many: Descriptor[] = Array.from({ length: 1025 }, () => built.root);
    await expect(judge(TAG, withMethods({ listReferrers: async () => many }))).rejects.toThrow(
      expect.objectContaining({ code: "images/too-large" }),
    );
  });
});

/** The repository, with some methods of one's own. */
const withMethods = (methods: Partial<ImageRepository>): ImageRepository => ({
  name: repository.name,
  resolve: (name) => repository.resolve(name),
  readManifest: (digest) => repository.readManifest(digest),
  openBlob: (descriptor) => repository.openBlob(descriptor),
  listReferrers: (subject) => repository.listReferrers(subject),
  pushBlob: (bytes, mediaType) => repository.pushBlob(bytes, mediaType),
  attach: (manifest, subject) => repository.attach(manifest, subject),
  ...methods,
});

test("no image of the name is an error, and no verdict", async () => {
  await expect(judge({ tag: "2.0", digest: null })).rejects.toThrow(
    expect.objectContaining({ code: "images/missing" }),
  );
  await expect(judge(TAG)).resolves.toMatchObject({ admitted: true });
});

// Row 17.
test("a tag is resolved once: whatever it stands for a moment later, one image is judged", async () => {
  const [other] = built.children;
  if (other === undefined) throw new RangeError("two children");
  const asked: ImageName[] = [];
  const moving = withMethods({
    resolve: async (name) => {
      asked.push(name);
      if (name.tag !== null && asked.filter(({ tag }) => tag !== null).length > 1) return other;
      return repository.resolve(name);
    },
  });
  const verdict = await judge(TAG, moving);
  expect(verdict).toMatchObject({ admitted: true, subject: { digest: built.root.digest } });
  expect(asked.filter(({ tag }) => tag !== null)).toHaveLength(1);
});

test("two images of one tag deny: a runtime would take either", async () => {
  const [first, second] = built.children;
  if (first === undefined || second === undefined) throw new RangeError("two children");
  built.builder.writeIndex([tagged(first, "1.0"), tagged(second, "1.0")]);
  expect(await judge()).toMatchObject({ admitted: false, reasons: ["layout/malformed"], subject: { digest: null } });
  built.builder.writeIndex([tagged(first, "1.0"), tagged(second, "2.0")]);
  expect((await judge()).reasons).not.toContain("layout/malformed");
});

/** Tags an index with these entries, to which the evidence of the first index is attached by hand. */
function retag(manifests: readonly Descriptor[]): Descriptor {
  const root = built.builder.index({ mediaType: MEDIA_TYPES.index, manifests });
  const index = JSON.parse(readFileSync(join(built.directory, "index.json"), "utf8"));
  built.builder.writeIndex([tagged(root, "1.0"), ...index.manifests.slice(1)]);
  return root;
}

describe("an image that is not the one that was signed", () => {
  const BASE = { compression: "gzip", entries: [{ name: "evil", contents: "evil" }] } as const;

  test("rebuilt with another layer, with nothing attached", async () => {
    const evil = built.builder.image({ architecture: "amd64", os: "linux" }, [BASE]);
    retag([{ ...evil, platform: { architecture: "amd64", os: "linux" } }, ...built.children.slice(1)]);
    expect(await judge()).toMatchObject({ admitted: false, reasons: ["admit/unsigned", "admit/no-measurement"] });
  });

  test("rebuilt with another layer, with the old bundles attached: the layer is named", async () => {
    const evil = built.builder.image({ architecture: "amd64", os: "linux" }, [BASE]);
    const types = [IMAGE_SIGNATURE, "urn:assay:image-measurement:v1"];
    const old = await Promise.all(types.map(async (type) => (await attachedTo(built.root.digest, type)).bundle));
    const root = retag([{ ...evil, platform: { architecture: "amd64", os: "linux" } }, ...built.children.slice(1)]);
    for (const bundle of old) await attachBundle(repository, root, readFileSync(built.builder.pathOf(bundle), "utf8"));
    const verdict = await judge();
    expect(verdict).toMatchObject({
      admitted: false,
      reasons: ["admit/subject-mismatch", "admit/measurement-mismatch"],
    });
    expect(verdict.checks.map(({ message }) => message)).toContainEqual(
      expect.stringContaining("layer 1 of image linux/amd64"),
    );
  });

  test("with one more platform", async () => {
    const more = built.builder.image({ architecture: "s390x", os: "linux" }, [BASE]);
    retag([...built.children, { ...more, platform: { architecture: "s390x", os: "linux" } }]);
    expect(await judge()).toMatchObject({ admitted: false, reasons: ["admit/unsigned", "admit/no-measurement"] });
  });

  test("with one platform twice", async () => {
    const more = built.builder.image({ architecture: "arm64", os: "linux" }, [BASE]);
    retag([...built.children, { ...more, platform: { architecture: "arm64", os: "linux" } }]);
    expect(await judge()).toMatchObject({ admitted: false, reasons: ["images/duplicate-platform"] });
  });
});

test("what anybody attached neither denies nor hides", async () => {
  await attachBundle(repository, built.root, "not even JSON");
  await signImage(repository, TAG, {}, signingWith(null));
  await signImage(repository, TAG, {}, signingWith(new MemoryLog("other.example.com"), { key: testKey("mallory") }));
  expect(await judge()).toMatchObject({ admitted: true, reasons: [] });
});

test("attached to something else is not attached to this", async () => {
  const { bundle } = await attachedTo(built.root.digest, IMAGE_SIGNATURE);
  const directory = temporaryDirectory();
  const other = buildLayout(directory);
  const elsewhere = await openLayout(directory);
  expect(await judge(TAG, elsewhere)).toMatchObject({
    admitted: false,
    reasons: ["admit/unsigned", "admit/no-measurement"],
  });
  await elsewhere.pushBlob(toUtf8(readFileSync(built.builder.pathOf(bundle), "utf8")), MEDIA_TYPES.bundle);
  expect(await judge(TAG, elsewhere)).toMatchObject({ reasons: ["admit/unsigned", "admit/no-measurement"] });
  await attachBundle(elsewhere, other.root, readFileSync(built.builder.pathOf(bundle), "utf8"));
  expect(await judge(TAG, elsewhere)).toMatchObject({ reasons: ["admit/no-measurement"] });
});
