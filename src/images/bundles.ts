import { Failure } from "../failure.ts";
import { type Descriptor } from "../oci/descriptor.ts";
import { type Digest } from "../oci/digest.ts";
import { parseManifest } from "../oci/manifest.ts";
import { isBundleType, MEDIA_TYPES } from "../oci/media-types.ts";
import { readBlob } from "./blob.ts";
import { type ImageRepository } from "./repository.ts";

/** A bundle found attached to an image: bytes as stored, of which nothing is verified but their digest. */
export interface AttachedBundle {
  /** Digest of the bundle. */
  readonly digest: Digest;
  /** Digest of the manifest that attaches it. */
  readonly referrer: Digest;
  readonly bytes: Uint8Array;
}

/** Everything attached to an image. */
export interface AttachedBundles {
  /** Each bundle once, ordered by the digests of their referrers. */
  readonly bundles: readonly AttachedBundle[];
  /** What claims to attach a bundle and does not: one-line reasons. Neither hides nor denies the good ones. */
  readonly malformed: readonly { readonly referrer: Digest; readonly reason: string }[];
  /** How many other artefacts are attached: SBOMs, signatures of other formats. */
  readonly foreign: number;
}

/** Bytes of one bundle; statements about a thousand images fit. */
export const MAX_BUNDLE_BYTES = 4 * 1024 * 1024;
/** Artefacts attached to one image. */
const MAX_REFERRERS = 1024;

/**
 * The bundles attached to `subject`. What is attached and malformed is reported; what cannot be read is a Failure,
 * because nobody knows what it would have said.
 *
 * @throws images/too-large, images/missing, images/blob-mismatch, and what the repository throws
 */
export async function readBundles(repository: ImageRepository, subject: Digest): Promise<AttachedBundles> {
  const referrers = await repository.listReferrers(subject);
  if (referrers.length > MAX_REFERRERS) {
    throw new Failure(
      "images/too-large",
      `${referrers.length} artefacts are attached; at most ${MAX_REFERRERS} are read`,
    );
  }
  const candidates = referrers.filter(mayAttachBundle);
  const malformed: { referrer: Digest; reason: string }[] = [];
  const bundles = new Map<Digest, AttachedBundle>();
  for (const { digest: referrer, mediaType } of candidates) {
    const bundle = bundleOf(await repository.readManifest(referrer), mediaType, subject);
    if (typeof bundle === "string") malformed.push({ referrer, reason: bundle });
    else if (!bundles.has(bundle.digest)) {
      const bytes = await readBlob(repository, bundle, MAX_BUNDLE_BYTES);
      bundles.set(bundle.digest, { digest: bundle.digest, referrer, bytes });
    }
  }
  return { bundles: [...bundles.values()], malformed, foreign: referrers.length - candidates.length };
}

/** By its listed type; some listings leave the type out, and some manifests hide it behind an empty configuration. */
const mayAttachBundle = ({ artifactType }: Descriptor): boolean =>
  artifactType === undefined || artifactType === MEDIA_TYPES.empty || isBundleType(artifactType);

/** The one layer that is the bundle, or why there is none. */
function bundleOf(bytes: Uint8Array, mediaType: string, subject: Digest): Descriptor | string {
  try {
    const manifest = parseManifest(bytes, mediaType);
    const [layer, ...more] = manifest.kind === "manifest" ? manifest.layers : [];
    if (manifest.subject?.digest !== subject) return "it is attached to another image";
    if (layer === undefined || more.length > 0) return "it has not exactly one layer";
    if (!isBundleType(layer.mediaType)) return `its layer is ${layer.mediaType} and no bundle`;
    if (layer.size > MAX_BUNDLE_BYTES)
      return `its bundle has ${layer.size} bytes; at most ${MAX_BUNDLE_BYTES} are read`;
    return layer;
  } catch (error) {
    if (error instanceof Failure) return error.message;
    throw error;
  }
}
