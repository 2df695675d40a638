import { fromBase64, toBase64 } from "../bytes/base64.ts";
import { Failure } from "../failure.ts";
import { asHash, HASH_BYTES, type Hash } from "../merkle/hash.ts";
import { parseNote, type Note } from "../note/note.ts";
import { openNote } from "../note/open.ts";
import { type VerifierKey } from "../note/vkey.ts";

/**
 * What a log says about itself, c2sp.org/tlog-checkpoint: the text of a signed note, each line ended by a newline.
 *
 *     example.com/log
 *     5
 *     gy5gl3aksFyiCO95a/1vLXz88A3dRq+0l9Sxte8ZqZQ=
 */
export interface Checkpoint {
  /** The log's identity; not empty. */
  readonly origin: string;
  /** Entries in the log; a safe integer, at least 0. */
  readonly treeSize: number;
  readonly rootHash: Hash;
  /** Further lines, none of them empty; opaque, and best not there. */
  readonly extensions: readonly string[];
}

/** A checkpoint whose log signature held; its cosignatures are in {@link note} and still to be judged. */
export interface VerifiedCheckpoint extends Omit<Checkpoint, "extensions"> {
  /** The whole note, with all its signature lines. */
  readonly note: Note;
  /** The key that verified it; its name is {@link origin}. */
  readonly logKey: VerifierKey;
}

/** Inverse of {@link parseCheckpoint}: the text of the note, without signatures. */
export const formatCheckpoint = ({ origin, treeSize, rootHash, extensions }: Checkpoint): string =>
  [origin, String(treeSize), toBase64(rootHash), ...extensions, ""].join("\n");

/**
 * Reads the text of a checkpoint (of the note, without signatures). Says nothing about who wrote it.
 *
 * @throws tlog/malformed-checkpoint unless {@link formatCheckpoint} would write the same
 */
export function parseCheckpoint(text: string): Checkpoint {
  const [origin = "", size = "", root = "", ...rest] = text.split("\n");
  const checkpoint = { origin, treeSize: Number(size), rootHash: parseRoot(root), extensions: rest.slice(0, -1) };
  const whole = origin !== "" && Number.isSafeInteger(checkpoint.treeSize) && !checkpoint.extensions.includes("");
  // A size of -0 or -1 would be written back as it was read.
  if (!whole || checkpoint.treeSize < 0 || formatCheckpoint(checkpoint) !== text) {
    throw new Failure("tlog/malformed-checkpoint", "the checkpoint is not in canonical form");
  }
  return checkpoint;
}

/**
 * Opens a signed checkpoint with the key of its log.
 *
 * @param noteText the whole signed note
 * @param logKey   type ed25519 or ecdsa: a cosignature says what a witness saw, not what the log is
 * @throws note/malformed, note/unknown-key, note/bad-signature as opening the note does
 * @throws note/unsupported-key      if the key is a cosigner's
 * @throws tlog/malformed-checkpoint if what was signed is no checkpoint
 * @throws tlog/wrong-origin         if it is the checkpoint of another log than the key's name says
 */
export function openCheckpoint(noteText: string, logKey: VerifierKey): VerifiedCheckpoint {
  if (logKey.type !== "ed25519" && logKey.type !== "ecdsa") {
    throw new Failure("note/unsupported-key", `a log's key is ed25519 or ecdsa, got ${logKey.type}`);
  }
  const note = parseNote(noteText);
  const { origin, treeSize, rootHash } = parseCheckpoint(openNote(note, [logKey]).text);
  if (origin !== logKey.name) {
    throw new Failure("tlog/wrong-origin", `the checkpoint is of ${JSON.stringify(origin)}, want ${logKey.name}`);
  }
  return { origin, treeSize, rootHash, note, logKey };
}

function parseRoot(text: string): Hash {
  const bytes = decode(text);
  if (bytes.length !== HASH_BYTES) {
    throw new Failure("tlog/malformed-checkpoint", `the root hash has ${bytes.length} bytes, want ${HASH_BYTES}`);
  }
  return asHash(bytes);
}

function decode(text: string): Uint8Array {
  try {
    return fromBase64(text);
  } catch (cause) {
    throw new Failure("tlog/malformed-checkpoint", "the third line is not base64", { cause });
  }
}
