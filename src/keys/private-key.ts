/** Private keys in text: cosign's encrypted file, or plain PEM as other tools write it. */
import { createPrivateKey, generateKeyPairSync, type KeyObject, sign } from "node:crypto";

import { KEY_DETAILS, type KeyDetails, publicKeyOf, verifySignature } from "../bundle/key.ts";
import { type PemBlock, parsePem } from "../bytes/pem.ts";
import { toUtf8 } from "../bytes/utf8.ts";
import { Failure } from "../failure.ts";
import {
  decryptSecret,
  encryptSecret,
  MAX_KEY_FILE_BYTES,
  PRIVATE_KEY_LABEL,
  PRIVATE_KEY_LABELS,
} from "./encrypted-secret.ts";
import { type PasswordSource } from "./password-source.ts";

/** Keys that can be created, by the name given on the command line; the first is the default. */
export const KEY_ALGORITHMS = ["ecdsa-p256", "ecdsa-p384", "ecdsa-p521", "ed25519"] as const;
export type KeyAlgorithm = (typeof KEY_ALGORITHMS)[number];

const GENERATORS: Readonly<Record<KeyAlgorithm, () => KeyObject>> = {
  "ecdsa-p256": () => generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey,
  "ecdsa-p384": () => generateKeyPairSync("ec", { namedCurve: "P-384" }).privateKey,
  "ecdsa-p521": () => generateKeyPairSync("ec", { namedCurve: "P-521" }).privateKey,
  ed25519: () => generateKeyPairSync("ed25519").privateKey,
};

/** What stock cosign and Rekor v2 do not do with a key of this kind; null where they take it as it is. */
export const PEER_LIMITS: Readonly<Record<KeyDetails, string | null>> = {
  PKIX_ECDSA_P256_SHA_256: null,
  PKIX_ECDSA_P384_SHA_384: "cosign verifies with this key only if told --signature-digest-algorithm sha384",
  PKIX_ECDSA_P521_SHA_512: "cosign verifies with this key only if told --signature-digest-algorithm sha512",
  PKIX_ED25519: "Rekor v2 takes no plain Ed25519 signatures, and versions of cosign differ on them",
  PKIX_RSA_PKCS1V15_2048_SHA256: null,
  PKIX_RSA_PKCS1V15_3072_SHA256: null,
  PKIX_RSA_PKCS1V15_4096_SHA256: null,
};

/** A private key as it was read. */
export interface PrivateKey {
  readonly key: KeyObject;
  /** Whether a password protected it. */
  readonly encrypted: boolean;
}

/** Node's `type` for each plain PEM label: RFC 5958, RFC 5915, RFC 8017 Appendix A.1.2. */
const PLAIN_TYPES: Readonly<Record<string, "pkcs8" | "sec1" | "pkcs1">> = {
  "PRIVATE KEY": "pkcs8",
  "EC PRIVATE KEY": "sec1",
  "RSA PRIVATE KEY": "pkcs1",
};

/** A new private key. */
export const generateKey = (algorithm: KeyAlgorithm): KeyObject => GENERATORS[algorithm]();

/**
 * Reads a private key: cosign's encrypted file (either label), or PKCS #8, SEC 1 or PKCS #1 in plain PEM.
 *
 * @param password  asked only where the file is encrypted
 * @param subject   names the file in messages
 * @throws keys/malformed         also where the public half in the file is not the private half's
 * @throws keys/wrong-password
 * @throws bundle/unsupported-key for a kind that is not in {@link KEY_DETAILS}
 */
export async function parsePrivateKey(text: string, password: PasswordSource, subject: string): Promise<PrivateKey> {
  const block = readBlock(text);
  const type = PLAIN_TYPES[block.label];
  if (type !== undefined) return { key: nodePrivateKey(block.contents, type), encrypted: false };
  if (!PRIVATE_KEY_LABELS.includes(block.label)) throw foreign(block.label);
  const der = await decryptSecret(text, password, PRIVATE_KEY_LABELS, subject);
  const key = nodePrivateKey(der, "pkcs8");
  der.fill(0);
  return { key, encrypted: true };
}

/** The key in cosign's encrypted form, as PEM text; the password may be empty. */
export async function formatPrivateKey(key: KeyObject, password: string): Promise<string> {
  return encryptSecret(new Uint8Array(key.export({ type: "pkcs8", format: "der" })), password, PRIVATE_KEY_LABEL);
}

function readBlock(text: string): PemBlock {
  if (text.length > MAX_KEY_FILE_BYTES) {
    throw new Failure("keys/malformed", `a key file has at most ${MAX_KEY_FILE_BYTES} characters, not ${text.length}`);
  }
  if (text.includes("\nProc-Type:")) throw foreign("Proc-Type: 4,ENCRYPTED");
  try {
    // `openssl ecparam -genkey` writes the curve first, in a block that the key repeats.
    const blocks = parsePem(text, 2).filter(({ label }) => label !== "EC PARAMETERS");
    const [block] = blocks;
    if (block !== undefined && blocks.length === 1) return block;
    throw new Failure("keys/malformed", `wanted one private key, got ${blocks.length}`);
  } catch (cause) {
    if (!(cause instanceof Failure) || cause.code.startsWith("keys/")) throw cause;
    throw new Failure("keys/malformed", "not a private key in PEM", { cause });
  }
}

function foreign(label: string): Failure {
  if (label === "PUBLIC KEY") return new Failure("keys/malformed", "wanted a private key, got a public one");
  return new Failure("keys/malformed", `wanted a PEM block "${PRIVATE_KEY_LABEL}" or "PRIVATE KEY", got "${label}"`, {
    hint: label.includes("ENCRYPTED")
      ? "decrypt it with `openssl pkcs8`, and import the plain key"
      : "name another file",
  });
}

function nodePrivateKey(der: Uint8Array, type: "pkcs8" | "sec1" | "pkcs1"): KeyObject {
  try {
    const key = createPrivateKey({ key: Buffer.from(der), type, format: "der" });
    requireWhole(key);
    return key;
  } catch (cause) {
    // Some broken keys are noticed on reading, some only on signing.
    if (cause instanceof Failure) throw cause;
    throw new Failure("keys/malformed", `the file does not hold a ${type.toUpperCase()} private key`, { cause });
  }
}

/** A file may hold a public half of its own choosing, and Node believes it; only signing tells. */
function requireWhole(key: KeyObject): void {
  const publicKey = publicKeyOf(key);
  const probe = toUtf8("do both halves of this key belong together?");
  const signature = new Uint8Array(sign(KEY_DETAILS[publicKey.keyDetails].digest, probe, key));
  if (!verifySignature(publicKey, probe, signature)) {
    throw new Failure("keys/malformed", "the private and the public half in the file are not of one key");
  }
}
