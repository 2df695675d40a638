import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { toUtf8 } from "../bytes/utf8.ts";
import { Failure } from "../failure.ts";
import { parseImageConfig } from "./config.ts";
import { type Descriptor } from "./descriptor.ts";
import { digestOf } from "./digest.ts";
import {
  formatImageIndex,
  formatImageManifest,
  type ImageIndex,
  type ImageManifest,
  parseImageIndex,
  parseImageManifest,
  parseManifest,
} from "./manifest.ts";
import { MEDIA_TYPES } from "./media-types.ts";

const descriptor = (mediaType: string, contents: string): Descriptor => ({
  mediaType,
  digest: digestOf(toUtf8(contents)),
  size: contents.length,
});

const MANIFEST: ImageManifest = {
  mediaType: MEDIA_TYPES.manifest,
  artifactType: "application/vnd.example+json;version=0.1",
  config: descriptor(MEDIA_TYPES.config, "config"),
  layers: [descriptor(MEDIA_TYPES.layerGzip, "one"), descriptor(MEDIA_TYPES.layerZstd, "two")],
  subject: descriptor(MEDIA_TYPES.index, "subject"),
  annotations: { a: "1", b: "", "\u00e9": "\u{1f510}" },
};
const INDEX: ImageIndex = {
  mediaType: MEDIA_TYPES.index,
  manifests: [
    {
      ...descriptor(MEDIA_TYPES.manifest, "amd64"),
      artifactType: "application/vnd.example",
      annotations: { a: "1" },
      platform: {
        architecture: "arm64",
        os: "windows",
        "os.version": "10.0",
        "os.features": ["win32k"],
        variant: "v8",
      },
    },
  ],
};
const bytes = (value: unknown): Uint8Array => toUtf8(JSON.stringify(value));
const manifest = (changes: object): Uint8Array => bytes({ schemaVersion: 2, ...MANIFEST, ...changes });
const index = (changes: object): Uint8Array => bytes({ schemaVersion: 2, ...INDEX, ...changes });

const config = (changes: object): Uint8Array =>
  bytes({
    architecture: "amd64",
    os: "linux",
    rootfs: { type: "layers", diff_ids: [MANIFEST.config.digest] },
    ...changes,
  });

describe("manifests", () => {
  test("what is formatted is read back as the same", () => {
    expect(parseImageManifest(formatImageManifest(MANIFEST))).toEqual(MANIFEST);
    expect(parseImageIndex(formatImageIndex(INDEX))).toEqual(INDEX);
  });

  test("what is read is formatted to the same bytes", () => {
    for (const written of [formatImageManifest(MANIFEST), formatImageManifest({ ...MANIFEST, layers: [] })]) {
      expect(formatImageManifest(parseImageManifest(written))).toEqual(written);
    }
    expect(formatImageIndex(parseImageIndex(formatImageIndex(INDEX)))).toEqual(formatImageIndex(INDEX));
  });

  test.each<[string, Uint8Array]>([
    ["unknown properties", manifest({ "x-new": [1], config: { ...MANIFEST.config, urls: ["x"], data: "e30=" } })],
    ["null for what is left out", manifest({ subject: null, annotations: null, artifactType: null })],
    ["no media type, as before OCI 1.1", manifest({ mediaType: undefined })],
    ["Docker's media type", manifest({ mediaType: MEDIA_TYPES.dockerManifest })],
  ])("a manifest with %s is read", (_, document) => {
    expect(parseImageManifest(document).layers).toHaveLength(2);
  });

  test("an index of null, as umoci starts with, is empty", () => {
    expect(parseImageIndex(index({ manifests: null })).manifests).toEqual([]);
  });

  test.each<[string, Uint8Array]>([
    ["no JSON", toUtf8("{")],
    ["an array", toUtf8("[]")],
    ["a key twice", toUtf8('{"schemaVersion":2,"schemaVersion":2,"config":{},"layers":[]}')],
    ["more than 4 MiB", new Uint8Array(4 * 1024 ** 2 + 1).fill(0x20)],
    ["schema version 1", manifest({ schemaVersion: 1 })],
    ["no schema version", manifest({ schemaVersion: undefined })],
    ["what an index has", manifest({ manifests: [] })],
    ["what schema 1 has", manifest({ fsLayers: [] })],
    ["an index's media type", manifest({ mediaType: MEDIA_TYPES.index })],
    ["no configuration", manifest({ config: undefined })],
    ["no layers", manifest({ layers: undefined })],
    ["null for layers", manifest({ layers: null })],
    [
      "an upper-case digest",
      manifest({ config: { ...MANIFEST.config, digest: MANIFEST.config.digest.toUpperCase() } }),
    ],
    ["a digest that is a path", manifest({ config: { ...MANIFEST.config, digest: "sha256:../../etc/passwd" } })],
    ["a negative size", manifest({ config: { ...MANIFEST.config, size: -1 } })],
    ["half a byte", manifest({ config: { ...MANIFEST.config, size: 0.5 } })],
    ["a size that is text", manifest({ config: { ...MANIFEST.config, size: "6" } })],
    ["no size", manifest({ config: { ...MANIFEST.config, size: undefined } })],
    ["a media type with a space", manifest({ config: { ...MANIFEST.config, mediaType: "a b/c" } })],
    ["an annotation that is a number", manifest({ annotations: { a: 1 } })],
    ["a subject that is text", manifest({ subject: "sha256" })],
    ["a layer that is null", manifest({ layers: [null] })],
    ["5000 layers", manifest({ layers: Array.from({ length: 5000 }, () => MANIFEST.config) })],
  ])("a manifest with %s is refused", (_, document) => {
    expect(() => parseImageManifest(document)).toThrow(expect.objectContaining({ code: "oci/malformed-manifest" }));
  });

  test.each<[string, Uint8Array]>([
    ["what a manifest has", index({ config: MANIFEST.config })],
    ["layers", index({ layers: [] })],
    ["no list", index({ manifests: undefined })],
    ["a list that is an object", index({ manifests: {} })],
    ["a manifest's media type", index({ mediaType: MEDIA_TYPES.manifest })],
    ["a platform without architecture", index({ manifests: [{ ...MANIFEST.config, platform: { os: "linux" } }] })],
    [
      "features that are text",
      index({
        manifests: [{ ...MANIFEST.config, platform: { os: "linux", architecture: "arm", "os.features": "x" } }],
      }),
    ],
  ])("an index with %s is refused", (_, document) => {
    expect(() => parseImageIndex(document)).toThrow(expect.objectContaining({ code: "oci/malformed-index" }));
  });
});

