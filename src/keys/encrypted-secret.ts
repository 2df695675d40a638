/**
 * The envelope that cosign keeps private keys in: a PEM block around JSON that names scrypt (RFC 7914) and its
 * parameters, a NaCl secretbox (XSalsa20-Poly1305) and its nonce, and holds the ciphertext. The same envelope under
 * another PEM label keeps other secrets, so that no file can be taken for one of another kind.
 */
import { randomBytes, scrypt } from "node:crypto";

import { secretbox } from "@noble/ciphers/salsa.js";

import { fromBase64, toBase64 } from "../bytes/base64.ts";
import { formatPem, parsePem } from "../bytes/pem.ts";
import { toUtf8 } from "../bytes/utf8.ts";
import { Failure } from "../failure.ts";
import { isJsonObject, type Json, type JsonObject } from "../json/json.ts";
import { parseJson } from "../json/parser.ts";
import { type PasswordSource } from "./password-source.ts";

/** PEM label that cosign and this project write for a private key. */
export const PRIVATE_KEY_LABEL = "ENCRYPTED SIGSTORE PRIVATE KEY";
/** Labels a private key is read under; the second is of cosign before 2.0. */
export const PRIVATE_KEY_LABELS: readonly string[] = [PRIVATE_KEY_LABEL, "ENCRYPTED COSIGN PRIVATE KEY"];

/** Longest file read, in bytes; RSA 4096 takes some 5000. */
export const MAX_KEY_FILE_BYTES = 64 * 1024;

const SALT_BYTES = 32;
const KEY_BYTES = 32;
const NONCE_BYTES = 24;
const TAG_BYTES = 16;
/** scrypt's cost that is written: 64 MiB and about a third of a second. */
const COST = 65536;
/** Costs that are read, those of securesystemslib: less would be weak, more lets a file exhaust the machine. */
const COSTS: ReadonlySet<number> = new Set([32768, COST, 131072]);
const BLOCK_SIZE = 8;
const PARALLELIZATION = 1;
/** RFC 7914 §6 needs 128·N·r bytes; twice that leaves room for the implementation. */
const MEMORY_PER_COST = 2 * 128 * BLOCK_SIZE;

interface EncryptedSecret {
  readonly cost: number;
  readonly salt: Uint8Array;
  readonly nonce: Uint8Array;
  readonly ciphertext: Uint8Array;
}

/**
 * Encrypts `secret` under a password, which may be empty, with a new salt and nonce.
 *
 * @returns PEM text under `label`
 */
export async function encryptSecret(secret: Uint8Array, password: string, label: string): Promise<string> {
  const salt = new Uint8Array(randomBytes(SALT_BYTES));
  const nonce = new Uint8Array(randomBytes(NONCE_BYTES));
  const key = await deriveKey(password, salt, COST);
  const ciphertext = secretbox(key, nonce).seal(secret);
  key.fill(0);
  return formatPem({ label, contents: toUtf8(formatSecret({ cost: COST, salt, nonce, ciphertext })) });
}

/**
 * Opens what {@link encryptSecret} or cosign wrote. The password is asked for once the file is known to be whole.
 *
 * @param labels   PEM labels that are accepted
 * @param subject  what the password is for, see {@link PasswordSource}
 * @throws keys/malformed       for anything that is not such a file, or asks for another scrypt or cipher
 * @throws keys/wrong-password  where the password does not open it
 */
export async function decryptSecret(
  text: string,
  password: PasswordSource,
  labels: readonly string[],
  subject: string,
): Promise<Uint8Array> {
  const { cost, salt, nonce, ciphertext } = parseSecret(text, labels);
  const key = await deriveKey(await password(subject), salt, cost);
  try {
    return secretbox(key, nonce).open(ciphertext);
  } catch (cause) {
    throw new Failure("keys/wrong-password", `the password does not open ${subject}`, {
      cause,
      hint: "if the password is certainly right, the file was altered: restore it from a copy",
    });
  } finally {
    key.fill(0);
  }
}

