import { Failure } from "../failure.ts";

const BLOCK_BYTES = 512;
/** Bytes of one pax header or long name. */
const MAX_SPECIAL_BYTES = 1024 * 1024;

/** Where header fields are, in bytes: POSIX.1-2017, pax, "ustar Interchange Format"; the last is old GNU's. */
const SIZE = { start: 124, end: 136 };
const CHECKSUM = { start: 148, end: 156 };
const TYPE_FLAG = 156;
const SPARSE_CONTINUES = 482;
/** The same flag in a block that continues the list of holes. */
const SPARSE_CONTINUES_AGAIN = 504;

/** Type flags that say something of the next entry, or of all: pax headers, GNU's long names. */
const SPECIAL = "xgXLK";
/** Links, devices, directories and pipes have no contents; what a size there means, readers disagree on. */
const WITHOUT_CONTENTS = "123456";

/**
 * Reads the frame of a tar, not its contents: that it is whole and well-formed, and how many entries it has.
 *
 * Stricter than programs that unpack: only zeros may follow the end, so that no reader stops earlier than another. One
 * liberty is taken, which runtimes take too: an end without its blocks of zeros, and without the last file's padding, is
 * an end, because `umoci insert` writes no other. Memory is bounded; contents are passed over as they come.
 */
export class TarReader {
  readonly #block = new Uint8Array(BLOCK_BYTES);
  #have = 0;
  /** Bytes of contents and padding to pass over. */
  #left = 0;
  /** How many of them, at most, are padding. */
  #padding = 0;
  #zeroBlocks = 0;
  #entries = 0;
  /** Size of an old GNU sparse entry of whose header more blocks follow. */
  #sparseSize: number | null = null;
  /** The pax header being read, and how much of it is there. */
  #pax: Uint8Array | null = null;
  #paxHave = 0;
  /** A pax header's word on the size of the next entry. */
  #paxSize: number | null = null;
  /** Pax headers and long names wait for the entry they describe. */
  #awaitsEntry = false;

  /** Entries so far, without pax headers and long names. */
  get entries(): number {
    return this.#entries;
  }

