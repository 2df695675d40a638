import { toBase64 } from "../bytes/base64.ts";
import { equalBytes } from "../bytes/join.ts";
import { toUtf8 } from "../bytes/utf8.ts";
import { type FailureCode } from "../failure.ts";
import { canonicalJson } from "../json/canonical.ts";
import {
  type EntryKeyDetails,
  HASH_ALGORITHM_NAMES,
  HASH_ALGORITHMS,
  type HashAlgorithm,
  hashAlgorithmOf,
} from "./hash-algorithm.ts";
import { KEY_DETAILS, type KeyDetails, type PublicKey } from "./key.ts";
import { Message, readDocument } from "./protojson.ts";

/** The kind of entry that Rekor v2 and assay's own logs hold. */
export const ENTRY_KIND = "hashedrekord";
export const ENTRY_VERSION = "0.0.2";

/** Who made an entry's signature. */
export type EntryVerifier =
  | { readonly kind: "publicKey"; readonly spki: Uint8Array }
  | { readonly kind: "x509Certificate"; readonly der: Uint8Array };

/** A log's leaf: somebody's signature over the digest of something. It does not say what was signed. */
export interface EntryBody {
  /** The one that belongs to {@link keyDetails}. */
  readonly algorithm: HashAlgorithm;
  /** Digest of a file, or of the pre-authentication encoding of a DSSE envelope. */
  readonly digest: Uint8Array;
  readonly signature: Uint8Array;
  readonly verifier: EntryVerifier;
  readonly keyDetails: EntryKeyDetails;
}

/** A digest with a signature that was found good under `key`, or was just made by it. */
export interface SignedDigest {
  /** By the hash that belongs to the key, see {@link hashAlgorithmOf}. */
  readonly digest: Uint8Array;
  readonly signature: Uint8Array;
  readonly key: PublicKey;
}

/** Longest entry of a tiled log, c2sp.org/tlog-tiles: lengths have 16 bits. */
export const MAX_ENTRY_BYTES = 65_535;
const CODE: FailureCode = "bundle/malformed-entry";

/** The entry that a log must hold for this signature by this key. */
export function entryOf({ digest, signature, key }: SignedDigest): EntryBody {
  const { spki, keyDetails } = key;
  const verifier = { kind: "publicKey", spki } as const;
  return { algorithm: hashAlgorithmOf(keyDetails), digest, signature, verifier, keyDetails };
}

/**
 * The leaf's bytes: the RFC 8785 form of Rekor v2's `hashedrekord` 0.0.2.
 *
 * Clients rebuild these bytes from the signature at hand, so there is one way to write them.
 *
 * @throws RangeError where the digest has not the length of its algorithm
 */
export function formatEntryBody({ algorithm, digest, signature, verifier, keyDetails }: EntryBody): Uint8Array {
  const { bytes } = HASH_ALGORITHMS[algorithm];
  if (digest.length !== bytes) throw new RangeError(`${algorithm} has ${bytes} bytes, not ${digest.length}`);
  const key =
    verifier.kind === "publicKey"
      ? { publicKey: { rawBytes: toBase64(verifier.spki) } }
      : { x509Certificate: { rawBytes: toBase64(verifier.der) } };
  const hashedRekordV002 = {
    data: { algorithm, digest: toBase64(digest) },
    signature: { content: toBase64(signature), verifier: { keyDetails, ...key } },
  };
  return toUtf8(canonicalJson({ apiVersion: ENTRY_VERSION, kind: ENTRY_KIND, spec: { hashedRekordV002 } }));
}

/**
 * Reads a leaf: the inverse of {@link formatEntryBody}. Neither the signature nor the key in it is checked.
 *
 * @throws bundle/malformed-entry also for bytes that {@link formatEntryBody} would not have written
 */
export function parseEntryBody(bytes: Uint8Array): EntryBody {
  const place = { code: CODE, path: "the entry" };
  const whole = new Message(readDocument(bytes, place, MAX_ENTRY_BYTES), place, ["apiVersion", "kind", "spec"]);
  whole.oneOf("apiVersion", [ENTRY_VERSION]);
  whole.oneOf("kind", [ENTRY_KIND]);
  const record = whole.message("spec", ["hashedRekordV002"]).message("hashedRekordV002", ["data", "signature"]);
  const data = record.message("data", ["algorithm", "digest"]);
  const algorithm = data.oneOf("algorithm", HASH_ALGORITHM_NAMES);
  const digest = data.bytes("digest");
  const signed = record.message("signature", ["content", "verifier"]);
  const signer = signed.message("verifier", ["keyDetails", "publicKey", "x509Certificate"]);
  const keyDetails = signer.oneOf("keyDetails", ENTRY_KEY_DETAILS);
  if (digest.length !== HASH_ALGORITHMS[algorithm].bytes || algorithm !== hashAlgorithmOf(keyDetails)) {
    throw data.failure(`has ${digest.length} bytes of ${algorithm} for a key of kind ${keyDetails}`);
  }
  const body = { algorithm, digest, signature: signed.bytes("content"), verifier: readVerifier(signer), keyDetails };
  if (!equalBytes(formatEntryBody(body), bytes)) throw whole.failure("is not in canonical form");
  return body;
}

function readVerifier(message: Message): EntryVerifier {
  return message.has("publicKey")
    ? { kind: "publicKey", spki: message.message("publicKey", ["rawBytes"]).bytes("rawBytes") }
    : { kind: "x509Certificate", der: message.message("x509Certificate", ["rawBytes"]).bytes("rawBytes") };
}

const isKeyDetails = (name: string): name is KeyDetails => Object.hasOwn(KEY_DETAILS, name);
const ENTRY_KEY_DETAILS: readonly EntryKeyDetails[] = [
  ...Object.keys(KEY_DETAILS).filter(isKeyDetails),
  "PKIX_ED25519_PH",
];
