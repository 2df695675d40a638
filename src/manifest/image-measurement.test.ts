import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { Failure } from "../failure.ts";
import { canonicalJson } from "../json/canonical.ts";
import { type Json } from "../json/json.ts";
import { parseJson } from "../json/parser.ts";
import { type ImageMeasurement } from "../measure/image.ts";
import { digestOf } from "../oci/digest.ts";
import { hashOf, IMAGE_PREDICATE, withValue } from "../testing/manifests.ts";
import { mutatedJson } from "../testing/mutation.ts";
import { compareImage } from "./image-difference.ts";
import {
  formatImageMeasurement,
  imageMeasurement,
  parseImageMeasurement,
  subjectsOfImage,
} from "./image-measurement.ts";
import { formatDifference } from "./difference.ts";

type Path = readonly (string | number)[];
const LAYER = ["images", 0, "layers", 0] as const;

describe("the predicate", () => {
  const [amd64, arm64] = IMAGE_PREDICATE.images;
  const ACCEPTED: readonly (readonly [name: string, path: Path, value: Json | undefined])[] = [
    ["as it is", [...LAYER, "size"], 1000],
    ["an artefact without platform", ["images", 0, "platform"], null],
    ["an image without layers", ["images", 0, "layers"], []],
    ["one layer twice", ["images", 0, "layers"], [amd64.layers[0], amd64.layers[0]]],
    ["an index of one", ["images"], [arm64]],
  ];
  test.each(ACCEPTED)("accepted: %s, and written back the same", (_, path, value) => {
    const predicate = withValue(IMAGE_PREDICATE, path, value);
    expect(formatImageMeasurement(parseImageMeasurement(predicate))).toBe(canonicalJson(predicate));
  });

  test("accepted: a single image", () => {
    const predicate = { index: null, images: [amd64] };
    expect(formatImageMeasurement(parseImageMeasurement(predicate))).toBe(canonicalJson(predicate));
  });

  const REFUSED: readonly (readonly [name: string, path: Path, value: Json | undefined, message: RegExp])[] = [
    ["no word of an index", ["index"], undefined, /required/],
    ["two images without index", ["index"], null, /2 images, and no index/],
    ["no images", ["images"], [], /\/images/],
    ["an image twice", ["images"], [amd64, amd64], /more than once/],
    ["an image that is its own index", ["index", "digest"], amd64.digest, /more than once/],
    ["an unknown property", ["tag"], "latest", /\/tag is not a property/],
    ["an unknown property of a layer", [...LAYER, "urls"], [], /urls is not a property/],
    ["a digest in capitals", [...LAYER, "digest"], `sha256:${hashOf("x").toUpperCase()}`, /\/digest/],
    ["a digest by SHA-512", [...LAYER, "digest"], `sha512:${"ab".repeat(64)}`, /\/digest/],
    ["no diffID", [...LAYER, "diffId"], undefined, /required/],
    ["a size of text", [...LAYER, "size"], "1000", /\/size/],
    ["a negative size", ["images", 0, "size"], -1, /\/size/],
    ["a media type of two lines", [...LAYER, "mediaType"], "a\nb", /\/mediaType/],
    ["no word of a platform", ["images", 0, "platform"], undefined, /required/],
    ["a verity root without its tool", ["images", 0, "layers", 1, "verity", "tool"], undefined, /required/],
  ];
  test.each(REFUSED)("refused: %s", (_, path, value, message) => {
    expect(() => parseImageMeasurement(withValue(IMAGE_PREDICATE, path, value))).toThrow(
      expect.objectContaining({ code: "manifest/malformed", message: expect.stringMatching(message) }),
    );
  });

  test("any document one to three fields away from a good one is an image measurement or a Failure", () => {
    fc.assert(
      fc.property(mutatedJson(IMAGE_PREDICATE), (predicate) => {
        try {
          const manifest = parseImageMeasurement(predicate);
          expect(parseImageMeasurement(parseJson(formatImageMeasurement(manifest)))).toEqual(manifest);
        } catch (error) {
          expect(error).toBeInstanceOf(Failure);
        }
      }),
      { numRuns: 1000 },
    );
  });
});

const blob = (text: string, size: number) => ({ digest: digestOf(Buffer.from(text)), size });
const layer = (text: string) => ({
  ...blob(text, 1000),
  mediaType: "application/vnd.oci.image.layer.v1.tar+gzip",
  diffId: digestOf(Buffer.from(`tar ${text}`)),
  uncompressedSize: 5000,
});
const imageOf = (architecture: string, ...layers: readonly string[]) => ({
  ...blob(`image ${architecture} ${layers.join()}`, 500),
  platform: { os: "linux", architecture },
  config: blob(`config ${architecture} ${layers.join()}`, 300),
  layers: layers.map(layer),
});

const AMD64 = imageOf("amd64", "base", "app");
const ARM64 = imageOf("arm64", "base", "app");
const MEASURED: ImageMeasurement = { index: blob("index", 700), images: [AMD64, ARM64] };
const MANIFEST = imageMeasurement(MEASURED);
const single = (image: typeof AMD64): ImageMeasurement => ({ index: null, images: [image] });

