import { Failure } from "../failure.ts";

/** Standard, padded base64 (RFC 4648 §4) of `bytes`. */
export const toBase64 = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("base64");

/**
 * Strict inverse of {@link toBase64}: refuses URL-safe letters, missing padding, white space and non-zero spare bits,
 * all of which Node's own decoder accepts.
 *
 * @throws bytes/malformed-base64
 */
export function fromBase64(text: string): Uint8Array {
  const bytes = new Uint8Array(Buffer.from(text, "base64"));
  if (toBase64(bytes) !== text) throw new Failure("bytes/malformed-base64", "not standard padded base64");
  return bytes;
}
