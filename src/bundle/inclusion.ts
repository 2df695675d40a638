import { toHex } from "../bytes/hex.ts";
import { equalBytes } from "../bytes/join.ts";
import { Failure, type FailureCode } from "../failure.ts";
import { leafHash } from "../merkle/hash.ts";
import { verifyInclusion } from "../merkle/inclusion.ts";
import { openCheckpoint, type VerifiedCheckpoint } from "../tlog/checkpoint.ts";
import { type Bundle } from "./bundle.ts";
import {
  ENTRY_KIND,
  ENTRY_VERSION,
  type EntryBody,
  entryOf,
  type EntryVerifier,
  formatEntryBody,
  parseEntryBody,
  type SignedDigest,
} from "./entry.ts";
import { hashBytes } from "./hash-algorithm.ts";
import { type LogEntry, type LogEntryProof } from "./log-entry.ts";
import { type TrustedLog } from "./trusted-log.ts";

/** An entry that a trusted log is proven to hold. */
export interface IncludedEntry {
  readonly log: TrustedLog;
  /** The leaf's, from 0. */
  readonly index: number;
  /** Leaves in the tree that the proof is for: the checkpoint's. */
  readonly treeSize: number;
  /** Its witnesses are still to be judged. */
  readonly checkpoint: VerifiedCheckpoint;
}

/** What became of one entry of a bundle. */
export type EntryFinding =
  | ({ readonly outcome: "included" } & IncludedEntry)
  | {
      readonly outcome: "failed";
      readonly code: FailureCode;
      readonly message: string;
      /** As the entry claims them. */
      readonly logId: Uint8Array;
      readonly index: number;
    };

/**
 * Judges each log entry of a bundle by itself: an entry of a log nobody trusts spoils none of the others.
 *
 * @param signed  what was verified: the leaf is rebuilt from it, so the key must be the verified one and the digest of
 *                what it signed, not what the bundle says about either
 * @param logs    from a trusted root
 * @returns       one finding an entry, in their order; all of them are failed where nothing is proven
 */
export function verifyEntries(
  bundle: Bundle,
  signed: SignedDigest,
  logs: readonly TrustedLog[],
): readonly EntryFinding[] {
  const expected = entryOf(signed);
  const seen = new Set<string>();
  return bundle.entries.map((entry) => {
    try {
      requireFirst(entry, seen);
      return { outcome: "included", ...verifyEntry(entry, expected, logs) };
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      const { code, message } = error;
      return { outcome: "failed", code, message, logId: entry.logId, index: entry.logIndex };
    }
  });
}

/**
 * Proves that a trusted log holds exactly `expected`.
 *
 * @throws bundle/unsupported-entry   for any kind but `hashedrekord` 0.0.2
 * @throws bundle/unknown-log
 * @throws bundle/malformed-entry, bundle/entry-digest-mismatch, bundle/entry-key-mismatch,
 *         bundle/entry-signature-mismatch  where the log holds something else
 * @throws bundle/no-inclusion-proof  where there is at most a promise
 * @throws bundle/bad-checkpoint      unless the log signed the checkpoint
 * @throws bundle/not-included        unless the proof leads from the leaf to the checkpoint
 */
export function verifyEntry(entry: LogEntry, expected: EntryBody, logs: readonly TrustedLog[]): IncludedEntry {
  if (entry.kind !== ENTRY_KIND || entry.version !== ENTRY_VERSION) {
    throw new Failure("bundle/unsupported-entry", `the entry is a ${entry.kind} ${entry.version}`);
  }
  const log = findLog(entry, logs);
  const leaf = formatEntryBody(expected);
  requireSameEntry(entry.body, leaf);
  const proof = requireProof(entry);
  const checkpoint = requireCheckpoint(proof, log);
  requireInclusion(leaf, proof, checkpoint);
  return { log, index: proof.index, treeSize: checkpoint.treeSize, checkpoint };
}

