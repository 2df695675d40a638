import { createHash } from "node:crypto";

import { Failure } from "../failure.ts";
import { type Digest, sha256Digest } from "../oci/digest.ts";
import { MEDIA_TYPES } from "../oci/media-types.ts";
import { type Compression, makeDecompressor } from "./decompressor.ts";
import { TarReader } from "./tar-reader.ts";

/** A layer's contents, whatever it was compressed with. */
export interface LayerMeasurement {
  /** Digest of the uncompressed tar. */
  readonly diffId: Digest;
  /** Bytes of the uncompressed tar. */
  readonly uncompressedSize: number;
  /** Files, directories, links and so on in it. */
  readonly entries: number;
}

/** What a layer may cost. */
export interface LayerLimits {
  /** Uncompressed bytes; {@link DEFAULT_MAX_BYTES} unless told. */
  readonly maxBytes?: number;
  /** Uncompressed bytes for each compressed one, of layers above 1 GiB; {@link DEFAULT_MAX_RATIO} unless told. */
  readonly maxRatio?: number;
  /** Entries; {@link DEFAULT_MAX_ENTRIES} unless told. */
  readonly maxEntries?: number;
}

const DEFAULT_MAX_BYTES = 64 * 1024 ** 3;
const DEFAULT_MAX_RATIO = 1000;
const DEFAULT_MAX_ENTRIES = 10_000_000;
/** Layers below this many bytes may have any ratio: reading them costs a second or two, and runs of zeros compress well. */
const RATIO_FREE_BYTES = 1024 ** 3;

const COMPRESSIONS: Readonly<Record<string, Compression>> = {
  [MEDIA_TYPES.layer]: "none",
  [MEDIA_TYPES.layerGzip]: "gzip",
  [MEDIA_TYPES.layerZstd]: "zstd",
  [MEDIA_TYPES.dockerLayer]: "none",
  [MEDIA_TYPES.dockerLayerGzip]: "gzip",
  [MEDIA_TYPES.dockerLayerZstd]: "zstd",
};

/**
 * Streams a layer through its decompressor, SHA-256 and a reader of tars, in constant memory.
 *
 * A failure of `blob` itself, such as a digest that turns out wrong at its end, is reported before anything that the same
 * bytes did to the decompressor: the blob is read to its end for that, except where a limit was met.
 *
 * @param blob       the layer as stored; a chunk may be overwritten when the next is asked for
 * @param mediaType  says how it is compressed
 * @throws measure/malformed-layer, measure/layer-too-large, measure/foreign-layer, oci/unsupported-media-type
 */
export async function measureLayer(
  blob: AsyncIterable<Uint8Array>,
  mediaType: string,
  limits: LayerLimits = {},
): Promise<LayerMeasurement> {
  const chunks = blob[Symbol.asyncIterator]();
  const sink = new Sink(limits);
  const decompressor = makeDecompressor(compressionOf(mediaType), (bytes) => sink.write(bytes));
  try {
    for (let next = await chunks.next(); next.done !== true; next = await chunks.next()) {
      sink.compressedSize += next.value.length;
      await decompressor.write(next.value);
    }
    await decompressor.end();
    return sink.finish();
  } catch (error) {
    decompressor.destroy();
    const isLimit = error instanceof Failure && error.code === "measure/layer-too-large";
    if (isLimit) await chunks.return?.();
    else while ((await chunks.next()).done !== true);
    throw error;
  }
}

function compressionOf(mediaType: string): Compression {
  const compression = Object.hasOwn(COMPRESSIONS, mediaType) ? COMPRESSIONS[mediaType] : undefined;
  if (compression !== undefined) return compression;
  if (/\.nondistributable\.|\.foreign\./.test(mediaType)) {
    throw new Failure("measure/foreign-layer", `a layer of type ${mediaType} lies elsewhere and cannot be measured`);
  }
  throw new Failure("oci/unsupported-media-type", `${mediaType} is no layer that can be measured`);
}

/** Where the uncompressed bytes go. */
class Sink {
  readonly #limits: Required<LayerLimits>;
  readonly #hash = createHash("sha256");
  readonly #tar = new TarReader();
  /** Bytes of the blob that went in; set by the caller, for the ratio. */
  compressedSize = 0;
  #size = 0;

  constructor(limits: LayerLimits) {
    this.#limits = {
      maxBytes: limits.maxBytes ?? DEFAULT_MAX_BYTES,
      maxRatio: limits.maxRatio ?? DEFAULT_MAX_RATIO,
      maxEntries: limits.maxEntries ?? DEFAULT_MAX_ENTRIES,
    };
  }

  write(bytes: Uint8Array): void {
    this.#size += bytes.length;
    const { maxBytes, maxRatio, maxEntries } = this.#limits;
    if (this.#size > maxBytes) throw tooLarge(`more than ${maxBytes} bytes uncompressed`);
    if (this.#size > RATIO_FREE_BYTES && this.#size > maxRatio * this.compressedSize) {
      throw tooLarge(`more than ${maxRatio} bytes for each compressed one`);
    }
    this.#hash.update(bytes);
    this.#tar.write(bytes);
    if (this.#tar.entries > maxEntries) throw tooLarge(`more than ${maxEntries} entries`);
  }

  finish(): LayerMeasurement {
    this.#tar.finish();
    const diffId = sha256Digest(this.#hash.digest());
    return { diffId, uncompressedSize: this.#size, entries: this.#tar.entries };
  }
}

const tooLarge = (what: string): Failure => new Failure("measure/layer-too-large", `a layer has ${what}`);
