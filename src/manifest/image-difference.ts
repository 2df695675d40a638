import {
  type ImageContents,
  type ImageMeasurement,
  type MeasuredBlob,
  type MeasuredImage,
  type MeasuredLayer,
} from "../measure/image.ts";
import { type Difference } from "./difference.ts";
import { type ImageMeasurementPredicate } from "./schema.ts";

type ManifestImage = ImageMeasurementPredicate["images"][number];

/**
 * What of the manifest was measured.
 *
 * `whole`: exactly what the manifest is about, as before it is signed. `part`: also a single image out of the manifest's
 * index, as when a cluster is told to run just that.
 */
export type ImageScope = "whole" | "part";

/**
 * Every way in which a measured image is not the one of the manifest; none if it is.
 *
 * Images are told apart by digest; one that the manifest does not have is compared with the manifest's of the same
 * platform, to name what changed. A verity root is a difference: nothing here derives one yet. Where layers were not
 * uncompressed, their digests stand for their sizes.
 */
export function compareImage(
  manifest: ImageMeasurementPredicate,
  measured: ImageMeasurement | ImageContents,
  scope: ImageScope,
): readonly Difference[] {
  const isPart = scope === "part" && measured.index === null && manifest.index !== null;
  const unmatched = new Map<string, ManifestImage>(manifest.images.map((image) => [image.digest, image]));
  const same = new Map(
    measured.images.map((image) => {
      const want = unmatched.get(image.digest);
      unmatched.delete(image.digest);
      return [image, want];
    }),
  );
  const inner = measured.images.flatMap((image) => {
    const want = same.get(image) ?? [...unmatched.values()].find((each) => keyOf(each) === keyOf(image));
    if (want !== undefined) unmatched.delete(want.digest);
    return compareOne(image, want);
  });
  if (isPart) return inner;
  const missing = [...unmatched.values()].map((image) => {
    return { component: nameOf(image), got: describe(null), want: describe(image) };
  });
  return [...inner, ...missing, ...compareBlob("index", measured.index, manifest.index)];
}

function compareOne(got: Measured, want: ManifestImage | undefined): readonly Difference[] {
  const name = nameOf(got);
  if (want === undefined) return [{ component: name, got: describe(got), want: "nothing there" }];
  const count = Math.max(got.layers.length, want.layers.length);
  return [
    ...Array.from({ length: count }, (_, at) =>
      compareLayer(`layer ${at + 1} of ${name}`, got.layers[at], want.layers[at]),
    ).flat(),
    ...compareBlob(`config of ${name}`, got.config, want.config),
    ...compareText(`platform of ${name}`, keyOf(got), keyOf(want)),
    ...compareBlob(name, got, want),
  ];
}

function compareLayer(
  component: string,
  got: Layer | undefined,
  want: ManifestImage["layers"][number] | undefined,
): readonly Difference[] {
  if (got === undefined || want === undefined) return compareBlob(component, got ?? null, want ?? null);
  return [
    ...compareText(component, `diffID ${got.diffId}`, `diffID ${want.diffId}`),
    ...(got.uncompressedSize === undefined
      ? []
      : compareText(
          component,
          `${got.uncompressedSize} bytes uncompressed`,
          `${want.uncompressedSize} bytes uncompressed`,
        )),
    ...compareBlob(component, got, want),
    ...compareText(component, got.mediaType, want.mediaType),
    ...(want.verity === undefined ? [] : [{ component, got: "no verity root", want: want.verity.rootHash }]),
  ];
}

/** An image's manifest, whether its layers were uncompressed or not. */
type Measured = Omit<MeasuredImage, "layers"> & { readonly layers: readonly Layer[] };
type Layer = Omit<MeasuredLayer, "uncompressedSize"> & { readonly uncompressedSize?: number };

type Blob = Pick<MeasuredBlob, "size"> & { readonly digest: string };

const compareBlob = (component: string, got: Blob | null, want: Blob | null): readonly Difference[] =>
  compareText(component, describe(got), describe(want));

const compareText = (component: string, got: string, want: string): readonly Difference[] =>
  got === want ? [] : [{ component, got, want }];

const describe = (blob: Blob | null): string =>
  blob === null ? "nothing there" : `${blob.digest} of ${blob.size} bytes`;

const nameOf = (image: ManifestImage | Measured): string => `image ${platformOf(image)}`;

/** `linux/arm64/v8`, for people. */
function platformOf({ platform }: ManifestImage | Measured): string {
  if (platform === null) return "without platform";
  const { os, architecture, variant, "os.version": version } = platform;
  return [os, architecture, variant, version].filter((part) => part !== undefined).join("/");
}

/** Tells any two platforms apart. */
const keyOf = ({ platform }: ManifestImage | Measured): string =>
  JSON.stringify(
    platform && [
      platform.os,
      platform.architecture,
      platform.variant ?? null,
      platform["os.version"] ?? null,
      platform["os.features"] ?? null,
    ],
  );
