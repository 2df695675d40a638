/**
 * What a gate is shown: an image and a release of a node image, and signed, logged and witnessed statements about them.
 * Everything is as {@link POLICY} wants it at {@link NOW}; tests make one thing wrong.
 */
import { p256 } from "@noble/curves/nist.js";

import { type FoundBundle } from "../admit/candidate.ts";
import { IMAGE_SIGNATURE, type ImageRequest } from "../admit/image.ts";
import { type NodeImageRequest } from "../admit/node-image.ts";
import { type Bundle, formatBundle, parseBundle } from "../bundle/bundle.ts";
import { entryOf } from "../bundle/entry.ts";
import { type PublicKey, readPublicKey } from "../bundle/key.ts";
import { type LogEntry } from "../bundle/log-entry.ts";
import { bundleOf, type SignedMessage, type SignedStatement, signStatement } from "../bundle/sign.ts";
import { type Statement } from "../bundle/statement.ts";
import { toUtf8 } from "../bytes/utf8.ts";
import { type Json, type JsonObject } from "../json/json.ts";
import { parseImageMeasurement, subjectsOfImage } from "../manifest/image-measurement.ts";
import { parseNodeMeasurement } from "../manifest/node-measurement.ts";
import { PREDICATE_TYPES } from "../manifest/predicate-type.ts";
import { nodeMeasurementFromUki } from "../manifest/uki.ts";
import { type NoteSigner } from "../note/signer.ts";
import { parseDigest } from "../oci/digest.ts";
import { MemoryLog, testKey, type TestKey, testWitness } from "./bundles.ts";
import { hashOf, IMAGE_PREDICATE, NODE_PREDICATE, STATUS_PREDICATE, UKI, withValue } from "./manifests.ts";

export const NOW = new Date("2026-11-22T10:00:00Z");
export const HOUR_MS = 3_600_000;

/** A witness that signed so many milliseconds before {@link NOW}. */
export const witnessed = (name: string, agoMs = HOUR_MS): NoteSigner =>
  testWitness(name, Math.floor((NOW.getTime() - agoMs) / 1000));

/** Two of three, an hour ago: the quorum of the test policy. */
export const QUORUM = [witnessed("w1"), witnessed("w2")];

/** A log with nine entries of others: another history than that of {@link IMAGE_BUNDLES}, which is shorter. */
export function newLog(origin?: string): MemoryLog {
  const log = new MemoryLog(origin);
  for (let entry = 0; entry < 9; entry += 1) log.append(toUtf8(`entry ${entry}`));
  return log;
}

/** Whoever asks for no log of their own shares this one: one log, one history. */
const LOG = new MemoryLog();
LOG.append(toUtf8("an entry"));

/** How something is signed and recorded. */
export interface Recording {
  readonly key?: TestKey;
  /** Null for no log. */
  readonly log?: MemoryLog | null;
  readonly witnesses?: readonly NoteSigner[];
  /** The log entry, made wrong. */
  readonly entry?: (entry: LogEntry) => LogEntry;
}

let made = 0;
const sourceOf = (what: string): string => `${what} ${(made += 1)}`;

/** A bundle as a gate finds it. */
export async function recorded(statement: Statement, recording: Recording = {}): Promise<FoundBundle> {
  return recordedAs(await signStatement(statement, recording.key ?? testKey()), recording);
}

/** {@link recorded} for what is signed already. */
export function recordedAs(
  signed: SignedStatement | SignedMessage,
  { log = LOG, witnesses = QUORUM, entry = (each) => each }: Omit<Recording, "key"> = {},
): FoundBundle {
  const bundle = bundleOf(signed, log === null ? [] : [entry(log.append(signed.entry, witnesses))]);
  return { source: sourceOf(signed.kind), bytes: toUtf8(formatBundle(bundle)) };
}

/** The bundle, made wrong as a document. */
export const editBundle = ({ source, bytes }: FoundBundle, edit: (bundle: Bundle) => Bundle): FoundBundle => ({
  source,
  bytes: toUtf8(formatBundle(edit(parseBundle(bytes)))),
});

/** The bundle, made wrong as JSON. */
export const editJson = (
  { source, bytes }: FoundBundle,
  path: readonly (string | number)[],
  value: Json | undefined,
): FoundBundle => ({
  source,
  bytes: toUtf8(JSON.stringify(withValue(JSON.parse(Buffer.from(bytes).toString()), path, value))),
});

/** The entries of `from` in the place of those of `bundle`. */
export const withEntriesOf = (bundle: FoundBundle, from: FoundBundle): FoundBundle =>
  editBundle(bundle, (each) => ({ ...each, entries: parseBundle(from.bytes).entries }));

/**
 * The bundle with an entry that a log holds under another key which verifies the same signature: from an ECDSA signature
 * that key can be computed by anybody.
 */
