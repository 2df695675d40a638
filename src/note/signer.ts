import { createPublicKey, sign, type KeyObject } from "node:crypto";

import { ml_dsa44 } from "@noble/post-quantum/ml-dsa.js";

import { concat } from "../bytes/join.ts";
import { toUtf8 } from "../bytes/utf8.ts";
import { cosignatureMessage, encodeTime, type CosignatureType } from "./cosignature.ts";
import { formatNote, MAX_SIGNATURES, requireNoteText } from "./note.ts";
import { makeVerifierKey, type VerifierKey } from "./vkey.ts";

/** Makes one key's signature lines. */
export interface NoteSigner {
  /** The key that verifies what {@link sign} returns. */
  readonly key: VerifierKey;
  /** What follows the key ID in a signature line over `text`. */
  readonly sign: (text: string) => Uint8Array;
}

/**
 * Signs `text`, one line for each signer, in their order.
 *
 * @param text ends with a newline
 * @returns    the whole note
 * @throws     note/malformed if the text cannot be a note's
 * @throws     RangeError without signers, or with more than a note may have
 */
export function signNote(text: string, signers: readonly NoteSigner[]): string {
  requireNoteText(text);
  if (signers.length === 0 || signers.length > MAX_SIGNATURES) {
    throw new RangeError(`a note has 1 to ${MAX_SIGNATURES} signatures, not ${signers.length}`);
  }
  const signatures = signers.map((signer) => {
    return { name: signer.key.name, keyId: signer.key.keyId, signature: signer.sign(text) };
  });
  return formatNote({ text, signatures });
}

/**
 * @param privateKey Ed25519
 * @throws note/malformed-vkey if `name` is no key name
 */
export function ed25519NoteSigner(name: string, privateKey: KeyObject): NoteSigner {
  const key = makeVerifierKey(name, "ed25519", rawEd25519(privateKey));
  return { key, sign: (text) => new Uint8Array(sign(null, toUtf8(text), privateKey)) };
}

/**
 * @param privateKey EC on P-256, P-384 or P-521; signs the text's SHA-256
 * @throws note/malformed-vkey if `name` is no key name
 */
export function ecdsaNoteSigner(name: string, privateKey: KeyObject): NoteSigner {
  const spki = new Uint8Array(createPublicKey(privateKey).export({ format: "der", type: "spki" }));
  const key = makeVerifierKey(name, "ecdsa", spki);
  return {
    key,
    sign: (text) => new Uint8Array(sign("sha256", toUtf8(text), { key: privateKey, dsaEncoding: "der" })),
  };
}

/**
 * A witness's signer at one moment.
 *
 * @param privateKey Ed25519, or the 32-byte seed of an ML-DSA-44 key (FIPS 204 §5.1, ξ)
 * @param time       POSIX seconds that the cosignatures carry
 * @throws note/malformed-vkey if `name` is no key name
 */
export function cosigner(name: string, type: "ed25519-cosignature", privateKey: KeyObject, time: number): NoteSigner;
export function cosigner(name: string, type: "ml-dsa-44-cosignature", seed: Uint8Array, time: number): NoteSigner;
export function cosigner(
  name: string,
  type: CosignatureType,
  privateKey: KeyObject | Uint8Array,
  time: number,
): NoteSigner {
  if (!Number.isSafeInteger(time) || time < 0) throw new RangeError(`${time} is not a time in whole seconds`);
  const { publicKey, signBytes } = privateKey instanceof Uint8Array ? mlDsaKeys(privateKey) : ed25519Keys(privateKey);
  const key = makeVerifierKey(name, type, publicKey);
  return {
    key,
    sign: (text) => concat(encodeTime(time), signBytes(cosignatureMessage(type, name, time, text))),
  };
}

interface Keys {
  readonly publicKey: Uint8Array;
  readonly signBytes: (message: Uint8Array) => Uint8Array;
}

const ed25519Keys = (privateKey: KeyObject): Keys => ({
  publicKey: rawEd25519(privateKey),
  signBytes: (message) => sign(null, message, privateKey),
});

function mlDsaKeys(seed: Uint8Array): Keys {
  const { publicKey, secretKey } = ml_dsa44.keygen(seed);
  // The deterministic variant (FIPS 204 §3.4): this floor draws no random bytes.
  return { publicKey, signBytes: (message) => ml_dsa44.sign(message, secretKey, { extraEntropy: false }) };
}

/** The 32 bytes at the end of an Ed25519 SubjectPublicKeyInfo, RFC 8410 §4. */
function rawEd25519(privateKey: KeyObject): Uint8Array {
  if (privateKey.asymmetricKeyType !== "ed25519") {
    throw new RangeError(`an Ed25519 key is wanted, not ${privateKey.asymmetricKeyType ?? privateKey.type}`);
  }
  return new Uint8Array(createPublicKey(privateKey).export({ format: "der", type: "spki" })).slice(-32);
}
