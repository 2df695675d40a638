/**
 * Sigstore bundles: what was signed, who is said to have signed it, and the proof that a log recorded it, in one file.
 *
 * Reading checks form alone. What a bundle says about its signer is a hint: see {@link verifyDsse} and
 * {@link verifyEntries} for what makes it true.
 */
import { toBase64 } from "../bytes/base64.ts";
import { type JsonObject } from "../json/json.ts";
import { type Envelope, envelopeJson, readEnvelope } from "./envelope.ts";
import { HASH_ALGORITHM_NAMES, HASH_ALGORITHMS, type HashAlgorithm } from "./hash-algorithm.ts";
import { type LogEntry, logEntryJson, readLogEntry } from "./log-entry.ts";
import { type Material, materialJson, readMaterial } from "./material.ts";
import { Message, readDocument } from "./protojson.ts";

/** The form that is written. */
export const BUNDLE_MEDIA_TYPE = "application/vnd.dev.sigstore.bundle.v0.3+json";

/** The forms that are read; v0.3 has two names. */
const MEDIA_TYPES = [
  BUNDLE_MEDIA_TYPE,
  "application/vnd.dev.sigstore.bundle+json;version=0.3",
  "application/vnd.dev.sigstore.bundle+json;version=0.2",
  "application/vnd.dev.sigstore.bundle+json;version=0.1",
] as const;
export type BundleMediaType = (typeof MEDIA_TYPES)[number];

/** A raw signature over a file that is not in the bundle. */
export interface MessageSignature {
  readonly digestAlgorithm: HashAlgorithm;
  /** Of the file, to find it by; verified only by hashing the file. */
  readonly digest: Uint8Array;
  readonly signature: Uint8Array;
}

export type BundleContent =
  { readonly kind: "dsse"; readonly envelope: Envelope } | ({ readonly kind: "message" } & MessageSignature);

/** A Sigstore bundle, v0.1 to v0.3. */
export interface Bundle {
  readonly mediaType: BundleMediaType;
  readonly material: Material;
  /** At most {@link MAX_ENTRIES}. */
  readonly entries: readonly LogEntry[];
  /** RFC 3161 tokens over the signature, DER; not verified here. At most {@link MAX_TIMESTAMPS}. */
  readonly timestamps: readonly Uint8Array[];
  readonly content: BundleContent;
}

/** As sigstore-go has them (pkg/verify). */
export const MAX_ENTRIES = 32;
const MAX_TIMESTAMPS = 32;

/**
 * Reads a bundle: strict JSON, unknown fields refused.
 *
 * Accepted beyond what {@link formatBundle} writes, because cosign and sigstore-go write it: fields absent that hold
 * their default, the older media types with their certificate chains, and entries of Rekor v1 with time and promise.
 *
 * @throws bundle/malformed, bundle/malformed-envelope, bundle/malformed-entry
 */
export function parseBundle(bytes: Uint8Array): Bundle {
  const place = { code: "bundle/malformed", path: "the bundle" } as const;
  const bundle = new Message(readDocument(bytes, place), place, [
    "mediaType",
    "verificationMaterial",
    "dsseEnvelope",
    "messageSignature",
  ]);
  const mediaType = bundle.oneOf("mediaType", MEDIA_TYPES);
  const material = bundle.message("verificationMaterial", MATERIAL_FIELDS);
  return {
    mediaType,
    material: readMaterial(material, isV03(mediaType)),
    entries: material
      .list("tlogEntries", MAX_ENTRIES)
      .map((entry, at) => readLogEntry(entry, material.placeOf(`tlogEntries[${at}]`))),
    timestamps: readTimestamps(material),
    content: readContent(bundle),
  };
}

/**
 * JSON text of a v0.3 bundle, the inverse of {@link parseBundle} for those made here.
 *
 * @throws RangeError for a bundle of an older form, and for entries with promises: bundles of others are kept as bytes
 */
export function formatBundle({ mediaType, material, entries, timestamps, content }: Bundle): string {
  if (mediaType !== BUNDLE_MEDIA_TYPE) throw new RangeError(`${mediaType} is not written`);
  const rfc3161Timestamps = timestamps.map((token) => ({ signedTimestamp: toBase64(token) }));
  return JSON.stringify({
    mediaType,
    verificationMaterial: {
      ...materialJson(material),
      tlogEntries: entries.map(logEntryJson),
      ...(timestamps.length === 0 ? {} : { timestampVerificationData: { rfc3161Timestamps } }),
    },
    ...contentJson(content),
  });
}

const MATERIAL_FIELDS = [
  "publicKey",
  "certificate",
  "x509CertificateChain",
  "tlogEntries",
  "timestampVerificationData",
];
const isV03 = (mediaType: BundleMediaType): boolean => MEDIA_TYPES.indexOf(mediaType) < 2;

function readTimestamps(material: Message): readonly Uint8Array[] {
  if (!material.has("timestampVerificationData")) return [];
  return material
    .message("timestampVerificationData", ["rfc3161Timestamps"])
    .messages("rfc3161Timestamps", MAX_TIMESTAMPS, ["signedTimestamp"])
    .map((token) => token.bytes("signedTimestamp"));
}

function readContent(bundle: Message): BundleContent {
  if (bundle.has("dsseEnvelope") === bundle.has("messageSignature")) {
    throw bundle.failure("has not exactly one of an envelope and a message signature");
  }
  if (bundle.has("dsseEnvelope")) {
    return { kind: "dsse", envelope: readEnvelope(bundle.value("dsseEnvelope"), bundle.placeOf("dsseEnvelope")) };
  }
  const message = bundle.message("messageSignature", ["messageDigest", "signature"]);
  const messageDigest = message.message("messageDigest", ["algorithm", "digest"]);
  const digestAlgorithm = messageDigest.oneOf("algorithm", HASH_ALGORITHM_NAMES);
  const digest = messageDigest.bytes("digest");
  if (digest.length !== HASH_ALGORITHMS[digestAlgorithm].bytes) {
    throw messageDigest.failure(`has a ${digestAlgorithm} digest of ${digest.length} bytes`);
  }
  return { kind: "message", digestAlgorithm, digest, signature: message.bytes("signature") };
}

function contentJson(content: BundleContent): JsonObject {
  if (content.kind === "dsse") return { dsseEnvelope: envelopeJson(content.envelope) };
  const messageDigest = { algorithm: content.digestAlgorithm, digest: toBase64(content.digest) };
  return { messageSignature: { messageDigest, signature: toBase64(content.signature) } };
}