function requireFirst({ logId, logIndex }: LogEntry, seen: Set<string>): void {
  const place = `${toHex(logId)} ${logIndex}`;
  if (seen.has(place)) throw new Failure("bundle/duplicate-entry", `entry ${logIndex} of one log is there twice`);
  seen.add(place);
}

function findLog({ logId }: LogEntry, logs: readonly TrustedLog[]): TrustedLog {
  const log = logs.find((each) => equalBytes(each.logId, logId));
  if (log === undefined)
    throw new Failure("bundle/unknown-log", `the entry is in log ${toHex(logId)}, not a trusted one`);
  return log;
}

/** Compares whole leaves; takes the logged one apart only to say what differs. */
function requireSameEntry(logged: Uint8Array, leaf: Uint8Array): void {
  if (equalBytes(logged, leaf)) return;
  const [got, want] = [parseEntryBody(logged), parseEntryBody(leaf)];
  if (!equalBytes(got.digest, want.digest)) {
    throw new Failure(
      "bundle/entry-digest-mismatch",
      `the entry is for ${got.algorithm} ${toHex(got.digest)}, want ${want.algorithm} ${toHex(want.digest)}`,
    );
  }
  // From an ECDSA signature a second key can be computed that verifies it; an entry under that key is not the signer's.
  if (got.keyDetails !== want.keyDetails || describeVerifier(got.verifier) !== describeVerifier(want.verifier)) {
    throw new Failure(
      "bundle/entry-key-mismatch",
      `the entry is by ${got.keyDetails} ${describeVerifier(got.verifier)}, want ${want.keyDetails} ${describeVerifier(want.verifier)}`,
    );
  }
  throw new Failure("bundle/entry-signature-mismatch", "the entry holds another signature by the same key");
}

const describeVerifier = (verifier: EntryVerifier): string =>
  verifier.kind === "publicKey"
    ? `key ${toHex(hashBytes("SHA2_256", verifier.spki))}`
    : `certificate ${toHex(hashBytes("SHA2_256", verifier.der))}`;

function requireProof({ proof, hasPromise, logIndex }: LogEntry): LogEntryProof {
  if (proof === null) {
    const what = hasPromise ? "a promise to include it, and no proof" : "no inclusion proof";
    throw new Failure("bundle/no-inclusion-proof", `the entry has ${what}`);
  }
  if (proof.index !== logIndex) {
    throw new Failure("bundle/not-included", `the proof is for leaf ${proof.index}, want ${logIndex}`);
  }
  return proof;
}

function requireCheckpoint({ checkpoint }: LogEntryProof, log: TrustedLog): VerifiedCheckpoint {
  if (checkpoint === "") throw new Failure("bundle/bad-checkpoint", "the inclusion proof has no checkpoint");
  try {
    return openCheckpoint(checkpoint, log.key);
  } catch (cause) {
    if (!(cause instanceof Failure)) throw cause;
    throw new Failure("bundle/bad-checkpoint", `the checkpoint is not ${log.origin}'s: ${cause.message}`, { cause });
  }
}

function requireInclusion(leaf: Uint8Array, proof: LogEntryProof, checkpoint: VerifiedCheckpoint): void {
  const { treeSize, rootHash } = checkpoint;
  if (proof.treeSize !== treeSize || !equalBytes(proof.rootHash, rootHash)) {
    const got = `${proof.treeSize} leaves and root ${toHex(proof.rootHash)}`;
    const want = `${treeSize} and ${toHex(rootHash)}`;
    throw new Failure("bundle/not-included", `the proof is for a tree of ${got}, the checkpoint of ${want}`);
  }
  try {
    verifyInclusion(leafHash(leaf), proof, rootHash);
  } catch (cause) {
    if (!(cause instanceof Failure)) throw cause;
    throw new Failure("bundle/not-included", `the proof does not hold: ${cause.message}`, { cause });
  }
}
