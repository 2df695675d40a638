import { verify, type KeyObject } from "node:crypto";

import { toUtf8 } from "../bytes/utf8.ts";
import { ecdsaKeyObject, ed25519KeyObject, type VerifierKey } from "./vkey.ts";

/**
 * Whether `signature` is the key's signature of a note's text, c2sp.org/signed-note types 0x01 and 0x02.
 *
 * @param text      the note's text, to its final newline
 * @param signature Ed25519: 64 bytes (RFC 8032). ECDSA: ASN.1 DER
 * @throws RangeError for a cosigner's key, whose signatures also carry a time
 */
export function verifyNoteSignature(key: VerifierKey, text: string, signature: Uint8Array): boolean {
  if (key.type === "ed25519") return verify(null, toUtf8(text), ed25519KeyObject(key.publicKey), signature);
  if (key.type === "ecdsa") return verifyEcdsa(ecdsaKeyObject(key.publicKey), toUtf8(text), signature);
  throw new RangeError(`${key.name} is a cosigner's key`);
}

const verifyEcdsa = (key: KeyObject, message: Uint8Array, signature: Uint8Array): boolean =>
  verify("sha256", message, { key, dsaEncoding: "der" }, signature);
