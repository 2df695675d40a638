import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { beforeEach, describe, expect, test } from "vitest";

import { toUtf8 } from "../bytes/utf8.ts";
import { openLayout } from "../layout/layout.ts";
import { type Descriptor } from "../oci/descriptor.ts";
import { digestOf } from "../oci/digest.ts";
import { MEDIA_TYPES } from "../oci/media-types.ts";
import { bundleReferrer, EMPTY_CONFIG } from "../oci/referrer.ts";
import { attachBundle } from "../testing/attach.ts";
import { type BuiltLayout, buildLayout, tagged } from "../testing/layout.ts";
import { tarOf } from "../testing/tar.ts";
import { temporaryDirectory } from "../testing/temporary.ts";
import { readBundles } from "./bundles.ts";
import { readImage } from "./image.ts";
import { measureImage } from "./measure.ts";
import { type ImageRepository } from "./repository.ts";

const NAME = { tag: "1.0", digest: null };
const LAYER = { compression: "gzip", entries: [{ name: "a", contents: "a" }] } as const;
const AMD64 = { architecture: "amd64", os: "linux" };
const UNKNOWN = { architecture: "unknown", os: "unknown" };

let built: BuiltLayout;
let repository: ImageRepository;
beforeEach(async () => {
  built = buildLayout(temporaryDirectory());
  repository = await openLayout(built.directory);
});

const digestsOf = (descriptors: readonly Descriptor[]) => descriptors.map(({ digest }) => digest);
const nothing = (mediaType: string): Descriptor => ({ mediaType, digest: digestOf(toUtf8("nothing")), size: 7 });

/** Tags an index of `manifests` as the image. */
function retag(...manifests: readonly Descriptor[]): Descriptor {
  const root = built.builder.index({ mediaType: MEDIA_TYPES.index, manifests });
  built.builder.writeIndex([tagged(root, "1.0")]);
  return root;
}

/** An attestation manifest as buildx puts beside the image it attests to. */
function attestation(): Descriptor {
  const statement = toUtf8('{"_type":"https://in-toto.io/Statement/v1"}');
  const config = { ...UNKNOWN, config: {}, rootfs: { type: "layers", diff_ids: [digestOf(statement)] } };
  const manifest = built.builder.manifest({
    mediaType: MEDIA_TYPES.manifest,
    config: built.builder.blob(toUtf8(JSON.stringify(config)), MEDIA_TYPES.config),
    layers: [built.builder.blob(statement, MEDIA_TYPES.inToto)],
  });
  return { ...manifest, platform: UNKNOWN, annotations: { "vnd.docker.reference.type": "attestation-manifest" } };
}

const measure = async (progress?: (read: number, total: number) => void) =>
  measureImage(repository, await readImage(repository, NAME), progress);

const read = () => readBundles(repository, built.root.digest);

/** Stores a manifest that is attached to the image, and lists it. */
function attachManifest(changes: object): Descriptor {
  const bundle = built.builder.blob(toUtf8("bundle"), MEDIA_TYPES.bundle);
  built.builder.blob(EMPTY_CONFIG, MEDIA_TYPES.empty);
  const made = bundleReferrer({ subject: built.root, bundle, predicateType: "x", created: "2026-11-22T10:00:00Z" });
  const stored = built.builder.manifest({ ...made, ...changes });
  built.builder.writeIndex([tagged(built.root, "1.0"), stored]);
  return stored;
}

const many = (count: number) =>
  Array.from({ length: count }, (_, at) => built.builder.image({ os: "linux", architecture: `a${at}` }, []));

/** What an image is uncompressed: compressors differ between versions and machines, what they compress does not. */
async function uncompressed(repository: ImageRepository): Promise<readonly object[]> {
  const { images } = await measureImage(repository, await readImage(repository, NAME));
  return images.map(({ config, platform, layers }) => ({
    config,
    platform,
    diffIds: layers.map(({ diffId }) => diffId),
  }));
}