  /** @throws measure/malformed-layer */
  write(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length;) {
      if (this.#left > 0) {
        const length = Math.min(this.#left, bytes.length - at);
        this.#contents(bytes.subarray(at, at + length));
        at += length;
        continue;
      }
      const length = Math.min(BLOCK_BYTES - this.#have, bytes.length - at);
      this.#block.set(bytes.subarray(at, at + length), this.#have);
      this.#have += length;
      at += length;
      if (this.#have < BLOCK_BYTES) continue;
      this.#have = 0;
      this.#readBlock();
    }
  }

  /** @throws measure/malformed-layer where the tar is not whole */
  finish(): void {
    if (this.#have > 0 || this.#left > this.#padding || this.#sparseSize !== null)
      throw malformed("ends within an entry");
    if (this.#awaitsEntry) throw malformed("has a pax header that no entry follows");
    if (this.#entries === 0 && this.#zeroBlocks === 0) throw malformed("is empty");
  }

  #readBlock(): void {
    if (this.#sparseSize !== null) {
      if (this.#block[SPARSE_CONTINUES_AGAIN] !== 0) return;
      this.#passOver(this.#sparseSize);
      this.#sparseSize = null;
    } else if (this.#block.every((byte) => byte === 0)) {
      if (this.#awaitsEntry) throw malformed("has a pax header that no entry follows");
      this.#zeroBlocks += 1;
    } else if (this.#zeroBlocks > 0) {
      throw malformed("goes on after its end");
    } else {
      this.#readHeader();
    }
  }

  #readHeader(): void {
    requireChecksum(this.#block);
    const type = String.fromCharCode(this.#block[TYPE_FLAG] ?? 0);
    const size = readNumber(this.#block.subarray(SIZE.start, SIZE.end));
    if (SPECIAL.includes(type)) {
      if (size > MAX_SPECIAL_BYTES) throw malformed(`has a pax header of ${size} bytes`);
      if (type === "x") [this.#pax, this.#paxHave] = [new Uint8Array(size), 0];
      this.#awaitsEntry = this.#awaitsEntry || type !== "g";
      this.#passOver(size);
      return;
    }
    if (type === "M") throw malformed("is a part of several volumes");
    const actual = this.#paxSize ?? size;
    if (WITHOUT_CONTENTS.includes(type) && actual > 0) throw malformed(`has a link or directory of ${actual} bytes`);
    this.#entries += 1;
    [this.#paxSize, this.#awaitsEntry] = [null, false];
    if (type === "S" && this.#block[SPARSE_CONTINUES] !== 0) this.#sparseSize = actual;
    else this.#passOver(actual);
  }

  #passOver(size: number): void {
    const left = Math.ceil(size / BLOCK_BYTES) * BLOCK_BYTES;
    if (!Number.isSafeInteger(left)) throw malformed("has an entry larger than can be");
    this.#left = left;
    this.#padding = left - size;
    if (left === 0) this.#pax = null;
  }

  #contents(bytes: Uint8Array): void {
    this.#left -= bytes.length;
    if (this.#pax === null) return;
    const part = bytes.subarray(0, this.#pax.length - this.#paxHave);
    this.#pax.set(part, this.#paxHave);
    this.#paxHave += part.length;
    if (this.#left > 0) return;
    const size = readPaxSize(this.#pax);
    if (size !== null && this.#paxSize !== null) throw malformed("has two pax headers that give one entry a size");
    this.#paxSize ??= size;
    this.#pax = null;
  }
}

/** The sum of the header's bytes, its own field taken as spaces. */
function requireChecksum(block: Uint8Array): void {
  const inField = (at: number) => at >= CHECKSUM.start && at < CHECKSUM.end;
  const sum = block.reduce((sum, byte, at) => sum + (inField(at) ? 0x20 : byte), 0);
  if (readNumber(block.subarray(CHECKSUM.start, CHECKSUM.end)) !== sum)
    throw malformed("has a header of wrong checksum");
}

/** An octal number among spaces and NULs, or GNU's big-endian binary one behind 0x80. */
function readNumber(field: Uint8Array): number {
  const [first = 0, ...rest] = field;
  const text = String.fromCharCode(...field);
  // Octal is read by hand: no parser of JavaScript's refuses what follows the digits.
  const value =
    first === 0x80
      ? rest.reduce((value, byte) => value * 256 + byte, 0)
      : Number.parseInt(/^[ \0]*([0-7]*)[ \0]*$/.exec(text)?.[1]?.padStart(1, "0") ?? "", 8);
  if (!Number.isSafeInteger(value)) throw malformed("has a header with a number that is none");
  return value;
}

/** The `size` record of a pax header: records are `LENGTH KEY=VALUE\n`, the length including itself. */
function readPaxSize(pax: Uint8Array): number | null {
  let size: number | null = null;
  for (let at = 0; at < pax.length;) {
    const digits = /^([1-9][0-9]{0,6}) /.exec(String.fromCharCode(...pax.subarray(at, at + 8)))?.[1] ?? "";
    const end = at + Number(digits);
    if (digits === "" || end > pax.length || pax[end - 1] !== 0x0a) throw malformed("has a malformed pax header");
    const record = pax.subarray(at + digits.length + 1, end - 1);
    if (String.fromCharCode(...record.subarray(0, 5)) === "size=") size = readPaxNumber(record.subarray(5));
    at = end;
  }
  return size;
}

function readPaxNumber(digits: Uint8Array): number {
  const text = String.fromCharCode(...digits.subarray(0, 20));
  if (!/^[0-9]{1,16}$/.test(text)) throw malformed("has a pax header with a size that is none");
  return Number(text);
}

const malformed = (what: string): Failure => new Failure("measure/malformed-layer", `the layer's tar ${what}`);
