/**
 * Public keys, and signatures checked with them.
 *
 * A key is its SubjectPublicKeyInfo (RFC 5280 §4.1.2.7) in one form only, so that one key has one id: a compressed
 * point or explicit curve parameters would give the same key a second name, and a threshold a second signer. Each kind
 * of key has exactly one digest; it is never taken from the signature.
 */
import { createHash, createPublicKey, createVerify, type KeyObject, verify } from "node:crypto";

import { toBase64 } from "../bytes/base64.ts";
import { toHex } from "../bytes/hex.ts";
import { concat, equalBytes } from "../bytes/join.ts";
import { formatPem, parsePem } from "../bytes/pem.ts";
import { fromUtf8 } from "../bytes/utf8.ts";
import { Failure } from "../failure.ts";

/** What is known about each kind of key, under the names of Sigstore's `PublicKeyDetails`. */
export const KEY_DETAILS = {
  PKIX_ECDSA_P256_SHA_256: { title: "ECDSA P-256", digest: "sha256" },
  PKIX_ECDSA_P384_SHA_384: { title: "ECDSA P-384", digest: "sha384" },
  PKIX_ECDSA_P521_SHA_512: { title: "ECDSA P-521", digest: "sha512" },
  /** Pure Ed25519 (RFC 8032): signs the message itself, so that a digest alone cannot be checked. */
  PKIX_ED25519: { title: "Ed25519", digest: null },
  PKIX_RSA_PKCS1V15_2048_SHA256: { title: "RSA 2048", digest: "sha256" },
  PKIX_RSA_PKCS1V15_3072_SHA256: { title: "RSA 3072", digest: "sha256" },
  PKIX_RSA_PKCS1V15_4096_SHA256: { title: "RSA 4096", digest: "sha256" },
} as const satisfies Record<string, { title: string; digest: "sha256" | "sha384" | "sha512" | null }>;
export type KeyDetails = keyof typeof KEY_DETAILS;

/** A public key in its only form. Made by {@link readPublicKey} and {@link publicKeyOf} alone. */
export interface PublicKey {
  /** DER SubjectPublicKeyInfo. */
  readonly spki: Uint8Array;
  /** Lower-case hex of SHA-256 over {@link spki}. */
  readonly keyId: string;
  readonly keyDetails: KeyDetails;
}

/** Longest public key read, in bytes; RSA 4096 in PEM takes 800. */
const MAX_KEY_BYTES = 16 * 1024;
/** Ed25519 needs the whole message at once: the most that is kept for it. */
export const MAX_BUFFERED_BYTES = 64 * 1024 * 1024;
const DER_SEQUENCE = 0x30;

/**
 * A public key from PEM (`PUBLIC KEY`, one block) or DER SubjectPublicKeyInfo.
 *
 * @throws bundle/malformed-key for anything but one canonical public key
 * @throws bundle/unsupported-key for a kind not in {@link KEY_DETAILS}
 */
export function readPublicKey(pemOrDer: string | Uint8Array): PublicKey {
  if (pemOrDer.length > MAX_KEY_BYTES) {
    throw new Failure(
      "bundle/malformed-key",
      `a public key has at most ${MAX_KEY_BYTES} bytes, not ${pemOrDer.length}`,
    );
  }
  const der = typeof pemOrDer !== "string" && pemOrDer[0] === DER_SEQUENCE ? pemOrDer : readPublicPem(pemOrDer);
  const key = publicKeyOf(nodeKey(der));
  if (!equalBytes(key.spki, der)) {
    throw new Failure("bundle/malformed-key", "the public key is not in its canonical form");
  }
  return key;
}

/**
 * The public key that Node holds, or the public half of a private key.
 *
 * @throws bundle/unsupported-key for a kind not in {@link KEY_DETAILS}
 */
export function publicKeyOf(key: KeyObject): PublicKey {
  const publicKey = key.type === "private" ? createPublicKey(key) : key;
  const keyDetails = detailsOf(publicKey);
  const spki = new Uint8Array(canonicalKey(publicKey).export({ type: "spki", format: "der" }));
  return { spki, keyId: toHex(sha256(spki)), keyDetails };
}

/** PEM text of the key. */
export const formatPublicKeyPem = (key: PublicKey): string => formatPem({ label: "PUBLIC KEY", contents: key.spki });

/** Base64 of SHA-256 over the SPKI, as cosign writes it into `verificationMaterial.publicKey.hint`; never an authority. */
export const keyHint = (key: PublicKey): string => toBase64(sha256(key.spki));

/**
 * Whether `signature` is this key's over `message`: ECDSA in strict DER, RSA PKCS #1 v1.5, or pure Ed25519.
 *
 * A signature of any length or form is only ever false.
 */
export function verifySignature(key: PublicKey, message: Uint8Array, signature: Uint8Array): boolean {
  return verify(KEY_DETAILS[key.keyDetails].digest, message, parsedKey(key), signature);
}

