import { createHash } from "node:crypto";

import { KEY_DETAILS, type KeyDetails, type PublicKey } from "./key.ts";

/** The digests that entries and message signatures may hold, under the names of Sigstore's `HashAlgorithm`. */
export const HASH_ALGORITHMS = {
  SHA2_256: { node: "sha256", bytes: 32 },
  SHA2_384: { node: "sha384", bytes: 48 },
  SHA2_512: { node: "sha512", bytes: 64 },
} as const;
export type HashAlgorithm = keyof typeof HASH_ALGORITHMS;

export const HASH_ALGORITHM_NAMES = ["SHA2_256", "SHA2_384", "SHA2_512"] as const satisfies readonly HashAlgorithm[];

const BY_NODE_NAME = { sha256: "SHA2_256", sha384: "SHA2_384", sha512: "SHA2_512" } as const;

/** Kinds of key in log entries: our own, and Sigstore's Ed25519ph, which is read but never written. */
export type EntryKeyDetails = KeyDetails | "PKIX_ED25519_PH";

/**
 * The digest that belongs to a kind of key, and so to what it signed.
 *
 * A pure Ed25519 key signs no digest; what it signed is named by SHA-512, the hash inside Ed25519.
 */
export function hashAlgorithmOf(keyDetails: EntryKeyDetails): HashAlgorithm {
  if (keyDetails === "PKIX_ED25519_PH") return "SHA2_512";
  return BY_NODE_NAME[KEY_DETAILS[keyDetails].digest ?? "sha512"];
}

/** Digest of what `key` signed, by {@link hashAlgorithmOf}. */
export function digestFor(key: PublicKey, message: Uint8Array): Uint8Array {
  return hashBytes(hashAlgorithmOf(key.keyDetails), message);
}

export function hashBytes(algorithm: HashAlgorithm, message: Uint8Array): Uint8Array {
  return new Uint8Array(createHash(HASH_ALGORITHMS[algorithm].node).update(message).digest());
}
