import { type KeyDetails, type PublicKey } from "../bundle/key.ts";
import { Failure } from "../failure.ts";
import { formatVkey, makeVerifierKey } from "../note/vkey.ts";

/** Signature types of signed notes by kind of key; null where there is none. */
const NOTE_TYPES: Readonly<Record<KeyDetails, "ed25519" | "ecdsa" | null>> = {
  PKIX_ECDSA_P256_SHA_256: "ecdsa",
  PKIX_ECDSA_P384_SHA_384: "ecdsa",
  PKIX_ECDSA_P521_SHA_512: "ecdsa",
  PKIX_ED25519: "ed25519",
  PKIX_RSA_PKCS1V15_2048_SHA256: null,
  PKIX_RSA_PKCS1V15_3072_SHA256: null,
  PKIX_RSA_PKCS1V15_4096_SHA256: null,
};
/** RFC 8410 §4: an Ed25519 SPKI ends with the 32 bytes of the key. */
const ED25519_BYTES = 32;

/**
 * The key as a C2SP verifier key under `name`, `name+keyID+base64(type || key)`.
 *
 * @throws note/malformed-vkey      where `name` is no key name
 * @throws bundle/unsupported-key   for RSA, which signed notes do not know
 */
export function vkeyOf({ keyDetails, spki }: PublicKey, name: string): string {
  const type = NOTE_TYPES[keyDetails];
  if (type === null) {
    throw new Failure("bundle/unsupported-key", `signed notes have no signature type for ${keyDetails}`);
  }
  return formatVkey(makeVerifierKey(name, type, type === "ed25519" ? spki.subarray(-ED25519_BYTES) : spki));
}
