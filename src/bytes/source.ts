import { Failure } from "../failure.ts";

/** Random access to a file, a disk or a section of one; the bytes must not change while it is read. */
export interface ByteSource {
  /** Length in bytes, a safe integer. */
  readonly size: number;
  /**
   * Exactly `length` bytes from `offset`.
   *
   * @throws bytes/out-of-range where the range is not inside the source
   */
  read(offset: number, length: number): Promise<Uint8Array>;
}

/** Bytes read at a time when a source is streamed. */
const CHUNK_BYTES = 1024 * 1024;

/** A source over bytes in memory. */
export function memorySource(bytes: Uint8Array): ByteSource {
  return {
    size: bytes.length,
    async read(offset, length) {
      requireRange(bytes.length, offset, length);
      return bytes.subarray(offset, offset + length);
    },
  };
}

/** Streams `length` bytes of `source` from `offset`. */
export async function* streamSource(
  source: ByteSource,
  offset = 0,
  length = source.size - offset,
): AsyncGenerator<Uint8Array> {
  requireRange(source.size, offset, length);
  for (let at = offset; at < offset + length; at += CHUNK_BYTES) {
    // One chunk at a time: memory stays bounded, and files are read in order.
    yield await source.read(at, Math.min(CHUNK_BYTES, offset + length - at));
  }
}

/** @throws bytes/out-of-range unless `[offset, offset + length)` is inside `[0, size)` */
export function requireRange(size: number, offset: number, length: number): void {
  if (
    !Number.isSafeInteger(offset) ||
    !Number.isSafeInteger(length) ||
    offset < 0 ||
    length < 0 ||
    offset + length > size
  ) {
    throw new Failure("bytes/out-of-range", `wanted ${length} bytes at offset ${offset} of ${size}`);
  }
}