describe("what a descriptor points to", () => {
  test("is read as what it says", () => {
    expect(parseManifest(manifest({}), MEDIA_TYPES.manifest).kind).toBe("manifest");
    expect(parseManifest(index({}), MEDIA_TYPES.index).kind).toBe("index");
    expect(parseManifest(index({ mediaType: undefined }), MEDIA_TYPES.dockerManifestList).kind).toBe("index");
  });

  test.each([
    ["a manifest called an index", manifest({}), MEDIA_TYPES.index, "oci/malformed-index"],
    ["an OCI manifest called Docker's", manifest({}), MEDIA_TYPES.dockerManifest, "oci/malformed-manifest"],
    [
      "Docker's schema 1",
      manifest({}),
      "application/vnd.docker.distribution.manifest.v1+json",
      "oci/unsupported-media-type",
    ],
  ])("is not %s", (_, document, mediaType, code) => {
    expect(() => parseManifest(document, mediaType)).toThrow(expect.objectContaining({ code }));
  });
});

describe("configurations", () => {
  test("are read, with what is unknown in them", () => {
    expect(parseImageConfig(config({ history: [{}], variant: "v2", "x-new": 1 }))).toEqual({
      platform: { architecture: "amd64", os: "linux", variant: "v2" },
      diffIds: [MANIFEST.config.digest],
    });
    expect(parseImageConfig(config({ rootfs: { type: "layers", diff_ids: null } })).diffIds).toEqual([]);
  });

  test.each([
    ["no root file system", config({ rootfs: undefined })],
    ["another root file system", config({ rootfs: { type: "disk", diff_ids: [] } })],
    ["a diffID that is no digest", config({ rootfs: { type: "layers", diff_ids: ["sha256:abc"] } })],
    ["no diffIDs", config({ rootfs: { type: "layers" } })],
    ["no architecture", config({ architecture: undefined })],
    ["a number for an operating system", config({ os: 1 })],
  ])("with %s are refused", (_, document) => {
    expect(() => parseImageConfig(document)).toThrow(expect.objectContaining({ code: "oci/malformed-config" }));
  });
});

describe("properties", () => {
  const seeds = [
    manifest({}),
    index({}),
    bytes({ architecture: "a", os: "b", rootfs: { type: "layers", diff_ids: [] } }),
  ];
  const changed = fc
    .tuple(fc.constantFrom(...seeds), fc.nat(), fc.uint8Array({ maxLength: 4 }), fc.nat(4))
    .map(([seed, at, put, cut]) => {
      const start = at % seed.length;
      return Uint8Array.from([...seed.subarray(0, start), ...put, ...seed.subarray(start + cut)]);
    });

  test("any bytes, and any JSON, are a document or a Failure", () => {
    const documents = fc.oneof(fc.uint8Array(), changed, fc.json().map(toUtf8));
    fc.assert(
      fc.property(documents, (document) => {
        for (const parse of [parseImageManifest, parseImageIndex, parseImageConfig]) {
          try {
            parse(document);
          } catch (error) {
            expect(error).toBeInstanceOf(Failure);
          }
        }
      }),
      { numRuns: 1000 },
    );
  });
});