describe("reading an image", () => {
  test("an index with its platforms", async () => {
    const image = await readImage(repository, NAME);
    expect(image.root.digest).toBe(built.root.digest);
    expect(image.children.map(({ descriptor }) => descriptor)).toEqual(built.children);
    expect(digestsOf(image.subjects)).toEqual(digestsOf([built.root, ...built.children]));
  });

  test("an image without index is its only child", async () => {
    const [first = built.root] = built.children;
    const image = await readImage(repository, { tag: null, digest: first.digest });
    expect(image.indexes).toEqual([]);
    expect(digestsOf(image.subjects)).toEqual([first.digest]);
  });

  test("an index in an index is a subject too; a third one is refused", async () => {
    const outer = retag(built.root, ...built.children);
    const image = await readImage(repository, NAME);
    expect(digestsOf(image.subjects)).toEqual(digestsOf([outer, built.root, ...built.children]));
    retag(outer);
    await expect(readImage(repository, NAME)).rejects.toMatchObject({ code: "images/malformed" });
  });

  test("attestations are children like any other", async () => {
    const one = attestation();
    retag(...built.children, one, { ...attestation(), platform: UNKNOWN });
    expect((await readImage(repository, NAME)).children.map(({ descriptor }) => descriptor)).toContainEqual(one);
  });

  test("two images for one platform are refused; one image twice, or a zstd twin, are not", async () => {
    const one = { ...built.builder.image(AMD64, [LAYER]), platform: AMD64 };
    const two = { ...built.builder.image(AMD64, [LAYER, LAYER]), platform: AMD64 };
    retag(one, two);
    await expect(readImage(repository, NAME)).rejects.toMatchObject({ code: "images/duplicate-platform" });
    retag(one, one, { ...one, platform: { ...AMD64, variant: "v1" } });
    expect((await readImage(repository, NAME)).children).toHaveLength(1);
    retag(one, { ...two, annotations: { "io.github.containers.compression.zstd": "true" } });
    expect((await readImage(repository, NAME)).children).toHaveLength(2);
  });

  test.each<[string, (child: Descriptor) => readonly Descriptor[], string]>([
    ["a platform that is missing", () => [nothing(MEDIA_TYPES.manifest)], "images/missing"],
    ["a platform of a wrong size", (child) => [{ ...child, size: 1 }], "images/blob-mismatch"],
    ["one digest with two sizes", (child) => [child, { ...child, size: 1, platform: UNKNOWN }], "images/malformed"],
    ["a platform called an index", (child) => [{ ...child, mediaType: MEDIA_TYPES.index }], "oci/malformed-index"],
    [
      "a platform that is no manifest",
      (child) => [{ ...child, mediaType: MEDIA_TYPES.layer }],
      "oci/unsupported-media-type",
    ],
    ["manifests of 80 MiB, as it says", (child) => [{ ...child, size: 80 * 1024 ** 2 }], "images/too-large"],
  ])("an index with %s is refused", async (_, list, code) => {
    const [child = built.root] = built.children;
    retag(...list(child));
    await expect(readImage(repository, NAME)).rejects.toMatchObject({ code });
  });

  test("more than 1024 manifests are refused, 1023 and their index are not", async () => {
    retag(...many(1023));
    expect((await readImage(repository, NAME)).subjects).toHaveLength(1024);
    retag(...many(1024));
    await expect(readImage(repository, NAME)).rejects.toMatchObject({ code: "images/too-large" });
  });
});

