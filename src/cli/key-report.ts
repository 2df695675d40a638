import { toBase64 } from "../bytes/base64.ts";
import { formatPublicKeyPem, KEY_DETAILS, keyHint, type PublicKey } from "../bundle/key.ts";
import { type KeyFileContents, type KeyPair } from "../keys/key-file.ts";
import { vkeyOf } from "../keys/vkey.ts";
import { oneLine } from "./output.ts";
import { type Report } from "./schema.ts";

/** What is said of any key. */
function keyReport({ keyDetails, keyId }: PublicKey): { algorithm: string; keyDetails: string; keyId: string } {
  return { algorithm: KEY_DETAILS[keyDetails].title, keyDetails, keyId };
}

/** The report of a command that wrote a pair of files. */
export function keyPairReport({ privateFile, publicFile, publicKey, notes }: KeyPair): Report<"key create"> {
  return { privateFile, publicFile, ...keyReport(publicKey), notes: [...notes] };
}

/** {@link keyPairReport} for people. */
export function renderKeyPair({ privateFile, publicFile, algorithm, keyId }: Report<"key create">): string {
  return `${oneLine(privateFile)}: ${algorithm} private key, encrypted\n${oneLine(publicFile)}: public key, id ${keyId}`;
}

/**
 * Everything about the key in `file`.
 *
 * @param name  of the verifier key that is asked for
 * @throws note/malformed-vkey, bundle/unsupported-key where the key cannot be a verifier key of that name
 */
export function keyFileReport(file: string, contents: KeyFileContents, name: string | undefined): Report<"key show"> {
  const { kind, encrypted, publicKey, notes } = contents;
  return {
    file,
    kind,
    encrypted,
    ...keyReport(publicKey),
    hint: keyHint(publicKey),
    spki: toBase64(publicKey.spki),
    pem: formatPublicKeyPem(publicKey),
    vkey: name === undefined ? null : vkeyOf(publicKey, name),
    notes: [...notes],
  };
}

/** {@link keyFileReport} for people, the PEM last so that it can be cut out. */
export function renderKeyFile({ file, kind, algorithm, keyId, hint, spki, pem, vkey }: Report<"key show">): string {
  const lines = [`file: ${oneLine(file)} (${kind})`, `algorithm: ${algorithm}`, `key id: ${keyId}`, `hint: ${hint}`];
  if (vkey !== null) lines.push(`vkey: ${vkey}`);
  return [...lines, `spki: ${spki}`, pem.trimEnd()].join("\n");
}
