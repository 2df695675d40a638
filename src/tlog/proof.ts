import { fromBase64, toBase64 } from "../bytes/base64.ts";
import { Failure } from "../failure.ts";
import { asHash, HASH_BYTES, type Hash } from "../merkle/hash.ts";
import { verifyInclusion } from "../merkle/inclusion.ts";
import { MAX_NOTE_BYTES, parseNote } from "../note/note.ts";
import { type VerifierKey } from "../note/vkey.ts";
import { openCheckpoint, parseCheckpoint, type VerifiedCheckpoint } from "./checkpoint.ts";

/**
 * An entry's proof in one text file, c2sp.org/tlog-proof: what a log says, and that the entry is in it, for use offline.
 *
 *     c2sp.org/tlog-proof@v1
 *     extra c29tZXRoaW5nIGVsc2U=
 *     index 2
 *     9xWrP6pdBx5uKsS7mU1b9zWUPcw3mdoNCF55gM+5M2o=
 *
 *     example.com/log
 *     …
 */
export interface TlogProof {
  /** Bytes for the application; nobody signed them. Null where there is no such line. */
  readonly extra: Uint8Array | null;
  /** Zero-based position of the entry, a safe integer. */
  readonly index: number;
  /** Sibling hashes, leaf's sibling first; at most {@link MAX_PATH}. */
  readonly path: readonly Hash[];
  /** The signed checkpoint, the whole note with its cosignatures. */
  readonly checkpoint: string;
}

const HEADER = "c2sp.org/tlog-proof@v1";
/** Longest path of a tree whose size is a u64. */
const MAX_PATH = 63;
/** Longest proof read, in UTF-16 units: a note, and as much again for the rest. */
const MAX_PROOF_LENGTH = 2 * MAX_NOTE_BYTES;

/** Inverse of {@link parseTlogProof}. */
export function formatTlogProof({ extra, index, path, checkpoint }: TlogProof): string {
  const extraLine = extra === null ? [] : [`extra ${toBase64(extra)}`];
  const head = [HEADER, ...extraLine, `index ${index}`, ...path.map(toBase64)];
  return `${head.join("\n")}\n\n${checkpoint}`;
}

/**
 * Reads a proof. Nothing is verified, but the checkpoint is known to be one.
 *
 * @throws tlog/malformed-proof unless {@link formatTlogProof} would write the same, or if it is over a limit
 */
export function parseTlogProof(text: string): TlogProof {
  if (text.length > MAX_PROOF_LENGTH) {
    throw new Failure("tlog/malformed-proof", `a proof has at most ${MAX_PROOF_LENGTH} characters`);
  }
  const split = text.indexOf("\n\n");
  const [header, ...lines] = text.slice(0, Math.max(split, 0)).split("\n");
  if (header !== HEADER) throw new Failure("tlog/malformed-proof", `the first line is not ${HEADER}`);
  const extra = lines[0]?.startsWith("extra ") ? decode(lines.shift()?.slice("extra ".length)) : null;
  const index = Number(/^index ([0-9]{1,16})$/.exec(lines.shift() ?? "")?.[1] ?? NaN);
  if (!Number.isSafeInteger(index)) throw new Failure("tlog/malformed-proof", "no line with an index below 2^53");
  if (lines.length > MAX_PATH) {
    throw new Failure("tlog/malformed-proof", `a path has at most ${MAX_PATH} hashes, got ${lines.length}`);
  }
  const proof = { extra, index, path: lines.map(parseHash), checkpoint: text.slice(split + 2) };
  requireCheckpoint(proof.checkpoint);
  if (formatTlogProof(proof) !== text) throw new Failure("tlog/malformed-proof", "the proof is not in canonical form");
  return proof;
}

/**
 * Checks that the entry with hash `leaf` is in the log, c2sp.org/tlog-proof "Verifying": the log's signature, then
 * the path. Cosignatures are the caller's to judge, from the checkpoint returned.
 *
 * @throws what {@link openCheckpoint} and {@link verifyInclusion} throw
 */
export function verifyTlogProof(leaf: Hash, proof: TlogProof, logKey: VerifierKey): VerifiedCheckpoint {
  const checkpoint = openCheckpoint(proof.checkpoint, logKey);
  const { treeSize, rootHash } = checkpoint;
  verifyInclusion(leaf, { index: proof.index, treeSize, path: proof.path }, rootHash);
  return checkpoint;
}

function requireCheckpoint(note: string): void {
  try {
    parseCheckpoint(parseNote(note).text);
  } catch (cause) {
    if (!(cause instanceof Failure)) throw cause;
    throw new Failure("tlog/malformed-proof", "what follows the path is not a signed checkpoint", { cause });
  }
}

function parseHash(line: string): Hash {
  const bytes = decode(line);
  if (bytes.length !== HASH_BYTES) {
    throw new Failure("tlog/malformed-proof", `a hash of the path has ${bytes.length} bytes, want ${HASH_BYTES}`);
  }
  return asHash(bytes);
}

function decode(text = ""): Uint8Array {
  try {
    return fromBase64(text);
  } catch (cause) {
    throw new Failure("tlog/malformed-proof", "a line of the proof is not base64", { cause });
  }
}