/** {@link verifySignature} for a message that comes in parts. */
export class MessageVerifier {
  readonly #key: PublicKey;
  readonly #hash: ReturnType<typeof createVerify> | null;
  readonly #parts: Uint8Array[] = [];
  #buffered = 0;

  constructor(key: PublicKey) {
    this.#key = key;
    const { digest } = KEY_DETAILS[key.keyDetails];
    this.#hash = digest === null ? null : createVerify(digest);
  }

  /** @throws bundle/message-too-large where the key is Ed25519 and more than {@link MAX_BUFFERED_BYTES} have come */
  update(part: Uint8Array): void {
    if (this.#hash !== null) {
      this.#hash.update(part);
      return;
    }
    this.#buffered += part.length;
    requireBufferable(this.#buffered);
    // A copy: streams reuse their chunks.
    this.#parts.push(part.slice());
  }

  /** Ends the message; once only. */
  verify(signature: Uint8Array): boolean {
    if (this.#hash === null) return verifySignature(this.#key, concat(...this.#parts), signature);
    return this.#hash.verify(parsedKey(this.#key), signature);
  }
}

/** @throws bundle/message-too-large for a message too long to be kept for Ed25519 */
export function requireBufferable(messageBytes: number): void {
  if (messageBytes > MAX_BUFFERED_BYTES) {
    throw new Failure(
      "bundle/message-too-large",
      `an Ed25519 signature covers the message itself, kept whole up to ${MAX_BUFFERED_BYTES} bytes`,
      { hint: "use an ECDSA key for large files" },
    );
  }
}

function readPublicPem(pem: string | Uint8Array): Uint8Array {
  try {
    const [block] = parsePem(typeof pem === "string" ? pem : fromUtf8(pem));
    if (block?.label === "PUBLIC KEY") return block.contents;
    throw new Failure("bundle/malformed-key", `wanted a PEM block "PUBLIC KEY", got "${block?.label}"`);
  } catch (cause) {
    if (!(cause instanceof Failure) || cause.code.startsWith("bundle/")) throw cause;
    throw new Failure("bundle/malformed-key", "not a public key in PEM", { cause });
  }
}

/** Node's form of each key: making it takes longer than verifying with it. */
const parsed = new WeakMap<PublicKey, KeyObject>();

function parsedKey(key: PublicKey): KeyObject {
  const node = parsed.get(key) ?? nodeKey(key.spki);
  parsed.set(key, node);
  return node;
}

function nodeKey(spki: Uint8Array): KeyObject {
  try {
    return createPublicKey({ key: Buffer.from(spki), type: "spki", format: "der" });
  } catch (cause) {
    throw new Failure("bundle/malformed-key", "not a SubjectPublicKeyInfo", { cause });
  }
}

/** By way of JWK, which has coordinates and named curves only: whatever form a point or a curve came in is gone. */
function canonicalKey(key: KeyObject): KeyObject {
  try {
    return createPublicKey({ key: key.export({ format: "jwk" }), format: "jwk" });
  } catch (cause) {
    // OpenSSL reads the point at infinity (SEC 1 §2.3.4), under which anybody can sign.
    throw new Failure("bundle/malformed-key", "the public key has no coordinates", { cause });
  }
}

function detailsOf(key: KeyObject): KeyDetails {
  const { namedCurve, modulusLength, publicExponent } = key.asymmetricKeyDetails ?? {};
  const kind = [key.asymmetricKeyType, namedCurve ?? modulusLength, publicExponent].filter(
    (part) => part !== undefined,
  );
  const details = KINDS_OF_NODE[kind.join(" ")];
  if (details === undefined) {
    throw new Failure("bundle/unsupported-key", `a key of kind "${kind.join(" ")}" cannot be used`, {
      hint: "use ECDSA P-256, P-384 or P-521, Ed25519, or RSA of 2048, 3072 or 4096 bits with exponent 65537",
    });
  }
  return details;
}

/** Node's `asymmetricKeyType` and details, joined. */
const KINDS_OF_NODE: Readonly<Record<string, KeyDetails>> = {
  "ec prime256v1": "PKIX_ECDSA_P256_SHA_256",
  "ec secp384r1": "PKIX_ECDSA_P384_SHA_384",
  "ec secp521r1": "PKIX_ECDSA_P521_SHA_512",
  ed25519: "PKIX_ED25519",
  "rsa 2048 65537": "PKIX_RSA_PKCS1V15_2048_SHA256",
  "rsa 3072 65537": "PKIX_RSA_PKCS1V15_3072_SHA256",
  "rsa 4096 65537": "PKIX_RSA_PKCS1V15_4096_SHA256",
};

const sha256 = (bytes: Uint8Array): Uint8Array => new Uint8Array(createHash("sha256").update(bytes).digest());