describe("measuring an image", () => {
  test("every layer is uncompressed, each once", async () => {
    const seen: number[] = [];
    let total = 0;
    const { index, images } = await measure((read, all) => {
      seen.push(read);
      total = all;
    });
    expect(index).toEqual({ digest: built.root.digest, size: built.root.size });
    expect(images.map(({ platform }) => platform)).toEqual(built.children.map(({ platform }) => platform));
    expect(images.map(({ layers }) => layers.map(({ mediaType }) => mediaType))).toEqual([
      [MEDIA_TYPES.layerGzip, MEDIA_TYPES.layerZstd],
      [MEDIA_TYPES.layerGzip, MEDIA_TYPES.layerZstd],
    ]);
    const sizes = new Map(images.flatMap(({ layers }) => layers).map(({ digest, size }) => [digest, size]));
    expect(sizes.size).toBe(3);
    expect(total).toBe([...sizes.values()].reduce((sum, size) => sum + size, 0));
    expect(seen.at(-1)).toBe(total);
  });

  test("the quickstart's image is what its generator makes", async () => {
    const committed = await openLayout(join(import.meta.dirname, "../../testdata/quickstart/image"));
    expect(await uncompressed(committed)).toEqual(await uncompressed(repository));
  });

  test("an image without index has the platform of its configuration", async () => {
    built.builder.writeIndex([tagged(built.builder.image(AMD64, [LAYER]), "1.0")]);
    expect(await measure()).toMatchObject({ index: null, images: [{ platform: AMD64 }] });
  });

  test("a wrong diffID is refused, and its layer named", async () => {
    const right = digestOf(tarOf(LAYER.entries));
    const image = (diffIds: (typeof right)[]) => built.builder.image(AMD64, [LAYER, LAYER], diffIds);
    built.builder.writeIndex([tagged(image([right, right]), "1.0")]);
    expect((await measure()).images[0]?.layers.map(({ diffId }) => diffId)).toEqual([right, right]);
    for (const [diffIds, message] of [
      [[right, digestOf(toUtf8("other"))], /^layer 1 of linux\/amd64/],
      [[right], /2 layers and 1 diffIDs/],
      [[right, right, right], /2 layers and 3 diffIDs/],
    ] as const) {
      built.builder.writeIndex([tagged(image([...diffIds]), "1.0")]);
      await expect(measure()).rejects.toMatchObject({
        code: "images/diffid-mismatch",
        message: expect.stringMatching(message),
      });
    }
  });

  test("a changed layer is a damaged blob, not a malformed tar", async () => {
    const [layer] = (await measure()).images[0]?.layers ?? [];
    const path = built.builder.pathOf(layer?.digest ?? built.root.digest);
    writeFileSync(path, new Uint8Array(layer?.size ?? 0));
    await expect(measure()).rejects.toMatchObject({ code: "images/blob-mismatch" });
    rmSync(path);
    await expect(measure()).rejects.toMatchObject({ code: "images/missing" });
  });

  test("an attestation's statement is taken as it is", async () => {
    retag(...built.children, attestation());
    const [, , image] = (await measure()).images;
    expect(image?.layers).toHaveLength(1);
    for (const layer of image?.layers ?? []) expect(layer.diffId).toBe(layer.digest);
  });

  test("an artefact's blobs are taken as they are, but its layers are measured", async () => {
    const plain = built.builder.blob(toUtf8("plain"), "text/plain");
    const layer = built.builder.blob(tarOf([]), MEDIA_TYPES.layer);
    const config = built.builder.blob(EMPTY_CONFIG, MEDIA_TYPES.empty);
    const artefact = { mediaType: MEDIA_TYPES.manifest, artifactType: "text/x", config };
    retag(built.builder.manifest({ ...artefact, layers: [plain, layer] }));
    expect((await measure()).images[0]?.layers.map(({ diffId }) => diffId)).toEqual(digestsOf([plain, layer]));
    retag(built.builder.manifest({ ...artefact, layers: [{ ...plain, mediaType: MEDIA_TYPES.layer }] }));
    await expect(measure()).rejects.toMatchObject({ code: "measure/malformed-layer" });
  });

  test.each([
    ["application/vnd.oci.image.layer.nondistributable.v1.tar+gzip", "measure/foreign-layer"],
    ["text/plain", "oci/unsupported-media-type"],
  ])("a layer of type %s is refused", async (mediaType, code) => {
    const config = { ...AMD64, rootfs: { type: "layers", diff_ids: [digestOf(toUtf8("x"))] } };
    const manifest = built.builder.manifest({
      mediaType: MEDIA_TYPES.manifest,
      config: built.builder.blob(toUtf8(JSON.stringify(config)), MEDIA_TYPES.config),
      layers: [built.builder.blob(toUtf8("x"), mediaType)],
    });
    built.builder.writeIndex([tagged(manifest, "1.0")]);
    await expect(measure()).rejects.toMatchObject({ code });
  });
});

describe("attached bundles", () => {
  test("are read, and of one attached twice only one", async () => {
    const referrer = await attachBundle(repository, built.root, "one");
    const other = attachManifest({ layers: [built.builder.blob(toUtf8("one"), MEDIA_TYPES.bundle)] });
    built.builder.writeIndex([tagged(built.root, "1.0"), referrer, other]);
    expect(await read()).toEqual({
      bundles: [{ digest: digestOf(toUtf8("one")), referrer: expect.any(String), bytes: toUtf8("one") }],
      malformed: [],
      foreign: 0,
    });
  });

  test.each<[string, () => object]>([
    ["two layers", () => ({ layers: [1, 2].map((each) => built.builder.blob(toUtf8(`${each}`), MEDIA_TYPES.bundle)) })],
    ["no layer", () => ({ layers: [] })],
    ["a layer that is no bundle", () => ({ layers: [built.builder.blob(toUtf8("x"), "text/plain")] })],
    ["a bundle of 5 MiB", () => ({ layers: [built.builder.blob(new Uint8Array(5 * 1024 ** 2), MEDIA_TYPES.bundle)] })],
  ])("with %s are malformed, and hide nothing", async (_, changes) => {
    const malformed = attachManifest(changes());
    await attachBundle(repository, built.root, "good");
    const found = await read();
    expect(found.bundles.map(({ bytes }) => bytes)).toEqual([toUtf8("good")]);
    expect(found.malformed).toEqual([{ referrer: malformed.digest, reason: expect.any(String) }]);
  });

  test("of other sorts are counted", async () => {
    attachManifest({ artifactType: "application/spdx+json" });
    expect(await read()).toEqual({ bundles: [], malformed: [], foreign: 1 });
  });

  test("whose type is hidden are found", async () => {
    const { config } = bundleReferrer({ subject: built.root, bundle: built.root, predicateType: "x", created: "x" });
    attachManifest({ artifactType: undefined, config });
    expect((await read()).bundles).toHaveLength(1);
  });

  test("that cannot be read are a fault", async () => {
    await attachBundle(repository, built.root, "good");
    await attachBundle(repository, built.root, "lost");
    rmSync(built.builder.pathOf(digestOf(toUtf8("lost"))));
    await expect(read()).rejects.toMatchObject({ code: "images/missing" });
  });
});
