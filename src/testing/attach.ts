import { toUtf8 } from "../bytes/utf8.ts";
import { type ImageRepository } from "../images/repository.ts";
import { type Descriptor } from "../oci/descriptor.ts";
import { formatImageManifest } from "../oci/manifest.ts";
import { MEDIA_TYPES } from "../oci/media-types.ts";
import { bundleReferrer, EMPTY_CONFIG } from "../oci/referrer.ts";

/** Pushes and attaches what calls itself a bundle; its contents are what is given. */
export async function attachBundle(
  repository: ImageRepository,
  subject: Descriptor,
  contents: string,
): Promise<Descriptor> {
  const bundle = await repository.pushBlob(toUtf8(contents), MEDIA_TYPES.bundle);
  await repository.pushBlob(EMPTY_CONFIG, MEDIA_TYPES.empty);
  const created = "2026-11-22T10:00:00Z";
  const manifest = bundleReferrer({ subject, bundle, predicateType: "https://sigstore.dev/cosign/sign/v1", created });
  return repository.attach(formatImageManifest(manifest), subject.digest);
}
