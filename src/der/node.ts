import { concat } from "../bytes/join.ts";
import { Failure } from "../failure.ts";
import { requirePrimitive } from "./primitive.ts";
import { TAGS } from "./tag.ts";

/** One value of ASN.1 as the Distinguished Encoding Rules write it (X.690 §8, §10). */
export interface DerNode {
  /** The identifier octet: class, primitive or constructed, tag number below 31 (X.690 §8.1.2). */
  readonly tag: number;
  /** What the length counts. */
  readonly contents: Uint8Array;
  /** Identifier, length and contents. */
  readonly raw: Uint8Array;
  /** The values inside a constructed one, in order; none in a primitive one. */
  readonly children: readonly DerNode[];
}

/** Keys, signatures, certificates and timestamps are a hundredth of this. */
export const MAX_DER_BYTES = 1024 * 1024;
/** Constructed values inside one another. */
export const MAX_DER_DEPTH = 32;

/** Set in the identifier octet of a value made of values (X.690 §8.1.2.5). */
const CONSTRUCTED = 0x20;
const CLASS_BITS = 0xc0;
const NUMBER_BITS = 0x1f;

/**
 * Reads one value that fills `bytes`.
 *
 * Refuses what BER allows and DER does not: indefinite and padded lengths, constructed strings, loose booleans and
 * integers, spare bits that are set. Tag numbers above 30 are refused too; the order inside a SET OF is not looked at.
 *
 * @throws der/malformed, der/too-deep
 */
export function readDer(bytes: Uint8Array): DerNode {
  if (bytes.length > MAX_DER_BYTES) {
    throw new Failure("der/malformed", `got ${bytes.length} bytes, more than the ${MAX_DER_BYTES} that are read`);
  }
  const node = readNode(bytes, 0, 1);
  if (node.raw.length < bytes.length) {
    throw new Failure("der/malformed", `${bytes.length - node.raw.length} bytes follow the value`);
  }
  return node;
}

/** Writes one value: `tag`, the length of all `contents`, and them. */
export function writeDer(tag: number, ...contents: readonly Uint8Array[]): Uint8Array {
  const length = contents.reduce((sum, part) => sum + part.length, 0);
  return concat(Uint8Array.of(tag), writeLength(length), ...contents);
}

function readNode(bytes: Uint8Array, at: number, depth: number): DerNode {
  const tag = octet(bytes, at);
  const { length, lengthOctets } = readLength(bytes, at + 1);
  const start = at + 1 + lengthOctets;
  if (length > bytes.length - start) {
    throw new Failure("der/malformed", `the value at byte ${at} has ${length} bytes, ${bytes.length - start} are left`);
  }
  const contents = bytes.subarray(start, start + length);
  const raw = bytes.subarray(at, start + length);
  requireTag(tag, at);
  if ((tag & CONSTRUCTED) === 0) {
    requirePrimitive(tag, contents);
    return { tag, contents, raw, children: [] };
  }
  if (depth > MAX_DER_DEPTH) throw new Failure("der/too-deep", `more than ${MAX_DER_DEPTH} values inside one another`);
  return { tag, contents, raw, children: readChildren(contents, depth + 1) };
}

function readChildren(contents: Uint8Array, depth: number): DerNode[] {
  const children: DerNode[] = [];
  for (let at = 0; at < contents.length;) {
    const child = readNode(contents, at, depth);
    children.push(child);
    at += child.raw.length;
  }
  return children;
}

/** X.690 §10.2: strings are primitive in DER; of the universal types only SEQUENCE and SET are made of values. */
function requireTag(tag: number, at: number): void {
  const number = tag & NUMBER_BITS;
  if (number === NUMBER_BITS) throw new Failure("der/malformed", `tag numbers above 30 are not read, at byte ${at}`);
  if ((tag & CLASS_BITS) !== 0) return;
  const isCollection = number === (TAGS.sequence & NUMBER_BITS) || number === (TAGS.set & NUMBER_BITS);
  const isConstructed = (tag & CONSTRUCTED) !== 0;
  if (number === 0 || isCollection !== isConstructed) {
    throw new Failure("der/malformed", `DER has no universal tag 0x${tag.toString(16)}, at byte ${at}`);
  }
}

/** X.690 §10.1: the definite form, in the fewest octets. */
function readLength(bytes: Uint8Array, at: number): { length: number; lengthOctets: number } {
  const first = octet(bytes, at);
  if (first < 0x80) return { length: first, lengthOctets: 1 };
  const more = first - 0x80;
  if (more === 0) throw new Failure("der/malformed", `a length is indefinite, at byte ${at}`);
  if (more > 4) throw new Failure("der/malformed", `a length has ${more} octets, at byte ${at}`);
  let length = 0;
  for (let index = 1; index <= more; index += 1) length = length * 0x100 + octet(bytes, at + index);
  if (writeLength(length).length !== more + 1) {
    throw new Failure("der/malformed", `the length ${length} is not in the fewest octets, at byte ${at}`);
  }
  return { length, lengthOctets: more + 1 };
}

function writeLength(length: number): Uint8Array {
  if (length < 0x80) return Uint8Array.of(length);
  const octets: number[] = [];
  for (let rest = length; rest > 0; rest = Math.floor(rest / 0x100)) octets.unshift(rest % 0x100);
  return Uint8Array.of(0x80 + octets.length, ...octets);
}

function octet(bytes: Uint8Array, at: number): number {
  const value = bytes[at];
  if (value === undefined) throw new Failure("der/malformed", `the value ends at byte ${at}, in its tag or length`);
  return value;
}
