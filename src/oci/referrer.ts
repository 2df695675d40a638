/** Bundles attached to images: OCI 1.1 referrers as cosign writes them, and the index for those without the referrers API. */
import { toUtf8 } from "../bytes/utf8.ts";
import { type Descriptor } from "./descriptor.ts";
import { type Digest, digestOf, splitDigest } from "./digest.ts";
import { type ImageIndex, type ImageManifest, type ParsedManifest } from "./manifest.ts";
import { MEDIA_TYPES } from "./media-types.ts";

/** The configuration of an artefact: the two bytes `{}` (OCI image-spec, manifest.md, "Guidance for an Empty Descriptor"). */
export const EMPTY_CONFIG: Uint8Array = toUtf8("{}");

/** What makes a {@link bundleReferrer}. */
export interface BundleAttachment {
  /** The image or index that the bundle speaks of. */
  readonly subject: Descriptor;
  /** The blob that holds the bundle; its media type says the bundle's version. */
  readonly bundle: Descriptor;
  readonly predicateType: string;
  /** RFC 3339, UTC, whole seconds; for people only, never evidence. */
  readonly created: string;
}

/**
 * The manifest that attaches a Sigstore bundle to an image, as `cosign sign` and `cosign attest` write it.
 *
 * The artefact's type is written twice, at the top and in the configuration's descriptor, because registries derive it
 * from the configuration where they know of no other.
 */
export function bundleReferrer({ subject, bundle, predicateType, created }: BundleAttachment): ImageManifest {
  const { mediaType, digest, size } = subject;
  return {
    mediaType: MEDIA_TYPES.manifest,
    artifactType: bundle.mediaType,
    config: {
      mediaType: MEDIA_TYPES.empty,
      digest: digestOf(EMPTY_CONFIG),
      size: EMPTY_CONFIG.length,
      artifactType: bundle.mediaType,
    },
    layers: [{ mediaType: bundle.mediaType, digest: bundle.digest, size: bundle.size }],
    subject: { mediaType, digest, size },
    annotations: {
      "org.opencontainers.image.created": created,
      "dev.sigstore.bundle.content": "dsse-envelope",
      "dev.sigstore.bundle.predicateType": predicateType,
    },
  };
}

/** Tag of the index that lists the referrers of `subject` where there is no referrers API (distribution-spec, "Referrers Tag Schema"). */
export const fallbackTag = (subject: Digest): string => splitDigest(subject).join("-");

/** Whether `tag` is the {@link fallbackTag} of some digest. */
export const isFallbackTag = (tag: string): boolean => /^(?:sha256-[0-9a-f]{64}|sha512-[0-9a-f]{128})$/.test(tag);

/**
 * How a listing of referrers shows a manifest (distribution-spec, "Listing Referrers"): with its type, or else its
 * configuration's, and all of its annotations.
 *
 * @param stored  how the manifest is stored; only its media type, digest and size are used
 */
export function referrerDescriptor(stored: Descriptor, manifest: ParsedManifest): Descriptor {
  const { mediaType, digest, size } = stored;
  const artifactType = manifest.artifactType ?? (manifest.kind === "manifest" ? manifest.config.mediaType : undefined);
  return {
    mediaType,
    digest,
    size,
    ...(artifactType === undefined ? {} : { artifactType }),
    ...(manifest.annotations === undefined ? {} : { annotations: manifest.annotations }),
  };
}

/** `index`, or a new one, with `referrer` in it once; entries are ordered by digest, as cosign does. */
export function addToFallbackIndex(index: ImageIndex | null, referrer: Descriptor): ImageIndex {
  const others = (index?.manifests ?? []).filter(({ digest }) => digest !== referrer.digest);
  const manifests = [...others, referrer].toSorted((a, b) => (a.digest < b.digest ? -1 : 1));
  return { mediaType: MEDIA_TYPES.index, ...index, manifests };
}
