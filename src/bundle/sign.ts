import { Failure } from "../failure.ts";
import { type Bundle, BUNDLE_MEDIA_TYPE, type BundleContent } from "./bundle.ts";
import { type EntryBody, entryOf, type SignedDigest } from "./entry.ts";
import { type Envelope } from "./envelope.ts";
import { digestFor, HASH_ALGORITHMS, hashAlgorithmOf } from "./hash-algorithm.ts";
import { keyHint, type PublicKey, verifySignature } from "./key.ts";
import { type LogEntry } from "./log-entry.ts";
import { pae, PAYLOAD_TYPE } from "./pae.ts";
import { type Signer } from "./signer.ts";
import { formatStatement, type Statement } from "./statement.ts";

/** A statement just signed, and what a log has to hold for it. */
export interface SignedStatement {
  readonly kind: "dsse";
  readonly envelope: Envelope;
  readonly key: PublicKey;
  readonly signature: Uint8Array;
  /** Digest of the envelope's pre-authentication encoding, by the hash that belongs to the key: SHA-256 for P-256. */
  readonly paeDigest: Uint8Array;
  readonly entry: EntryBody;
}

/** A file just signed, and what a log has to hold for it. */
export interface SignedMessage extends SignedDigest {
  readonly kind: "message";
  readonly entry: EntryBody;
}

/**
 * Signs a statement in a DSSE envelope.
 *
 * @throws bundle/bad-signature  where the signer's answer is not a signature by its own key
 */
export async function signStatement(statement: Statement, signer: Signer): Promise<SignedStatement> {
  const payload = formatStatement(statement);
  const message = pae(PAYLOAD_TYPE, payload);
  const signature = await signer.sign(message);
  const key = signer.publicKey;
  // Before it is logged for ever: a key service can answer for another key than the one it named.
  if (!verifySignature(key, message, signature)) {
    throw new Failure("bundle/bad-signature", `the signer's answer is not a signature by its key ${key.keyId}`);
  }
  const paeDigest = digestFor(key, message);
  const envelope = { payloadType: PAYLOAD_TYPE, payload, signature };
  return { kind: "dsse", envelope, key, signature, paeDigest, entry: entryOf({ digest: paeDigest, signature, key }) };
}

/**
 * What was signed when `signature` was made over a file.
 *
 * Whoever reads the file refuses the ones that {@link looksLikePae}, and checks the signature.
 *
 * @param digest  of the file, by {@link hashAlgorithmOf} of the key
 * @throws RangeError where the digest has not the length of that hash
 */
export function signMessage(digest: Uint8Array, signature: Uint8Array, key: PublicKey): SignedMessage {
  const algorithm = hashAlgorithmOf(key.keyDetails);
  const { bytes } = HASH_ALGORITHMS[algorithm];
  if (digest.length !== bytes) throw new RangeError(`${algorithm} has ${bytes} bytes, not ${digest.length}`);
  return { kind: "message", digest, signature, key, entry: entryOf({ digest, signature, key }) };
}

/** The v0.3 bundle of something signed with a key, as cosign writes it. */
export function bundleOf(signed: SignedStatement | SignedMessage, entries: readonly LogEntry[]): Bundle {
  return {
    mediaType: BUNDLE_MEDIA_TYPE,
    material: { kind: "publicKey", hint: keyHint(signed.key) },
    entries,
    timestamps: [],
    content: contentOf(signed),
  };
}

function contentOf(signed: SignedStatement | SignedMessage): BundleContent {
  if (signed.kind === "dsse") return { kind: "dsse", envelope: signed.envelope };
  const { digest, signature, key } = signed;
  return { kind: "message", digestAlgorithm: hashAlgorithmOf(key.keyDetails), digest, signature };
}
