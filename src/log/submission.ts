import { X509Certificate } from "node:crypto";

import { verifyDigest } from "../bundle/digest-verification.ts";
import { type EntryBody, MAX_ENTRY_BYTES, parseEntryBody } from "../bundle/entry.ts";
import { type Envelope, parseEnvelope } from "../bundle/envelope.ts";
import { hashBytes } from "../bundle/hash-algorithm.ts";
import { type PublicKey, publicKeyOf, readPublicKey, verifySignature } from "../bundle/key.ts";
import { pae } from "../bundle/pae.ts";
import { toBase64 } from "../bytes/base64.ts";
import { equalBytes } from "../bytes/join.ts";
import { Failure } from "../failure.ts";
import { leafHash } from "../merkle/hash.ts";
import { type StoredEntry } from "./entry-store.ts";

/** What somebody asks a log to keep. */
export interface Submission {
  /** Canonical body of a `hashedrekord` 0.0.2 entry: the leaf. */
  readonly body: Uint8Array;
  /** JSON of the DSSE envelope that was signed, where the entry is about one and its contents may be known. */
  readonly envelope: Uint8Array | null;
}

/** Keys parsed last: a batch has few signers, and parsing a key takes as long as using it. */
const MAX_CACHED_KEYS = 64;
const keys = new Map<string, PublicKey>();

/**
 * Checks that an entry's signature is its key's, so that a log holds no claims in the name of others.
 *
 * With the envelope, the signature is checked over its pre-authentication encoding; without, over the digest. A pure
 * Ed25519 key signs no digest: such an entry is kept as it is, and convinces nobody who has not the file.
 *
 * @throws bundle/malformed-entry, bundle/malformed-envelope, bundle/malformed-key, bundle/unsupported-key
 * @throws log/entry-too-large, and log/invalid-entry where the signature, the digest or the kind of key is wrong
 */
export function checkSubmission({ body, envelope }: Submission): StoredEntry {
  if (body.length > MAX_ENTRY_BYTES) {
    throw new Failure("log/entry-too-large", `an entry has at most ${MAX_ENTRY_BYTES} bytes, got ${body.length}`);
  }
  const entry = parseEntryBody(body);
  const key = keyOf(entry);
  if (key.keyDetails !== entry.keyDetails) {
    // Rekor v2 would keep it, and no client could ever verify it: they rebuild the leaf with the key's own kind.
    throw invalid(`the entry says ${entry.keyDetails}, and its key is ${key.keyDetails}`);
  }
  if (envelope !== null) return { body, leafHash: leafHash(body), envelope: checkEnvelope(entry, key, envelope) };
  if (key.keyDetails !== "PKIX_ED25519" && !verifyDigest(key, entry.digest, entry.signature)) {
    throw invalid("the entry's signature is not its key's over its digest");
  }
  return { body, leafHash: leafHash(body), envelope: null };
}

/**
 * Checks that an envelope is the one that an entry is about.
 *
 * @throws bundle/malformed-envelope, log/invalid-entry
 */
export function checkEnvelope(
  entry: EntryBody,
  key: PublicKey,
  bytes: Uint8Array,
): NonNullable<StoredEntry["envelope"]> {
  const envelope: Envelope = parseEnvelope(bytes);
  const signed = pae(envelope.payloadType, envelope.payload);
  if (!equalBytes(hashBytes(entry.algorithm, signed), entry.digest)) {
    throw invalid("the entry's digest is not that of the envelope");
  }
  if (!equalBytes(envelope.signature, entry.signature)) throw invalid("the entry has not the envelope's signature");
  if (!verifySignature(key, signed, entry.signature)) {
    throw invalid("the entry's signature is not its key's over the envelope");
  }
  return { paeDigest: hashBytes("SHA2_256", signed), bytes };
}

/** The key of an entry; where it has a certificate, that one's, whose validity is for verifiers to judge. */
export function keyOf({ verifier }: EntryBody): PublicKey {
  const der = verifier.kind === "publicKey" ? verifier.spki : verifier.der;
  const name = `${verifier.kind} ${toBase64(der)}`;
  const known = keys.get(name);
  if (known !== undefined) return known;
  const key = verifier.kind === "publicKey" ? readPublicKey(der) : publicKeyOf(certificateKey(der));
  if (keys.size >= MAX_CACHED_KEYS) keys.clear();
  keys.set(name, key);
  return key;
}

function certificateKey(der: Uint8Array): X509Certificate["publicKey"] {
  try {
    return new X509Certificate(der).publicKey;
  } catch (cause) {
    throw new Failure("bundle/malformed-entry", "the entry's certificate is not one in DER", { cause });
  }
}

const invalid = (message: string): Failure => new Failure("log/invalid-entry", message);
