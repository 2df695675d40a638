import { toBase64 } from "../bytes/base64.ts";
import { type FailureCode } from "../failure.ts";
import { type Json, type JsonObject } from "../json/json.ts";
import { type Hash } from "../merkle/hash.ts";
import { type InclusionProof } from "../merkle/inclusion.ts";
import { Message, readDocument } from "./protojson.ts";

/** A log's proof that it holds an entry, with the signed tree head that the proof leads to. */
export interface LogEntryProof extends InclusionProof {
  /** Claimed root; only the one in the {@link checkpoint} counts. */
  readonly rootHash: Hash;
  /** Text of a signed note; "" where there is none. */
  readonly checkpoint: string;
}

/** One entry as a log hands it out: Sigstore's `TransparencyLogEntry`. Claims of the log until they are verified. */
export interface LogEntry {
  /** Which log: the note key hash, 32 bytes. */
  readonly logId: Uint8Array;
  /** In Rekor v2 the leaf's index; in v1 an index over several trees. */
  readonly logIndex: number;
  /** `hashedrekord`, and for other logs `dsse`, `intoto`, … */
  readonly kind: string;
  readonly version: string;
  /** Seconds since 1970, 0 where the log gives no time, as Rekor v2. Never trusted without a promise. */
  readonly integratedTime: bigint;
  /** Whether the log signed a promise to include the entry (Rekor v1's SET); the promise itself is not kept. */
  readonly hasPromise: boolean;
  readonly proof: LogEntryProof | null;
  /** The leaf's bytes. */
  readonly body: Uint8Array;
}

/** A path has a hash a level, and sizes stop at 2^53; the longest real one is far shorter. */
const MAX_PATH_HASHES = 64;
const CODE: FailureCode = "bundle/malformed-entry";
const FIELDS = [
  "logIndex",
  "logId",
  "kindVersion",
  "integratedTime",
  "inclusionPromise",
  "inclusionProof",
  "canonicalizedBody",
];

/**
 * Reads an entry as Rekor v2 answers a write with it.
 *
 * Absent integers are 0 and `inclusionPromise`, `inclusionProof` may be null or absent: Rekor writes every field, Go
 * clients leave out those that hold their default.
 *
 * @throws bundle/malformed-entry
 */
export function parseLogEntry(bytes: Uint8Array): LogEntry {
  const place = { code: CODE, path: "the log entry" };
  return readLogEntry(readDocument(bytes, place), place);
}

/** JSON text of an entry; the inverse of {@link parseLogEntry}. */
export const formatLogEntry = (entry: LogEntry): string => JSON.stringify(logEntryJson(entry));

/** {@link parseLogEntry} of what stands in a larger document. */
export function readLogEntry(value: Json | undefined, { path }: { readonly path: string }): LogEntry {
  const message = new Message(value, { code: CODE, path }, FIELDS);
  const kindVersion = message.message("kindVersion", ["kind", "version"]);
  const hasPromise = message.has("inclusionPromise");
  if (hasPromise) message.message("inclusionPromise", ["signedEntryTimestamp"]).bytes("signedEntryTimestamp");
  return {
    logId: message.message("logId", ["keyId"]).hash("keyId"),
    logIndex: message.integer("logIndex"),
    kind: kindVersion.text("kind"),
    version: kindVersion.text("version"),
    integratedTime: message.bigint("integratedTime"),
    hasPromise,
    proof: message.has("inclusionProof") ? readProof(message) : null,
    body: message.bytes("canonicalizedBody"),
  };
}

/**
 * The entry as JSON, without the time and the promise that Rekor v2 does not give.
 *
 * @throws RangeError for an entry with a promise: only Rekor v1 gives one, and its signature is not kept
 */
export function logEntryJson(entry: LogEntry): JsonObject {
  if (entry.hasPromise) throw new RangeError("an entry with a promise cannot be written");
  const { logId, logIndex, kind, version, integratedTime, proof, body } = entry;
  return {
    logIndex: String(logIndex),
    logId: { keyId: toBase64(logId) },
    kindVersion: { kind, version },
    ...(integratedTime === 0n ? {} : { integratedTime: String(integratedTime) }),
    ...(proof === null ? {} : { inclusionProof: proofJson(proof) }),
    canonicalizedBody: toBase64(body),
  };
}

function readProof(entry: Message): LogEntryProof {
  const proof = entry.message("inclusionProof", ["logIndex", "rootHash", "treeSize", "hashes", "checkpoint"]);
  return {
    index: proof.integer("logIndex"),
    treeSize: proof.integer("treeSize"),
    rootHash: proof.hash("rootHash"),
    path: proof.hashes("hashes", MAX_PATH_HASHES),
    checkpoint: proof.has("checkpoint") ? proof.message("checkpoint", ["envelope"]).text("envelope") : "",
  };
}

function proofJson({ index, treeSize, rootHash, path, checkpoint }: LogEntryProof): JsonObject {
  return {
    logIndex: String(index),
    rootHash: toBase64(rootHash),
    treeSize: String(treeSize),
    hashes: path.map(toBase64),
    ...(checkpoint === "" ? {} : { checkpoint: { envelope: checkpoint } }),
  };
}
