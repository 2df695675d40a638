/**
 * Signatures checked from a digest alone, for artefacts that are not at hand. Node has no such call, so this goes
 * through @noble/curves; everything else uses {@link verifySignature}. Kept apart because loading the curves takes time.
 */
import { createPublicKey } from "node:crypto";

import { pow } from "@noble/curves/abstract/modular.js";
import { p256, p384, p521 } from "@noble/curves/nist.js";

import { fromHex, toHex } from "../bytes/hex.ts";
import { concat, equalBytes } from "../bytes/join.ts";
import { Failure } from "../failure.ts";
import { KEY_DETAILS, type KeyDetails, type PublicKey } from "./key.ts";

const DIGEST_BYTES = { sha256: 32, sha384: 48, sha512: 64 } as const;
/** The curve of each ECDSA key, null for RSA. */
const CURVES: Readonly<Record<Exclude<KeyDetails, "PKIX_ED25519">, typeof p256 | null>> = {
  PKIX_ECDSA_P256_SHA_256: p256,
  PKIX_ECDSA_P384_SHA_384: p384,
  PKIX_ECDSA_P521_SHA_512: p521,
  PKIX_RSA_PKCS1V15_2048_SHA256: null,
  PKIX_RSA_PKCS1V15_3072_SHA256: null,
  PKIX_RSA_PKCS1V15_4096_SHA256: null,
};
/** RFC 8017 §9.2, note 1: DER of DigestInfo for SHA-256, up to the digest. */
const SHA256_DIGEST_INFO = fromHex("3031300d060960864801650304020105000420");
/** RFC 8017 §9.2: an encoded message has at least eight octets of padding; 2048 bits leave many more. */
const PADDING = 0xff;

/**
 * Whether `signature` is this key's over a message with this digest.
 *
 * @param digest  of the message, by the hash that belongs to the kind of key: SHA-256 for P-256 and RSA
 * @throws bundle/unsupported-key where the digest is of another length, and for Ed25519, which signs no digest
 */
export function verifyDigest(key: PublicKey, digest: Uint8Array, signature: Uint8Array): boolean {
  if (key.keyDetails === "PKIX_ED25519") throw unfit("a signature by an Ed25519 key cannot be checked from a digest");
  const { title, digest: hash } = KEY_DETAILS[key.keyDetails];
  if (digest.length !== DIGEST_BYTES[hash]) {
    throw unfit(`an ${title} key needs a ${hash} digest, got ${digest.length} bytes`);
  }
  const curve = CURVES[key.keyDetails];
  return curve === null ? verifyRsa(key, digest, signature) : verifyEcdsa(curve, key, digest, signature);
}

function verifyEcdsa(curve: typeof p256, key: PublicKey, digest: Uint8Array, signature: Uint8Array): boolean {
  // The point ends the SPKI: 0x04, x, y (SEC 1 §2.3.3).
  const point = key.spki.subarray(-(1 + 2 * curve.Point.Fp.BYTES));
  try {
    // lowS is a habit of Bitcoin's, not of X9.62: half of all good signatures have a high s.
    return curve.verify(signature, digest, point, { prehash: false, format: "der", lowS: false });
  } catch {
    // A signature that is no DER is a bad signature; the point was checked when the key was read.
    return false;
  }
}

/** RFC 8017 §8.2.2: compare whole encoded messages instead of parsing padding. */
function verifyRsa(key: PublicKey, digest: Uint8Array, signature: Uint8Array): boolean {
  const { n, e } = createPublicKey({ key: Buffer.from(key.spki), type: "spki", format: "der" }).export({
    format: "jwk",
  });
  const modulus = Buffer.from(n ?? "", "base64url");
  if (signature.length !== modulus.length) return false;
  const [base, exponent, modulo] = [signature, Buffer.from(e ?? "", "base64url"), modulus].map(asInteger);
  if (base === undefined || exponent === undefined || modulo === undefined || base >= modulo) return false;
  const decrypted = fromHex(
    pow(base, exponent, modulo)
      .toString(16)
      .padStart(2 * modulus.length, "0"),
  );
  const info = concat(Uint8Array.of(0x00), SHA256_DIGEST_INFO, digest);
  const padding = new Uint8Array(modulus.length - info.length - 2).fill(PADDING);
  return equalBytes(decrypted, concat(Uint8Array.of(0x00, 0x01), padding, info));
}

const unfit = (message: string): Failure =>
  new Failure("bundle/unsupported-key", message, { hint: "verify with the file itself" });
const asInteger = (bytes: Uint8Array): bigint => BigInt(`0x${toHex(bytes)}`);
