import { Failure } from "../failure.ts";

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const encoder = new TextEncoder();

/** UTF-8 bytes of `text`, which must hold no lone surrogate (they would be replaced). */
export const toUtf8 = (text: string): Uint8Array => encoder.encode(text);

/**
 * Strict UTF-8: no replacement characters for bad sequences, and a byte-order mark is kept, not dropped.
 *
 * @throws bytes/malformed-utf8
 */
export function fromUtf8(bytes: Uint8Array): string {
  try {
    return decoder.decode(bytes);
  } catch (cause) {
    throw new Failure("bytes/malformed-utf8", "not valid UTF-8", { cause });
  }
}
