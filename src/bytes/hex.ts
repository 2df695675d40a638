import { Failure } from "../failure.ts";

/** Lower-case hex of `bytes`. */
export const toHex = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("hex");

/**
 * Strict inverse of {@link toHex}: lower case, even length, nothing else.
 *
 * @throws bytes/malformed-hex
 */
export function fromHex(text: string): Uint8Array {
  if (text.length % 2 !== 0 || !/^[0-9a-f]*$/.test(text)) {
    throw new Failure("bytes/malformed-hex", "not lower-case hex of whole bytes");
  }
  return new Uint8Array(Buffer.from(text, "hex"));
}
