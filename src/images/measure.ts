import { Failure } from "../failure.ts";
import { type ImageMeasurement, type MeasuredImage, type MeasuredLayer } from "../measure/image.ts";
import { measureLayer } from "../measure/layer.ts";
import { type ImageConfig, parseImageConfig } from "../oci/config.ts";
import { type Descriptor } from "../oci/descriptor.ts";
import { isConfigType, isLayerType, MEDIA_TYPES } from "../oci/media-types.ts";
import { MAX_DOCUMENT_BYTES } from "../oci/narrow.ts";
import { readBlob } from "./blob.ts";
import { formatPlatform, type Image, type ImageChild } from "./image.ts";
import { type ImageRepository } from "./repository.ts";

/**
 * Told how far reading is.
 *
 * @param readBytes   bytes of layers read so far
 * @param totalBytes  bytes of all layers of the image
 */
export type MeasureProgress = (readBytes: number, totalBytes: number) => void;

/**
 * Reads every byte of an image and recomputes what its configurations claim: each layer is uncompressed and its diffID
 * compared. A layer that several platforms share is read once.
 *
 * A manifest whose configuration is not an image's is an artefact; it claims no diffIDs. Blobs in it that are no layers,
 * and in-toto statements of buildx anywhere, are taken as they are: their diffID is their digest.
 *
 * @throws images/diffid-mismatch, images/missing, images/blob-mismatch, images/too-large, measure/malformed-layer,
 *         measure/layer-too-large, measure/foreign-layer, oci/malformed-config, oci/unsupported-media-type
 */
export async function measureImage(
  repository: ImageRepository,
  image: Image,
  progress: MeasureProgress = () => undefined,
): Promise<ImageMeasurement> {
  const layers = new LayerReader(repository, image, progress);
  const images: MeasuredImage[] = [];
  for (const child of image.children) images.push(await measureChild(repository, child, layers));
  const { digest, size } = image.root;
  return { index: image.indexes.length === 0 ? null : { digest, size }, images };
}

async function measureChild(
  repository: ImageRepository,
  { descriptor, manifest }: ImageChild,
  reader: LayerReader,
): Promise<MeasuredImage> {
  const bytes = await readBlob(repository, manifest.config, MAX_DOCUMENT_BYTES);
  const config = isConfigType(manifest.config.mediaType) ? parseImageConfig(bytes) : null;
  const platform = descriptor.platform ?? config?.platform ?? null;
  const where = platform === null ? descriptor.digest : `${formatPlatform(platform)} (${descriptor.digest})`;
  if (config !== null && config.diffIds.length !== manifest.layers.length) {
    throw mismatch(`${where} has ${manifest.layers.length} layers and ${config.diffIds.length} diffIDs`);
  }
  const layers: MeasuredLayer[] = [];
  for (const [at, layer] of manifest.layers.entries()) {
    const measured = await reader.read(layer, config === null);
    requireDiffId(config, at, measured, where);
    layers.push(measured);
  }
  const { digest, size } = manifest.config;
  return { digest: descriptor.digest, size: descriptor.size, platform, config: { digest, size }, layers };
}

function requireDiffId(config: ImageConfig | null, at: number, layer: MeasuredLayer, where: string): void {
  const wanted = config?.diffIds[at];
  if (wanted === undefined || wanted === layer.diffId) return;
  throw mismatch(`layer ${at} of ${where}: ${layer.digest} is ${layer.diffId} uncompressed, its image says ${wanted}`);
}

/** Reads layers, each once, and counts. */
class LayerReader {
  readonly #repository: ImageRepository;
  readonly #progress: MeasureProgress;
  readonly #totalBytes: number;
  readonly #measured = new Map<string, MeasuredLayer>();
  #readBytes = 0;

  constructor(repository: ImageRepository, image: Image, progress: MeasureProgress) {
    this.#repository = repository;
    this.#progress = progress;
    const layers = image.children.flatMap(({ manifest }) => manifest.layers);
    const sizes = new Map(layers.map((layer) => [keyOf(layer), layer.size]));
    this.#totalBytes = [...sizes.values()].reduce((sum, size) => sum + size, 0);
  }

  async read(layer: Descriptor, isArtefact: boolean): Promise<MeasuredLayer> {
    const known = this.#measured.get(keyOf(layer));
    if (known !== undefined) return known;
    const measured = await this.#measure(layer, isArtefact);
    this.#measured.set(keyOf(layer), measured);
    return measured;
  }

  async #measure(layer: Descriptor, isArtefact: boolean): Promise<MeasuredLayer> {
    const { digest, size, mediaType } = layer;
    const isPlainBlob = mediaType === MEDIA_TYPES.inToto || (isArtefact && !isLayerType(mediaType));
    if (isPlainBlob) {
      for await (const _ of this.#stream(layer));
      return { digest, size, mediaType, diffId: digest, uncompressedSize: size };
    }
    const { diffId, uncompressedSize } = await measureLayer(this.#stream(layer), mediaType);
    return { digest, size, mediaType, diffId, uncompressedSize };
  }

  async *#stream(layer: Descriptor): AsyncGenerator<Uint8Array> {
    for await (const chunk of this.#repository.openBlob(layer)) {
      this.#readBytes += chunk.length;
      this.#progress(this.#readBytes, this.#totalBytes);
      yield chunk;
    }
  }
}

/** How a layer is read depends on its type too. */
const keyOf = ({ digest, mediaType, size }: Descriptor): string => JSON.stringify([digest, mediaType, size]);

const mismatch = (message: string): Failure => new Failure("images/diffid-mismatch", message);
