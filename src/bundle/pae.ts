import { concat } from "../bytes/join.ts";
import { toUtf8 } from "../bytes/utf8.ts";

/** The payload type of in-toto statements. */
export const PAYLOAD_TYPE = "application/vnd.in-toto+json";

const PREFIX = toUtf8("DSSEv1 ");
/** Bytes that {@link looksLikePae} needs to see. */
export const PAE_PREFIX_BYTES = PREFIX.length;

/** DSSE v1 pre-authentication encoding: the bytes that an envelope's signature covers. Lengths count bytes. */
export function pae(payloadType: string, payload: Uint8Array): Uint8Array {
  const type = toUtf8(payloadType);
  return concat(PREFIX, toUtf8(`${type.length} `), type, toUtf8(` ${payload.length} `), payload);
}

/**
 * Whether bytes that begin like this could be a {@link pae}.
 *
 * A raw signature over a file that is one is at the same time the signature of a statement, so such files are neither
 * signed nor accepted as files.
 *
 * @param firstBytes  at least {@link PAE_PREFIX_BYTES}, or all there are
 */
export function looksLikePae(firstBytes: Uint8Array): boolean {
  return firstBytes.length >= PREFIX.length && PREFIX.every((byte, at) => firstBytes[at] === byte);
}
