import { type ImageContents } from "../measure/image.ts";
import { parseImageConfig } from "../oci/config.ts";
import { isConfigType } from "../oci/media-types.ts";
import { MAX_DOCUMENT_BYTES } from "../oci/narrow.ts";
import { readBlob } from "./blob.ts";
import { type Image, type ImageChild } from "./image.ts";
import { type ImageRepository } from "./repository.ts";

/**
 * Reads the configurations of `image`. Digests are checked; that a layer's diffID is what its configuration claims is
 * for whoever measures the image.
 *
 * @throws images/missing, images/blob-mismatch, images/too-large, images/malformed, oci/malformed-config
 */
export async function readContents(repository: ImageRepository, image: Image): Promise<ImageContents> {
  const images: ImageContents["images"][number][] = [];
  for (const child of image.children) images.push(await readChild(repository, child));
  const { digest, size } = image.root;
  return { index: image.indexes.length === 0 ? null : { digest, size }, images };
}

async function readChild(
  repository: ImageRepository,
  { descriptor, manifest }: ImageChild,
): Promise<ImageContents["images"][number]> {
  const bytes = await readBlob(repository, manifest.config, MAX_DOCUMENT_BYTES);
  const config = isConfigType(manifest.config.mediaType) ? parseImageConfig(bytes) : null;
  return {
    digest: descriptor.digest,
    size: descriptor.size,
    platform: descriptor.platform ?? config?.platform ?? null,
    config: { digest: manifest.config.digest, size: manifest.config.size },
    layers: manifest.layers.map(({ digest, size, mediaType }, at) => ({
      digest,
      size,
      mediaType,
      // As in a measurement: what is no image's layer is its own diffID.
      diffId: config?.diffIds[at] ?? digest,
    })),
  };
}
