import { type Transform } from "node:stream";
import { constants, createGunzip, createZstdDecompress } from "node:zlib";

import { Failure } from "../failure.ts";
import { ZstdFrames } from "./zstd-frames.ts";

/** How the bytes of a layer are stored. */
export type Compression = "none" | "gzip" | "zstd";

/** Takes compressed bytes and hands what they stand for to a sink, in bounded memory. */
export interface Decompressor {
  /**
   * Resolves when all of `bytes` has been through the sink; they may be overwritten then.
   *
   * @throws measure/malformed-layer, and whatever the sink throws
   */
  write(bytes: Uint8Array): Promise<void>;
  /** Ends the input. @throws measure/malformed-layer where it is cut short or goes on after its end */
  end(): Promise<void>;
  /** Frees what is held; for use after a failure. */
  destroy(): void;
}

/** Bytes handed to the sink at a time. */
const CHUNK_BYTES = 256 * 1024;
/** 128 MiB, what other decoders grant at most; the window is what bounds the memory. */
const ZSTD_WINDOW_LOG = 27;

/** @param sink  called with each piece of the uncompressed bytes, in order; may throw */
export function makeDecompressor(compression: Compression, sink: (bytes: Uint8Array) => void): Decompressor {
  if (compression === "zstd") return new ZstdDecompressor(sink);
  // Several members are one stream (RFC 1952 §2.2), which is how estargz and pigz write.
  if (compression === "gzip") return new Pump(createGunzip({ chunkSize: CHUNK_BYTES }), sink);
  return { write: async (bytes) => sink(bytes), end: async () => undefined, destroy: () => undefined };
}

class ZstdDecompressor implements Decompressor {
  readonly #frames = new ZstdFrames();
  readonly #pump: Pump;

  constructor(sink: (bytes: Uint8Array) => void) {
    const params = { [constants.ZSTD_d_windowLogMax]: ZSTD_WINDOW_LOG };
    this.#pump = new Pump(createZstdDecompress({ chunkSize: CHUNK_BYTES, params }), sink);
  }

  async write(bytes: Uint8Array): Promise<void> {
    for (const piece of this.#frames.split(bytes)) await this.#pump.write(piece);
  }

  async end(): Promise<void> {
    this.#frames.finish();
    await this.#pump.end();
  }

  destroy(): void {
    this.#pump.destroy();
  }
}

/** A stream of node:zlib fed one write at a time. Its output flows, so that what one write makes is never piled up. */
class Pump implements Decompressor {
  readonly #stream: Transform & { readonly bytesWritten: number };
  #fed = 0;
  #isEnded = false;
  #error: unknown = null;
  /** Ends the wait under way, if there is one. */
  #settle: () => void = () => undefined;

  constructor(stream: Transform & { readonly bytesWritten: number }, sink: (bytes: Uint8Array) => void) {
    this.#stream = stream;
    stream.on("data", (chunk: Uint8Array) => {
      try {
        if (this.#error === null) sink(chunk);
      } catch (error) {
        // Thrown from here it would reach nobody.
        this.#fail(error);
      }
    });
    stream.once("end", () => {
      this.#isEnded = true;
      this.#settle();
    });
    stream.on("error", (cause) => {
      this.#fail(new Failure("measure/malformed-layer", "the layer does not decompress", { cause }));
    });
  }

  async write(bytes: Uint8Array): Promise<void> {
    this.#fed += bytes.length;
    // After the end of the compressed data Node never answers a write that brings more: `end` is what settles it.
    if (!this.#isEnded) await this.#wait((done) => this.#stream.write(bytes, done));
    if (this.#isEnded) throw trailing();
  }

  async end(): Promise<void> {
    await this.#wait(() => this.#stream.end());
    // Zeros after the last gzip member are dropped by Node and refused by others.
    if (this.#stream.bytesWritten !== this.#fed) throw trailing();
  }

  destroy(): void {
    this.#fail(null);
  }

  async #wait(start: (done: () => void) => void): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#settle = resolve;
      start(resolve);
    });
    if (this.#error !== null) throw this.#error;
  }

  #fail(error: unknown): void {
    this.#error ??= error;
    this.#stream.destroy();
    this.#settle();
  }
}

const trailing = (): Failure =>
  new Failure("measure/malformed-layer", "the layer goes on after the end of its compressed data");
