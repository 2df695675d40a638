import { generateKeyPairSync, sign } from "node:crypto";

import { entryOf, formatEntryBody } from "../bundle/entry.ts";
import { formatEnvelope } from "../bundle/envelope.ts";
import { digestFor, hashBytes } from "../bundle/hash-algorithm.ts";
import { publicKeyOf, readPublicKey } from "../bundle/key.ts";
import { pae, PAYLOAD_TYPE } from "../bundle/pae.ts";
import { fromHex } from "../bytes/hex.ts";
import { concat } from "../bytes/join.ts";
import { toUtf8 } from "../bytes/utf8.ts";
import { type Submission } from "../log/submission.ts";

const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
const key = publicKeyOf(privateKey);
/** The same in every process. */
const ed25519Key = readPublicKey(
  concat(fromHex("302a300506032b6570032100"), new Uint8Array(31).fill(1), Uint8Array.of(0)),
);

/** A signed statement about nothing, as it is submitted; another one each time, since ECDSA is. */
export function statementSubmission(text: string): Submission & { readonly envelope: Uint8Array } {
  const payload = toUtf8(JSON.stringify({ text }));
  const signed = pae(PAYLOAD_TYPE, payload);
  const signature = new Uint8Array(sign("sha256", signed, privateKey));
  const body = formatEntryBody(entryOf({ digest: digestFor(key, signed), signature, key }));
  return { body, envelope: toUtf8(formatEnvelope({ payloadType: PAYLOAD_TYPE, payload, signature })) };
}

/** A signature over a file, as it is submitted. */
export function fileSubmission(text: string): Submission {
  const signature = new Uint8Array(sign("sha256", toUtf8(text), privateKey));
  const digest = hashBytes("SHA2_256", toUtf8(text));
  return { body: formatEntryBody(entryOf({ digest, signature, key })), envelope: null };
}

/**
 * An entry that a log takes without checking a signature, for tests that append many: an Ed25519 key signs no digest, so
 * there is nothing to check without the file. Always the same for one text.
 */
export function uncheckedSubmission(text: string): Submission {
  const digest = hashBytes("SHA2_512", toUtf8(text));
  return { body: formatEntryBody(entryOf({ digest, signature: digest, key: ed25519Key })), envelope: null };
}
