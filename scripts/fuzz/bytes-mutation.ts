import { concat } from "../../src/bytes/join.ts";
import { toUtf8 } from "../../src/bytes/utf8.ts";
import { type Random } from "./random.ts";

/** Whole numbers at which types and limits end. */
const EDGES = [0, 1, 0x7f, 0x80, 0xff, 0x7fff, 0x8000, 0xffff, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff];
const NUMBERS = `0 -0 -1 00 +1 1e9 1e400 0x10 4294967296 9007199254740992 9223372036854775808 18446744073709551616
${"9".repeat(400)}`
  .split(/\s/)
  .map(toUtf8);
/** What text formats split, quote and forget at. */
const MARKS = "\n|\r\n|\n\n|\0| |\t|,|:|+|=|\"|'|\\|/|..|{|}|[|]|#|&a|*a|!!str|---|<<|%|@|\u2014 |\ufeff|\u0430|\u2028"
  .split("|")
  .map(toUtf8);
/** Formats have their fields in front: half of the edits are made there. */
const HEAD_BYTES = 512;

type Edit = (random: Random, bytes: Uint8Array, others: readonly Uint8Array[]) => Uint8Array;

const EDITS: readonly Edit[] = [
  // A bit flipped, a byte set.
  (random, bytes) => replaced(bytes, place(random, bytes), (byte) => byte ^ (1 << random.below(8))),
  (random, bytes) => replaced(bytes, place(random, bytes), () => random.pick(EDGES)),
  // A length, an offset, a count.
  (random, bytes) => written(bytes, place(random, bytes), integer(random)),
  (random, bytes) => shifted(random, bytes),
  // Something cut out, doubled, moved, or ended early.
  (random, bytes) => {
    const [start, end] = range(random, bytes);
    return concat(bytes.subarray(0, start), bytes.subarray(end));
  },
  (random, bytes) => {
    const [start, end] = range(random, bytes);
    return concat(bytes.subarray(0, end), bytes.subarray(start));
  },
  (random, bytes) => {
    const [start, end] = range(random, bytes);
    const at = random.below(bytes.length + 1);
    return concat(bytes.subarray(0, at), bytes.subarray(start, end), bytes.subarray(at));
  },
  (random, bytes) => bytes.slice(0, random.below(bytes.length)),
  // One document's head, another one's tail.
  (random, bytes, others) => {
    const other = random.pick(others);
    return concat(bytes.subarray(0, place(random, bytes)), other.subarray(place(random, other)));
  },
  (random, bytes) => inserted(bytes, place(random, bytes), random.bytes(1 + random.below(8))),
  (random, bytes) => inserted(bytes, place(random, bytes), random.pick(MARKS)),
  (random, bytes) => {
    const [start, end] = digits(random, bytes);
    return concat(bytes.subarray(0, start), random.pick(NUMBERS), bytes.subarray(end));
  },
  swappedLines,
];

/** What grows with nesting, or with the square of a length, shows from here on. */
const LONG_BYTES = 64 * 1024;

/** A part repeated until the document is long. */
function stretched(random: Random, bytes: Uint8Array): Uint8Array {
  const [start, end] = range(random, bytes);
  const part = random.oneIn(2) ? bytes.subarray(start, end) : random.pick(MARKS);
  if (part.length === 0) return bytes;
  const times = Math.ceil(random.below(LONG_BYTES) / part.length);
  return concat(
    bytes.subarray(0, start),
    Buffer.concat(Array.from({ length: times }, () => part)),
    bytes.subarray(start),
  );
}

/**
 * Bytes a few edits away from `seed`, without regard for what they mean.
 *
 * @param others  documents of the same format, to take parts from
 */
export function mutateBytes(random: Random, seed: Uint8Array, others: readonly Uint8Array[]): Uint8Array {
  let bytes = random.oneIn(200) ? stretched(random, seed) : seed;
  do bytes = random.pick(EDITS)(random, bytes, others);
  while (random.oneIn(2));
  return bytes;
}

const place = (random: Random, { length }: Uint8Array): number =>
  random.below(random.oneIn(2) ? Math.min(length, HEAD_BYTES) : length);

function range(random: Random, bytes: Uint8Array): readonly [number, number] {
  const start = place(random, bytes);
  const longest = random.oneIn(4) ? bytes.length : 32;
  return [start, Math.min(bytes.length, start + 1 + random.below(longest))];
}

/** A number in one to eight bytes, either end first. */
function integer(random: Random): Uint8Array {
  const width = random.pick([1, 2, 4, 8]);
  const bytes = Buffer.alloc(8);
  const value = random.oneIn(2) ? random.pick(EDGES) : random.next();
  if (random.oneIn(2)) {
    bytes.writeUInt32LE(value, 0);
    return new Uint8Array(bytes.subarray(0, width));
  }
  bytes.writeUInt32BE(value, 4);
  return new Uint8Array(bytes.subarray(8 - width));
}

/** A 16-bit number, either end first, off by a little. */
function shifted(random: Random, bytes: Uint8Array): Uint8Array {
  if (bytes.length < 2) return bytes;
  const copy = Buffer.from(bytes);
  const at = random.below(bytes.length - 1);
  const off = (value: number): number => (value + random.pick([1, 2, 0xffff, 0xfffe, 256])) % 0x1_0000;
  if (random.oneIn(2)) copy.writeUInt16LE(off(copy.readUInt16LE(at)), at);
  else copy.writeUInt16BE(off(copy.readUInt16BE(at)), at);
  return new Uint8Array(copy);
}

function replaced(bytes: Uint8Array, at: number, change: (byte: number) => number): Uint8Array {
  const copy = bytes.slice();
  copy[at] = change(copy[at] ?? 0);
  return copy;
}

function written(bytes: Uint8Array, at: number, value: Uint8Array): Uint8Array {
  const copy = bytes.slice();
  copy.set(value.subarray(0, copy.length - at), at);
  return copy;
}

const inserted = (bytes: Uint8Array, at: number, added: Uint8Array): Uint8Array =>
  concat(bytes.subarray(0, at), added, bytes.subarray(at));

/** A run of decimal digits, or nothing at the end where there is none behind a place chosen. */
function digits(random: Random, bytes: Uint8Array): readonly [number, number] {
  const isDigit = (byte: number | undefined): boolean => byte !== undefined && byte >= 0x30 && byte <= 0x39;
  let start = place(random, bytes);
  while (start < bytes.length && !isDigit(bytes[start])) start++;
  let end = start;
  while (isDigit(bytes[end])) end++;
  return [start, end];
}

function swappedLines(random: Random, bytes: Uint8Array): Uint8Array {
  const lines = Buffer.from(bytes).toString("latin1").split("\n");
  const [from, to] = [random.below(lines.length), random.below(lines.length)];
  const [line = ""] = random.oneIn(2) ? lines.splice(from, 1) : lines.slice(from, from + 1);
  lines.splice(to, 0, line);
  return new Uint8Array(Buffer.from(lines.join("\n"), "latin1"));
}
