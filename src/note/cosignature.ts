import { verify } from "node:crypto";

import { ml_dsa44 } from "@noble/post-quantum/ml-dsa.js";

import { fromBase64 } from "../bytes/base64.ts";
import { Cursor } from "../bytes/cursor.ts";
import { concat } from "../bytes/join.ts";
import { toUtf8 } from "../bytes/utf8.ts";
import { Failure } from "../failure.ts";
import { type NoteSignature } from "./note.ts";
import { ed25519KeyObject, type VerifierKey } from "./vkey.ts";

/**
 * Timestamped signatures of checkpoints, c2sp.org/tlog-cosignature: u64 seconds, big-endian, then the signature.
 *
 * Ed25519 (0x04) signs a header, the time and the whole text. ML-DSA-44 (0x06) signs a binary structure of cosigner
 * name, time, origin, size and root hash: extension lines are **not** covered by it.
 */

export type CosignatureType = "ed25519-cosignature" | "ml-dsa-44-cosignature";

/** Bytes of the time in front of a signature. */
const TIME_BYTES = 8;

/** What a cosignature held says. */
export interface Cosignature {
  /** POSIX seconds, a safe integer. 0 (ML-DSA-44 only) says nothing about the tree being the largest seen. */
  readonly time: number;
}

/**
 * Checks a cosignature over a checkpoint's text.
 *
 * @param text      the note's text, to its final newline
 * @param signature time and signature, as in {@link NoteSignature.signature}
 * @throws note/bad-signature if it does not hold, or the text is nothing the type can sign
 * @throws RangeError for a key of another type
 */
export function verifyCosignature(key: VerifierKey, text: string, signature: Uint8Array): Cosignature {
  const type = cosignatureType(key);
  const time = readTime(signature);
  const message = cosignatureMessage(type, key.name, time, text);
  const bytes = signature.subarray(TIME_BYTES);
  const good =
    type === "ed25519-cosignature"
      ? verify(null, message, ed25519KeyObject(key.publicKey), bytes)
      : ml_dsa44.verify(bytes, message, key.publicKey);
  if (!good) throw new Failure("note/bad-signature", `the cosignature of ${key.name} does not fit the text`);
  return { time };
}

/**
 * The time a cosignature claims, in POSIX seconds. Worth nothing before {@link verifyCosignature}.
 *
 * @throws note/bad-signature if there is none, or it is beyond 2^53
 */
export const cosignatureTime = ({ signature }: NoteSignature): number => readTime(signature);

/** The time as it stands in front of a cosignature. */
export function encodeTime(time: number): Uint8Array {
  return u64(BigInt(time));
}

/**
 * The bytes a cosigner signs.
 *
 * @param name cosigner's key name
 * @param time POSIX seconds
 * @param text the note's text
 * @throws note/bad-signature if `type` is ML-DSA-44 and the text is no checkpoint, or a name is over 255 bytes
 */
export function cosignatureMessage(type: CosignatureType, name: string, time: number, text: string): Uint8Array {
  // tlog-cosignature: "a single space, and timestamp encoded as an ASCII decimal with no leading zeroes"
  if (type === "ed25519-cosignature") return toUtf8(`cosignature/v1\ntime ${time}\n${text}`);
  const { origin, treeSize, rootHash } = readTreeHead(text);
  // tlog-cosignature: "If signing a checkpoint, start MUST be zero", and end is the size of the tree.
  return subtreeMessage(name, time, { origin, start: 0n, end: treeSize, rootHash });
}

/** The `cosigned_message` structure for leaves `[start, end)` of the log `origin`. */
export function subtreeMessage(
  name: string,
  time: number,
  subtree: { origin: string; start: bigint; end: bigint; rootHash: Uint8Array },
): Uint8Array {
  return concat(
    toUtf8("subtree/v1\n\0"),
    shortString(name),
    u64(BigInt(time)),
    shortString(subtree.origin),
    u64(subtree.start),
    u64(subtree.end),
    subtree.rootHash,
  );
}

function cosignatureType({ name, type }: VerifierKey): CosignatureType {
  if (type === "ed25519-cosignature" || type === "ml-dsa-44-cosignature") return type;
  throw new RangeError(`${name} is not a cosigner's key`);
}

function readTime(signature: Uint8Array): number {
  if (signature.length < TIME_BYTES) throw new Failure("note/bad-signature", "the cosignature carries no time");
  const time = new Cursor(signature).readU64be();
  if (time > BigInt(Number.MAX_SAFE_INTEGER)) {
    throw new Failure("note/bad-signature", `the cosignature's time, ${time}, is not a time in seconds`);
  }
  return Number(time);
}

/** The three lines of a checkpoint that ML-DSA-44 covers. Strict: another spelling would sign to the same bytes. */
function readTreeHead(text: string): { origin: string; treeSize: bigint; rootHash: Uint8Array } {
  const found = /^([^\n]+)\n(0|[1-9][0-9]{0,19})\n([A-Za-z0-9+/]{43}=)\n/.exec(text);
  const [, origin = "", size = "", root = ""] = found ?? [];
  const treeSize = BigInt(size);
  if (found === null || treeSize > 0xffff_ffff_ffff_ffffn) {
    throw new Failure("note/bad-signature", "ML-DSA-44 cosigns checkpoints only, and the text is none");
  }
  return { origin, treeSize, rootHash: decodeRoot(root) };
}

function decodeRoot(text: string): Uint8Array {
  try {
    return fromBase64(text);
  } catch (cause) {
    throw new Failure("note/bad-signature", "the checkpoint's root hash is not canonical base64", { cause });
  }
}

/** RFC 8446 §3.4 `opaque<1..2^8-1>`. */
function shortString(text: string): Uint8Array {
  const bytes = toUtf8(text);
  if (bytes.length === 0 || bytes.length > 255) {
    throw new Failure("note/bad-signature", `a name in a cosignature has 1 to 255 bytes, got ${bytes.length}`);
  }
  return concat(Uint8Array.of(bytes.length), bytes);
}

function u64(value: bigint): Uint8Array {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, value);
  return bytes;
}
