import { createPublicKey, hash, type KeyObject } from "node:crypto";

import { fromBase64, toBase64 } from "../bytes/base64.ts";
import { toHex } from "../bytes/hex.ts";
import { concat, equalBytes } from "../bytes/join.ts";
import { toUtf8 } from "../bytes/utf8.ts";
import { Failure } from "../failure.ts";

/**
 * Verifier keys, c2sp.org/signed-note: a name, an algorithm and a public key, written `name+keyID+base64(type || key)`.
 *
 * The key ID is the first 4 bytes of SHA-256(name || LF || type || key). ECDSA is the exception: its ID is taken from
 * SHA-256(SPKI) alone and does not bind the name. The whole 32 bytes are what Sigstore calls the log ID.
 */

/** Signature types by their byte, c2sp.org/signed-note and c2sp.org/tlog-cosignature. */
const TYPES = {
  ed25519: { byte: 0x01, keyBytes: 32 },
  ecdsa: { byte: 0x02, keyBytes: null },
  "ed25519-cosignature": { byte: 0x04, keyBytes: 32 },
  "ml-dsa-44-cosignature": { byte: 0x06, keyBytes: 1312 },
} as const;
export type NoteKeyType = keyof typeof TYPES;

/** The key that checks one name's signatures. */
export interface VerifierKey {
  /** Not empty, without white space, control characters and `+`. */
  readonly name: string;
  /** 8 lower-case hex digits. */
  readonly keyId: string;
  readonly type: NoteKeyType;
  /** Ed25519: 32 bytes. ECDSA: SPKI DER on P-256, P-384 or P-521. ML-DSA-44: 1312 bytes. */
  readonly publicKey: Uint8Array;
}

/** Longest vkey text read, in UTF-16 units; an ML-DSA-44 key takes 1752 of them. */
const MAX_VKEY_LENGTH = 4096;

/**
 * @param publicKey as {@link VerifierKey.publicKey}
 * @throws note/malformed-vkey  if the name is not one, or the key has the wrong length
 * @throws note/unsupported-key if an ECDSA key is not a plain SPKI on a NIST curve
 */
export function makeVerifierKey(name: string, type: NoteKeyType, publicKey: Uint8Array): VerifierKey {
  if (!isKeyName(name)) throw new Failure("note/malformed-vkey", `${JSON.stringify(name)} is not a key name`);
  const { keyBytes } = TYPES[type];
  if (keyBytes === null) ecdsaKeyObject(publicKey);
  else if (publicKey.length !== keyBytes) {
    throw new Failure("note/malformed-vkey", `an ${type} key has ${keyBytes} bytes, got ${publicKey.length}`);
  }
  return { name, keyId: toHex(noteKeyHash(name, type, publicKey).subarray(0, 4)), type, publicKey };
}

/**
 * The hash a key ID is cut from: 32 bytes, of which the first 4 are the key ID and the whole is the Sigstore log ID.
 */
export function noteKeyHash(name: string, type: NoteKeyType, publicKey: Uint8Array): Uint8Array {
  const preimage =
    type === "ecdsa" ? publicKey : concat(toUtf8(name), Uint8Array.of(0x0a, TYPES[type].byte), publicKey);
  return new Uint8Array(hash("sha256", preimage, "buffer"));
}

/** Inverse of {@link parseVkey}. */
export const formatVkey = ({ name, keyId, type, publicKey }: VerifierKey): string =>
  `${name}+${keyId}+${toBase64(concat(Uint8Array.of(TYPES[type].byte), publicKey))}`;

/**
 * Reads `name+keyID+base64(type || key)`.
 *
 * @throws note/malformed-vkey  if the text is not one, or the key ID is not that of the name and the key
 * @throws note/unsupported-key if the type is none of {@link NoteKeyType}, or the ECDSA key is not on a NIST curve
 */
export function parseVkey(text: string): VerifierKey {
  if (text.length > MAX_VKEY_LENGTH) {
    throw new Failure("note/malformed-vkey", `${text.length} characters, at most ${MAX_VKEY_LENGTH} are read`);
  }
  const [name = "", keyId = "", ...encoded] = text.split("+");
  const bytes = decode(encoded.join("+"));
  const type = typeOf(bytes[0]);
  const key = makeVerifierKey(name, type, bytes.subarray(1));
  if (keyId !== key.keyId) {
    throw new Failure("note/malformed-vkey", `key ID ${JSON.stringify(keyId)} does not fit the key, want ${key.keyId}`);
  }
  return key;
}

/** c2sp.org/signed-note: not empty, no Unicode space, no plus; and, as it stands in notes, no control character. */
export const isKeyName = (name: string): boolean =>
  // oxlint-disable-next-line no-control-regex -- control characters are what is refused
  name !== "" && name.isWellFormed() && !/[\p{White_Space}+\u0000-\u001f]/u.test(name);

/** DER of an Ed25519 SubjectPublicKeyInfo up to the key itself, RFC 8410 §4. */
const ED25519_SPKI = Uint8Array.of(0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00);

/** The runtime's form of a raw Ed25519 key of 32 bytes. */
export const ed25519KeyObject = (publicKey: Uint8Array): KeyObject =>
  createPublicKey({ key: Buffer.from(concat(ED25519_SPKI, publicKey)), format: "der", type: "spki" });

/** Node's names of P-256, P-384 and P-521. */
const CURVES: ReadonlySet<string | undefined> = new Set(["prime256v1", "secp384r1", "secp521r1"]);

/**
 * @throws note/unsupported-key unless `spki` is an EC key on a NIST curve in its one usual encoding (the curve by name,
 *         the point uncompressed): under another encoding the same key would have another ID
 */
export function ecdsaKeyObject(spki: Uint8Array): KeyObject {
  const key = readSpki(spki);
  if (key.asymmetricKeyType !== "ec" || !CURVES.has(key.asymmetricKeyDetails?.namedCurve)) {
    throw new Failure("note/unsupported-key", "the ECDSA key is not on P-256, P-384 or P-521");
  }
  const usual = fromCoordinates(key);
  if (!equalBytes(usual.export({ format: "der", type: "spki" }), spki)) {
    throw new Failure("note/unsupported-key", "the ECDSA key is not encoded canonically");
  }
  return usual;
}

function fromCoordinates(key: KeyObject): KeyObject {
  try {
    return createPublicKey({ key: key.export({ format: "jwk" }), format: "jwk" });
  } catch (cause) {
    // OpenSSL reads the point at infinity (SEC 1 §2.3.4), under which anybody can sign.
    throw new Failure("note/unsupported-key", "the ECDSA key has no coordinates", { cause });
  }
}

function readSpki(spki: Uint8Array): KeyObject {
  try {
    return createPublicKey({ key: Buffer.from(spki), format: "der", type: "spki" });
  } catch (cause) {
    throw new Failure("note/unsupported-key", "the ECDSA key is not a SubjectPublicKeyInfo", { cause });
  }
}

function decode(text: string): Uint8Array {
  try {
    return fromBase64(text);
  } catch (cause) {
    throw new Failure("note/malformed-vkey", "not name+keyID+base64 key", { cause });
  }
}

function typeOf(byte: number | undefined): NoteKeyType {
  switch (byte) {
    case 0x01:
      return "ed25519";
    case 0x02:
      return "ecdsa";
    case 0x04:
      return "ed25519-cosignature";
    case 0x06:
      return "ml-dsa-44-cosignature";
    case undefined:
      throw new Failure("note/malformed-vkey", "the key is empty");
    default:
      throw new Failure("note/unsupported-key", `signature type ${byte} is not one of 1, 2, 4, 6`);
  }
}
