import { createHash } from "node:crypto";

import { toHex } from "../bytes/hex.ts";
import { concat, equalBytes } from "../bytes/join.ts";
import { Failure } from "../failure.ts";
import { type Bundle, type MessageSignature } from "./bundle.ts";
import { type SignedDigest } from "./entry.ts";
import { type Envelope } from "./envelope.ts";
import { digestFor, HASH_ALGORITHMS, hashAlgorithmOf } from "./hash-algorithm.ts";
import { MessageVerifier, type PublicKey, verifySignature } from "./key.ts";
import { looksLikePae, pae, PAE_PREFIX_BYTES, PAYLOAD_TYPE } from "./pae.ts";
import { parseStatement, type Statement } from "./statement.ts";

/** A statement whose signature held: read from the very bytes that were signed. */
export interface VerifiedStatement {
  readonly statement: Statement;
  readonly key: PublicKey;
  readonly signature: Uint8Array;
  /** Digest of what was signed, by the hash that belongs to the key: the digest of its log entry. */
  readonly paeDigest: Uint8Array;
  /** The payload, as signed. */
  readonly bytes: Uint8Array;
}

/** A file, or its digest, whose signature held. */
export interface VerifiedMessage extends SignedDigest {
  readonly kind: "message";
}

/** What a message signature is checked against: the digest that the key's kind asks for, or the file itself. */
export type Artifact = { readonly digest: Uint8Array } | AsyncIterable<Uint8Array>;

/**
 * Verifies a bundle's statement with a key that the caller trusts, and only then reads it.
 *
 * Whether the statement is about the right thing, and whether a log holds it, is for the caller: see
 * {@link verifyEntries}.
 *
 * @throws bundle/certificate-material  where the bundle is signed with a certificate, whatever key it holds
 * @throws bundle/wrong-content         for a signature over a file, and for an envelope that holds no statement
 * @throws bundle/bad-signature
 * @throws bundle/malformed-statement
 */
export function verifyDsse(bundle: Bundle, key: PublicKey): VerifiedStatement {
  requireKeyMaterial(bundle);
  const { payload, payloadType, signature } = requireEnvelope(bundle);
  const signed = pae(payloadType, payload);
  if (!verifySignature(key, signed, signature)) throw badSignature(key);
  const paeDigest = digestFor(key, signed);
  return { statement: parseStatement(payload), key, signature, paeDigest, bytes: payload };
}

/**
 * Verifies a bundle's signature over a file with a key that the caller trusts.
 *
 * @param artifact  the file, read once and to its end, or its digest by {@link hashAlgorithmOf} of the key
 * @throws bundle/certificate-material, bundle/wrong-content, bundle/bad-signature as {@link verifyDsse}
 * @throws bundle/digest-mismatch    where the bundle is for a file with another digest
 * @throws bundle/pae-shaped         for a file whose signature would be that of a statement
 * @throws bundle/unsupported-key    for a digest that is not of the key's hash, and for any with an Ed25519 key
 * @throws bundle/message-too-large  for an Ed25519 key and a file too large to be held
 */
export async function verifyMessage(bundle: Bundle, key: PublicKey, artifact: Artifact): Promise<VerifiedMessage> {
  requireKeyMaterial(bundle);
  const message = requireMessage(bundle, key);
  const digest =
    "digest" in artifact
      ? await verifyDigestOf(message, key, artifact.digest)
      : await verifyStream(message, key, artifact);
  return { kind: "message", digest, signature: message.signature, key };
}

function requireKeyMaterial({ material }: Bundle): void {
  if (material.kind !== "publicKey") {
    throw new Failure("bundle/certificate-material", "the bundle is signed with a certificate, want a key", {
      hint: "verify it by the identity in its certificate",
    });
  }
}

function requireEnvelope({ content }: Bundle): Envelope {
  if (content.kind !== "dsse") {
    throw new Failure("bundle/wrong-content", "the bundle holds a signature over a file, want a statement");
  }
  const { payloadType } = content.envelope;
  if (payloadType !== PAYLOAD_TYPE) {
    const got = JSON.stringify(payloadType.slice(0, PAYLOAD_TYPE.length));
    throw new Failure("bundle/wrong-content", `the payload is of type ${got}, want ${PAYLOAD_TYPE}`);
  }
  return content.envelope;
}

function requireMessage({ content }: Bundle, key: PublicKey): MessageSignature {
  if (content.kind !== "message") {
    throw new Failure("bundle/wrong-content", "the bundle holds a statement, want a signature over a file");
  }
  const want = hashAlgorithmOf(key.keyDetails);
  if (content.digestAlgorithm !== want) {
    throw new Failure("bundle/digest-mismatch", `the bundle has a ${content.digestAlgorithm} digest, want ${want}`);
  }
  return content;
}

async function verifyDigestOf(message: MessageSignature, key: PublicKey, digest: Uint8Array): Promise<Uint8Array> {
  requireDigest(digest, message);
  // Loaded when it is needed: the curves take longer to load than all the rest.
  const { verifyDigest } = await import("./digest-verification.ts");
  if (!verifyDigest(key, digest, message.signature)) throw badSignature(key);
  return digest;
}

async function verifyStream(
  message: MessageSignature,
  key: PublicKey,
  parts: AsyncIterable<Uint8Array>,
): Promise<Uint8Array> {
  const verifier = new MessageVerifier(key);
  const hash = createHash(HASH_ALGORITHMS[message.digestAlgorithm].node);
  let head: Uint8Array = new Uint8Array();
  for await (const part of parts) {
    head = concat(head, part.subarray(0, PAE_PREFIX_BYTES - head.length));
    verifier.update(part);
    hash.update(part);
  }
  if (looksLikePae(head)) throw new Failure("bundle/pae-shaped", "the file begins like a signed statement's encoding");
  const digest = new Uint8Array(hash.digest());
  requireDigest(digest, message);
  if (!verifier.verify(message.signature)) throw badSignature(key);
  return digest;
}

function requireDigest(digest: Uint8Array, { digest: claimed }: MessageSignature): void {
  if (!equalBytes(digest, claimed)) {
    throw new Failure("bundle/digest-mismatch", `the bundle is for ${toHex(claimed)}, the file has ${toHex(digest)}`);
  }
}

const badSignature = ({ keyId }: PublicKey): Failure =>
  new Failure("bundle/bad-signature", `the signature is not by key ${keyId}`);
