import { type KeyObject } from "node:crypto";

import { formatPublicKeyPem, type PublicKey, publicKeyOf, readPublicKey } from "../bundle/key.ts";
import { type Signer } from "../bundle/signer.ts";
import { fromUtf8 } from "../bytes/utf8.ts";
import { Failure } from "../failure.ts";
import { isOpenToOthers, requireAbsent } from "../files/permissions.ts";
import { readFileBounded } from "../files/read.ts";
import { createFile, replaceFile } from "../files/write.ts";
import { MAX_KEY_FILE_BYTES } from "./encrypted-secret.ts";
import { type PasswordSource } from "./password-source.ts";
import {
  formatPrivateKey,
  generateKey,
  type KeyAlgorithm,
  parsePrivateKey,
  PEER_LIMITS,
  type PrivateKey,
} from "./private-key.ts";
import { localSigner } from "./signer.ts";

/** A pair of files as they were written. */
export interface KeyPair {
  /** Path of the private key: encrypted, mode 0600. */
  readonly privateFile: string;
  /** Path of the public key: PEM, mode 0644. */
  readonly publicFile: string;
  readonly publicKey: PublicKey;
  /** What the owner should know, for people. */
  readonly notes: readonly string[];
}

/** A signer from a file. */
export interface FileSigner extends Signer {
  /** Whether a password protects the file. */
  readonly encrypted: boolean;
  /** What the owner should know, for people. */
  readonly notes: readonly string[];
}

/**
 * Makes a key and writes `PREFIX.key`, encrypted, and `PREFIX.pub`.
 *
 * @param password  asked once it is known that neither file exists
 * @throws files/exists, files/unwritable
 */
export async function createKey(prefix: string, algorithm: KeyAlgorithm, password: PasswordSource): Promise<KeyPair> {
  return writePair(prefix, () => generateKey(algorithm), password);
}

/**
 * Writes a plain PEM key that another tool made as `PREFIX.key`, encrypted, and `PREFIX.pub`; the original stays.
 *
 * @param password  asked once the original is read and it is known that neither file exists
 * @throws files/missing, files/unreadable, files/exists, files/unwritable
 * @throws keys/malformed, also for a key that is encrypted already; keys/too-open, bundle/unsupported-key
 */
export async function importKey(path: string, prefix: string, password: PasswordSource): Promise<KeyPair> {
  const refuse: PasswordSource = () => {
    throw new Failure("keys/malformed", `${path} is encrypted already`, {
      hint: "use it as it is; `assay key passwd` changes its password",
    });
  };
  return writePair(prefix, async () => (await readKeyFile(path, refuse)).key, password);
}

/**
 * Encrypts a private key file anew, in place; a plain one becomes encrypted.
 *
 * @throws files/missing, files/unreadable, files/unwritable
 * @throws keys/malformed, keys/wrong-password, keys/too-open, bundle/unsupported-key
 */
export async function changePassword(
  path: string,
  oldPassword: PasswordSource,
  newPassword: PasswordSource,
): Promise<PublicKey> {
  const { key } = await readKeyFile(path, oldPassword);
  await replaceFile(path, await formatPrivateKey(key, await newPassword(path)), 0o600);
  return publicKeyOf(key);
}

/**
 * A signer from a private key file, encrypted or plain.
 *
 * A plain file that others may read is refused, as ssh does: its owner alone should sign. An encrypted one is only
 * noted, since the password still stands before it and cosign itself writes such files into shared checkouts.
 *
 * @param password  asked only where the file is encrypted
 * @throws files/missing, files/unreadable
 * @throws keys/malformed, keys/wrong-password, keys/too-open, bundle/unsupported-key
 */
export async function readSigner(path: string, password: PasswordSource): Promise<FileSigner> {
  const { key, encrypted, notes } = await readKeyFile(path, password);
  return { ...localSigner(key), encrypted, notes };
}

/** What a key file holds, private or public. */
export interface KeyFileContents {
  readonly kind: "private" | "public";
  readonly publicKey: PublicKey;
  /** Whether a password protects the file; null for a public key. */
  readonly encrypted: boolean | null;
  readonly notes: readonly string[];
}

/**
 * Reads a key file of either kind.
 *
 * @throws as {@link readSigner}, and bundle/malformed-key for a file that holds no private key and no public one
 */
export async function readEitherKey(path: string, password: PasswordSource): Promise<KeyFileContents> {
  const bytes = Buffer.from(await readFileBounded(path, MAX_KEY_FILE_BYTES));
  if (bytes.includes("PRIVATE KEY-----")) {
    const { publicKey, encrypted, notes } = await readSigner(path, password);
    return { kind: "private", publicKey, encrypted, notes };
  }
  return { kind: "public", publicKey: readPublicKey(bytes), encrypted: null, notes: [] };
}

/**
 * A public key from a file in PEM or DER.
 *
 * @throws files/missing, files/unreadable, bundle/malformed-key, bundle/unsupported-key
 */
export async function readPublicKeyFile(path: string): Promise<PublicKey> {
  return readPublicKey(await readFileBounded(path, MAX_KEY_FILE_BYTES));
}

async function readKeyFile(path: string, password: PasswordSource): Promise<PrivateKey & { notes: readonly string[] }> {
  const text = await readText(path);
  const { key, encrypted } = await parsePrivateKey(text, password, path);
  const notes = encrypted ? [] : [`${path} is not encrypted`];
  if (await isOpenToOthers(path)) {
    if (!encrypted) {
      throw new Failure("keys/too-open", `${path} is not encrypted, and others than its owner may read it`, {
        hint: `chmod 600 ${path}`,
      });
    }
    notes.push(`others than its owner may read ${path}`);
  }
  return { key, encrypted, notes };
}

async function readText(path: string): Promise<string> {
  const bytes = await readFileBounded(path, MAX_KEY_FILE_BYTES);
  try {
    return fromUtf8(bytes);
  } catch (cause) {
    throw new Failure("keys/malformed", `${path} is not text`, { cause });
  }
}

async function writePair(
  prefix: string,
  makeKey: () => KeyObject | Promise<KeyObject>,
  password: PasswordSource,
): Promise<KeyPair> {
  const privateFile = `${prefix}.key`;
  const publicFile = `${prefix}.pub`;
  await requireAbsent(privateFile);
  await requireAbsent(publicFile);
  const key = await makeKey();
  const publicKey = publicKeyOf(key);
  await createFile(privateFile, await formatPrivateKey(key, await password(privateFile)), 0o600);
  await createFile(publicFile, formatPublicKeyPem(publicKey), 0o644);
  const limit = PEER_LIMITS[publicKey.keyDetails];
  return { privateFile, publicFile, publicKey, notes: limit === null ? [] : [limit] };
}
