import { describe, expect, test } from "vitest";

import { fromUtf8, toUtf8 } from "../bytes/utf8.ts";
import { type Descriptor } from "./descriptor.ts";
import { digestOf } from "./digest.ts";
import { formatImageManifest } from "./manifest.ts";
import { MEDIA_TYPES } from "./media-types.ts";
import { addToFallbackIndex, bundleReferrer, fallbackTag, isFallbackTag, referrerDescriptor } from "./referrer.ts";

const descriptor = (mediaType: string, contents: string): Descriptor => ({
  mediaType,
  digest: digestOf(toUtf8(contents)),
  size: contents.length,
});
const SUBJECT = { ...descriptor(MEDIA_TYPES.index, "subject"), annotations: { secret: "of the index only" } };
const BUNDLE = descriptor(MEDIA_TYPES.bundle, "bundle");
const MANIFEST = bundleReferrer({
  subject: SUBJECT,
  bundle: BUNDLE,
  predicateType: "urn:x",
  created: "2026-11-22T10:00:00Z",
});

describe("the manifest that attaches a bundle", () => {
  test("has what cosign writes, member for member", () => {
    expect(JSON.parse(fromUtf8(formatImageManifest(MANIFEST)))).toEqual({
      schemaVersion: 2,
      mediaType: "application/vnd.oci.image.manifest.v1+json",
      artifactType: "application/vnd.dev.sigstore.bundle.v0.3+json",
      config: {
        mediaType: "application/vnd.oci.empty.v1+json",
        digest: "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a",
        size: 2,
        artifactType: "application/vnd.dev.sigstore.bundle.v0.3+json",
      },
      layers: [{ mediaType: "application/vnd.dev.sigstore.bundle.v0.3+json", digest: BUNDLE.digest, size: 6 }],
      subject: { mediaType: "application/vnd.oci.image.index.v1+json", digest: SUBJECT.digest, size: 7 },
      annotations: {
        "org.opencontainers.image.created": "2026-11-22T10:00:00Z",
        "dev.sigstore.bundle.content": "dsse-envelope",
        "dev.sigstore.bundle.predicateType": "urn:x",
      },
    });
  });
});

describe("listings", () => {
  test("a manifest without a type is shown with its configuration's", () => {
    const { artifactType: _, ...untyped } = MANIFEST;
    expect(referrerDescriptor(BUNDLE, { kind: "manifest", ...untyped }).artifactType).toBe(MEDIA_TYPES.empty);
    expect(referrerDescriptor(BUNDLE, { kind: "manifest", ...MANIFEST }).artifactType).toBe(MEDIA_TYPES.bundle);
    expect(referrerDescriptor(BUNDLE, { kind: "index", manifests: [] })).not.toHaveProperty("artifactType");
  });

  test("the fallback tag is the subject's digest with a hyphen", () => {
    expect(fallbackTag(SUBJECT.digest)).toBe(SUBJECT.digest.replace(":", "-"));
    expect(isFallbackTag(fallbackTag(SUBJECT.digest))).toBe(true);
    expect(isFallbackTag(`${fallbackTag(SUBJECT.digest)}.sig`)).toBe(false);
  });

  test("the fallback index has each referrer once, ordered by digest, and keeps the others", () => {
    const referrers = ["one", "two", "three"].map((contents) => descriptor(MEDIA_TYPES.manifest, contents));
    const [one = BUNDLE] = referrers;
    const digests = referrers.map(({ digest }) => digest).toSorted();
    let index = addToFallbackIndex(null, one);
    for (const referrer of [...referrers, ...referrers]) index = addToFallbackIndex(index, referrer);
    expect(index.mediaType).toBe(MEDIA_TYPES.index);
    expect(index.manifests.map(({ digest }) => digest)).toEqual(digests);
  });
});