export function withRecoveredKey({ source, bytes }: FoundBundle, signed: SignedStatement, log = LOG): FoundBundle {
  const { digest, key } = recoverOtherKey(signed);
  const entry = log.append(entryOf({ digest, signature: signed.signature, key }), QUORUM);
  return editBundle({ source, bytes }, (bundle) => ({ ...bundle, entries: [entry] }));
}

function recoverOtherKey({ signature, paeDigest, key }: SignedStatement): { digest: Uint8Array; key: PublicKey } {
  const parsed = p256.Signature.fromBytes(signature, "der");
  const found = [0, 1, 2, 3].flatMap((bit) => {
    try {
      const point = parsed.addRecoveryBit(bit).recoverPublicKey(paeDigest).toBytes(false);
      return [readPublicKey(Buffer.concat([P256_SPKI, point]))];
    } catch {
      return []; // r + n is no coordinate of the curve
    }
  });
  const other = found.find(({ keyId }) => keyId !== key.keyId);
  if (other === undefined) throw new RangeError("no second key");
  return { digest: paeDigest, key: other };
}

/** SubjectPublicKeyInfo of P-256 up to the point (RFC 5480 §2). */
const P256_SPKI = Buffer.from("3059301306072a8648ce3d020106082a8648ce3d030107034200", "hex");

/** The image that is admitted: an index of two platforms, without verity roots, which nothing here derives. */
export const IMAGE_MEASUREMENT: Json = withValue(IMAGE_PREDICATE, ["images", 0, "layers", 1, "verity"], undefined);
const IMAGE = parseImageMeasurement(IMAGE_MEASUREMENT);
export const IMAGE_DIGEST = `sha256:${hashOf("index")}`;
const SUBJECTS = subjectsOfImage(IMAGE, "image").map(({ digest }) => ({ digest }));

export const SIGNATURE: Statement = { predicateType: IMAGE_SIGNATURE, predicate: {}, subjects: SUBJECTS };
export const MEASUREMENT: Statement = {
  predicateType: PREDICATE_TYPES.imageMeasurement,
  predicate: IMAGE_MEASUREMENT,
  subjects: SUBJECTS,
};
export const SBOM: Statement = {
  predicateType: "https://spdx.dev/Document",
  predicate: { spdxVersion: "SPDX-2.3" },
  subjects: SUBJECTS,
};

/** The image as it was read; what it is made of is what was measured. */
export const CONTENTS: ImageRequest["contents"] = parseImageContents(IMAGE_MEASUREMENT);

/** What an image's manifests and configurations say, where `measurement` is what they are. */
export function parseImageContents(measurement: Json): ImageRequest["contents"] {
  const { index, images } = parseImageMeasurement(measurement);
  return {
    index: index === null ? null : { ...index, digest: parseDigest(index.digest) },
    images: images.map(({ digest, size, platform, config, layers }) => ({
      digest: parseDigest(digest),
      size,
      platform,
      config: { ...config, digest: parseDigest(config.digest) },
      layers: layers.map((layer) => ({
        digest: parseDigest(layer.digest),
        size: layer.size,
        mediaType: layer.mediaType,
        diffId: parseDigest(layer.diffId),
      })),
    })),
  };
}

/** The question about the image; its bundles are those of {@link IMAGE_BUNDLES}. */
export const IMAGE_REQUEST: Omit<ImageRequest, "bundles"> = {
  name: "registry.example/acme/app",
  pinned: true,
  digest: IMAGE_DIGEST,
  contents: CONTENTS,
  broken: [],
};

/** All that the policy wants to see of an image: always the same bundles. */
export const IMAGE_BUNDLES = {
  signature: await recorded(SIGNATURE),
  measurement: await recorded(MEASUREMENT),
  sbom: await recorded(SBOM),
} as const;

/** The release that is admitted, with the registers of a TPM. */
export const NODE_MEASUREMENT: JsonObject = {
  ...nodeMeasurementFromUki(
    {
      product: "acme-node",
      version: "1.9.0",
      sequence: 41,
      svn: 7,
      notBefore: "2026-11-01T00:00:00Z",
      notAfter: "2027-05-01T00:00:00Z",
    },
    UKI,
  ),
  targets: [NODE_PREDICATE.targets[1]],
};
export const NODE: Statement = nodeStatement(NODE_MEASUREMENT);

/** A release's statement: its subject is the UKI. */
export function nodeStatement(predicate: Json): Statement {
  parseNodeMeasurement(predicate);
  return {
    predicateType: PREDICATE_TYPES.nodeMeasurement,
    predicate,
    subjects: [{ name: "uki", digest: { sha256: UKI.sha256 } }],
  };
}

export const statusStatement = (predicate: Json = STATUS_PREDICATE): Statement => ({
  predicateType: PREDICATE_TYPES.measurementStatus,
  predicate,
  subjects: [{ name: "acme-node", digest: { sha256: hashOf("acme-node") } }],
});

/** The question about the node image, before a machine has booted it. */
export const NODE_REQUEST: Omit<NodeImageRequest, "measurements" | "statuses"> = {
  name: "node.efi",
  uki: UKI,
  product: null,
  reported: new Map(),
};