test("what was measured, as a predicate", () => {
  expect(JSON.parse(formatImageMeasurement(MANIFEST))).toEqual(MEASURED);
});

test("only what the schema has is stated, whatever else a measurement carries", () => {
  const noisy = { ...MEASURED, images: MEASURED.images.map((image) => ({ ...image, entries: 7 })) };
  expect(imageMeasurement(noisy)).toEqual(MANIFEST);
});

test("the subjects are the index and every image", () => {
  expect(subjectsOfImage(MANIFEST, "example.com/app")).toEqual(
    [blob("index", 700), AMD64, ARM64].map(({ digest }) => {
      return { name: "example.com/app", digest: { sha256: digest.slice(7) } };
    }),
  );
  expect(subjectsOfImage(imageMeasurement(single(AMD64)), "")).toHaveLength(1);
});

const linesOf = (measured: ImageMeasurement, scope: "whole" | "part" = "whole", manifest = MANIFEST) =>
  compareImage(manifest, measured, scope).map(formatDifference);

describe("compared", () => {
  test("the same image differs in nothing", () => {
    expect(linesOf(MEASURED)).toEqual([]);
    expect(linesOf(MEASURED, "part")).toEqual([]);
  });

  test("a single image is part of the whole, and not the whole", () => {
    expect(linesOf(single(ARM64), "part")).toEqual([]);
    expect(linesOf(single(ARM64))).toEqual([
      `image linux/amd64: got nothing there, want ${AMD64.digest} of 500 bytes`,
      expect.stringMatching(/^index: got nothing there/),
    ]);
  });

  test("a part that the whole does not have", () => {
    const rebuilt = imageOf("arm64", "base", "evil");
    expect(linesOf(single(rebuilt), "part")).toEqual([
      expect.stringMatching(/^layer 2 of image linux\/arm64: got diffID/),
      expect.stringMatching(/^layer 2 of image linux\/arm64: got sha256:/),
      expect.stringMatching(/^config of image linux\/arm64: got/),
      expect.stringMatching(/^image linux\/arm64: got/),
    ]);
  });

  test("an index around a single image is no part of it", () => {
    expect(linesOf({ index: blob("index", 700), images: [AMD64] }, "part", imageMeasurement(single(AMD64)))).toEqual([
      expect.stringMatching(/^index: got sha256:.* want nothing there$/),
    ]);
  });

  const amdWith = (change: object): ImageMeasurement => ({ ...MEASURED, images: [{ ...AMD64, ...change }, ARM64] });
  const [base = layer("base"), app = layer("app")] = AMD64.layers;
  const DIFFERENT: readonly (readonly [name: string, ImageMeasurement, line: RegExp])[] = [
    ["another index", { ...MEASURED, index: blob("x", 700) }, /^index: got sha256:.* of 700 bytes, want/],
    ["an index of another size", { ...MEASURED, index: blob("index", 701) }, /^index: .* of 701 bytes, want/],
    ["a config of another size", amdWith({ config: { ...AMD64.config, size: 1 } }), /^config of image linux\/amd64/],
    [
      "another platform",
      amdWith({ platform: { os: "linux", architecture: "s390x" } }),
      /^platform of image linux\/s390x/,
    ],
    [
      "a variant that reads like a version",
      amdWith({ platform: { os: "linux", architecture: "amd64", variant: "1" } }),
      /^platform of image linux\/amd64\/1/,
    ],
    [
      "a layer of another size uncompressed",
      amdWith({ layers: [base, { ...app, uncompressedSize: 1 }] }),
      /^layer 2 of .*uncompressed/,
    ],
    ["a layer too few", amdWith({ layers: [base] }), /^layer 2 of image linux\/amd64: got nothing there, want/],
    [
      "a layer too many",
      amdWith({ layers: [base, app, base] }),
      /^layer 3 of image linux\/amd64: got .*want nothing there/,
    ],
    [
      "a layer of another media type",
      amdWith({ layers: [base, { ...app, mediaType: "a/b" }] }),
      /^layer 2 of .*got a\/b/,
    ],
    [
      "an image too many",
      { ...MEASURED, images: [AMD64, ARM64, imageOf("s390x")] },
      /^image linux\/s390x: .* want nothing/,
    ],
    ["an image too few", { ...MEASURED, images: [AMD64] }, /^image linux\/arm64: got nothing there, want/],
  ];
  test.each(DIFFERENT)("%s", (_, measured, line) => {
    expect(linesOf(measured)).toEqual([expect.stringMatching(line)]);
  });

  test("two layers exchanged", () => {
    expect(linesOf(amdWith({ layers: [app, base] }))).toHaveLength(4);
  });

  test("a verity root, which nothing here derives", () => {
    const verity = { rootHash: `sha256:${hashOf("verity")}`, tool: "genpolicy", version: "1" };
    const manifest = parseImageMeasurement(
      withValue(parseJson(formatImageMeasurement(MANIFEST)), ["images", 1, "layers", 0, "verity"], verity),
    );
    expect(linesOf(MEASURED, "whole", manifest)).toEqual([
      `layer 1 of image linux/arm64: got no verity root, want ${verity.rootHash}`,
    ]);
  });
});
