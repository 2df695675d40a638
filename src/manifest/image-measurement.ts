/** The image measurement: every digest that a container image is made of, layers uncompressed included. */
import { Failure } from "../failure.ts";
import { canonicalJson } from "../json/canonical.ts";
import { type Json } from "../json/json.ts";
import { type ImageMeasurement, type MeasuredBlob } from "../measure/image.ts";
import { type ManifestSubject } from "./node-measurement.ts";
import { type ImageMeasurementPredicate, ImageMeasurementSchema, requireShape } from "./schema.ts";

/**
 * Reads the predicate of an image measurement: the schema's shape, then what a schema cannot say.
 *
 * @param predicate  JSON as strictly parsed; of a statement, from the bytes that were signed
 * @throws manifest/malformed
 */
export const parseImageMeasurement = (predicate: Json): ImageMeasurementPredicate => requireImage(predicate);

/** The predicate's canonical form (RFC 8785): two who measure one image write the same bytes. */
export const formatImageMeasurement = (manifest: ImageMeasurementPredicate): string => canonicalJson({ ...manifest });

/**
 * What was measured, as a predicate.
 *
 * @throws manifest/malformed for an image that is beyond what the schema allows
 */
export const imageMeasurement = ({ index, images }: ImageMeasurement): ImageMeasurementPredicate =>
  requireImage({
    index: index === null ? null : blobOf(index),
    images: images.map((image) => ({
      ...blobOf(image),
      platform: image.platform,
      config: blobOf(image.config),
      layers: image.layers.map(({ digest, size, mediaType, diffId, uncompressedSize }) => {
        return { digest, size, mediaType, diffId, uncompressedSize };
      }),
    })),
  });

const blobOf = ({ digest, size }: MeasuredBlob): MeasuredBlob => ({ digest, size });

/** The index, where there is one, and every image: each is what a cluster may be told to run. */
export const subjectsOfImage = (
  { index, images }: ImageMeasurementPredicate,
  name: string,
): readonly ManifestSubject[] =>
  [index, ...images].flatMap((each) =>
    each === null ? [] : [{ name, digest: { sha256: each.digest.slice("sha256:".length) } }],
  );

function requireImage(value: unknown): ImageMeasurementPredicate {
  const manifest: ImageMeasurementPredicate = requireShape(ImageMeasurementSchema, value);
  const seen = new Set<string>();
  for (const each of [manifest.index, ...manifest.images]) {
    if (each === null) continue;
    if (seen.has(each.digest)) throw new Failure("manifest/malformed", `${each.digest} is there more than once`);
    seen.add(each.digest);
  }
  if (manifest.index === null && manifest.images.length > 1) {
    throw new Failure("manifest/malformed", `${manifest.images.length} images, and no index that has them`);
  }
  return manifest;
}