/** Members in the order in which Go's encoder writes them. */
function formatSecret({ cost, salt, nonce, ciphertext }: EncryptedSecret): string {
  return JSON.stringify({
    kdf: { name: "scrypt", params: { N: cost, r: BLOCK_SIZE, p: PARALLELIZATION }, salt: toBase64(salt) },
    cipher: { name: "nacl/secretbox", nonce: toBase64(nonce) },
    ciphertext: toBase64(ciphertext),
  });
}

function parseSecret(text: string, labels: readonly string[]): EncryptedSecret {
  if (text.length > MAX_KEY_FILE_BYTES) {
    throw new Failure("keys/malformed", `a key file has at most ${MAX_KEY_FILE_BYTES} characters, not ${text.length}`);
  }
  try {
    const [block] = parsePem(text);
    if (block === undefined || !labels.includes(block.label)) {
      throw malformed(`wanted a PEM block "${labels[0]}", got "${block?.label}"`);
    }
    return readSecret(parseJson(block.contents, { maxDepth: 4 }));
  } catch (cause) {
    if (!(cause instanceof Failure) || cause.code.startsWith("keys/")) throw cause;
    throw new Failure("keys/malformed", "the encrypted key file is damaged", { cause });
  }
}

function readSecret(json: Json): EncryptedSecret {
  const { kdf, cipher, ciphertext } = members(json, ["kdf", "cipher", "ciphertext"]);
  const { name: kdfName, params, salt } = members(kdf, ["name", "params", "salt"]);
  const { N, r, p } = members(params, ["N", "r", "p"]);
  const { name: cipherName, nonce } = members(cipher, ["name", "nonce"]);
  if (kdfName !== "scrypt" || cipherName !== "nacl/secretbox") {
    throw malformed(`wanted scrypt and nacl/secretbox, got ${JSON.stringify([kdfName, cipherName])}`);
  }
  if (typeof N !== "number" || !COSTS.has(N) || r !== BLOCK_SIZE || p !== PARALLELIZATION) {
    throw malformed(`scrypt parameters N, r, p of ${JSON.stringify([N, r, p])} are not among those allowed`);
  }
  const box = bytes(ciphertext, "ciphertext");
  if (box.length < TAG_BYTES) throw malformed(`the ciphertext has ${box.length} bytes, less than its own tag`);
  return { cost: N, salt: bytes(salt, "salt", SALT_BYTES), nonce: bytes(nonce, "nonce", NONCE_BYTES), ciphertext: box };
}

function members(json: Json | undefined, names: readonly string[]): JsonObject {
  if (!isJsonObject(json)) throw malformed(`wanted an object with ${names.join(", ")}`);
  const found = Object.keys(json);
  if (found.length !== names.length || !names.every((name) => found.includes(name))) {
    throw malformed(`wanted the members ${names.join(", ")}, got ${found.join(", ")}`);
  }
  return json;
}

function bytes(json: Json | undefined, name: string, length?: number): Uint8Array {
  if (typeof json !== "string") throw malformed(`the ${name} is not a string`);
  const value = fromBase64(json);
  if (length !== undefined && value.length !== length) {
    throw malformed(`the ${name} has ${value.length} bytes, not ${length}`);
  }
  return value;
}

const malformed = (message: string): Failure => new Failure("keys/malformed", message);

const deriveKey = (password: string, salt: Uint8Array, cost: number): Promise<Uint8Array> =>
  new Promise((resolve, reject) => {
    const parameters = { N: cost, r: BLOCK_SIZE, p: PARALLELIZATION, maxmem: MEMORY_PER_COST * cost };
    scrypt(toUtf8(password), salt, KEY_BYTES, parameters, (error, key) => {
      if (error === null) resolve(new Uint8Array(key));
      else reject(error);
    });
  });
