import { type Platform } from "../oci/descriptor.ts";
import { type Digest } from "../oci/digest.ts";

/** What names some bytes and says how many they are. */
export interface MeasuredBlob {
  readonly digest: Digest;
  readonly size: number;
}

/** A layer, with what it is uncompressed. */
export interface MeasuredLayer extends MeasuredBlob {
  readonly mediaType: string;
  /** Digest of the uncompressed layer, recomputed; of an artefact's blob, its own digest. */
  readonly diffId: Digest;
  readonly uncompressedSize: number;
}

/** One image manifest and all that it names. */
export interface MeasuredImage extends MeasuredBlob {
  /** What the index says it is for or, where nothing is said there, the configuration; null for an artefact. */
  readonly platform: Platform | null;
  readonly config: MeasuredBlob;
  /** Bottom layer first. */
  readonly layers: readonly MeasuredLayer[];
}

/** A whole image, every byte of it read: what a measurement statement says. */
export interface ImageMeasurement {
  /** The index, where the image has one for several platforms. */
  readonly index: MeasuredBlob | null;
  /** In the order of the index, each once. */
  readonly images: readonly MeasuredImage[];
}

/** An image by what its manifests and configurations say: a measurement for which no layer was uncompressed. */
export type ImageContents = Omit<ImageMeasurement, "images"> & {
  readonly images: readonly (Omit<MeasuredImage, "layers"> & {
    /** Bottom layer first, with the diffID that the configuration claims. */
    readonly layers: readonly Omit<MeasuredLayer, "uncompressedSize">[];
  })[];
};
