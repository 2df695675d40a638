import { Failure } from "../failure.ts";

/**
 * Reads binary structures front to back; never past the end.
 *
 * Every `read*` advances by what it read and throws bytes/out-of-range where fewer bytes are left.
 */
export class Cursor {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  /** Offset of the next byte, from 0. */
  get offset(): number {
    return this.#at;
  }

  /** Bytes not read yet. */
  get left(): number {
    return this.#bytes.length - this.#at;
  }

  readBytes(length: number): Uint8Array {
    const start = this.#advance(length);
    return this.#bytes.subarray(start, start + length);
  }

  readU8(): number {
    return this.#view.getUint8(this.#advance(1));
  }

  readU16be(): number {
    return this.#view.getUint16(this.#advance(2));
  }

  readU16le(): number {
    return this.#view.getUint16(this.#advance(2), true);
  }

  readU32be(): number {
    return this.#view.getUint32(this.#advance(4));
  }

  readU32le(): number {
    return this.#view.getUint32(this.#advance(4), true);
  }

  readU64be(): bigint {
    return this.#view.getBigUint64(this.#advance(8));
  }

  readU64le(): bigint {
    return this.#view.getBigUint64(this.#advance(8), true);
  }

  #advance(length: number): number {
    if (length > this.left) {
      throw new Failure("bytes/out-of-range", `wanted ${length} bytes at offset ${this.#at}, ${this.left} are left`);
    }
    const start = this.#at;
    this.#at += length;
    return start;
  }
}
