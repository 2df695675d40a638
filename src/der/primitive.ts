import { concat } from "../bytes/join.ts";
import { Failure } from "../failure.ts";
import { TAGS } from "./tag.ts";

/** Octets of an integer that are read: 8192-bit RSA and its sign. */
const MAX_INTEGER_OCTETS = 1025;
const MAX_OID_OCTETS = 128;

/**
 * Checks the contents of a primitive value where its type alone decides what DER allows.
 *
 * @throws der/malformed
 */
export function requirePrimitive(tag: number, contents: Uint8Array): void {
  switch (tag) {
    case TAGS.boolean:
      // X.690 §11.1: "all eight bits shall be set to one"
      if (contents.length !== 1 || (contents[0] !== 0x00 && contents[0] !== 0xff)) {
        throw new Failure("der/malformed", "a boolean is neither 00 nor ff");
      }
      return;
    case TAGS.null:
      if (contents.length !== 0) throw new Failure("der/malformed", "a null has contents");
      return;
    case TAGS.integer:
      requireInteger(contents);
      return;
    case TAGS.bitString:
      requireBitString(contents);
      return;
    case TAGS.objectIdentifier:
      decodeOid(contents);
      return;
    default:
  }
}

/**
 * A non-negative INTEGER's contents as a number.
 *
 * @throws der/malformed where it is negative
 */
export function decodeUnsigned(contents: Uint8Array): bigint {
  requireInteger(contents);
  if ((contents[0] ?? 0) >= 0x80) throw new Failure("der/malformed", "got a negative integer, want a positive one");
  return BigInt(`0x${Buffer.from(contents).toString("hex")}`);
}

/** Inverse of {@link decodeUnsigned}. */
export function encodeUnsigned(value: bigint): Uint8Array {
  if (value < 0n) throw new RangeError(`not an unsigned integer: ${value}`);
  const hex = value.toString(16);
  const magnitude = new Uint8Array(Buffer.from(hex.padStart(hex.length + (hex.length % 2), "0"), "hex"));
  // A leading zero octet keeps a set top bit from being the sign.
  return (magnitude[0] ?? 0) < 0x80 ? magnitude : Uint8Array.of(0, ...magnitude);
}

/**
 * Contents of an OBJECT IDENTIFIER in dotted decimal, such as `1.2.840.10045.2.1` (X.690 §8.19).
 *
 * @throws der/malformed
 */
export function decodeOid(contents: Uint8Array): string {
  if (contents.length === 0 || contents.length > MAX_OID_OCTETS) {
    throw new Failure("der/malformed", `an object identifier has ${contents.length} octets`);
  }
  const numbers: bigint[] = [];
  let number = 0n;
  let isStart = true;
  for (const octet of contents) {
    // X.690 §8.19.2: "the leading octet of the subidentifier shall not have the value 80"
    if (isStart && octet === 0x80) throw new Failure("der/malformed", "an object identifier is padded");
    number = number * 128n + BigInt(octet % 128);
    isStart = octet < 128;
    if (isStart) {
      numbers.push(number);
      number = 0n;
    }
  }
  if (!isStart) throw new Failure("der/malformed", "an object identifier ends inside a number");
  const [first = 0n, ...rest] = numbers;
  // X.690 §8.19.4: the first two numbers share one subidentifier, X * 40 + Y, with X at most 2.
  const top = first < 80n ? first / 40n : 2n;
  return [top, first - top * 40n, ...rest].join(".");
}

/** Inverse of {@link decodeOid}. */
export function encodeOid(oid: string): Uint8Array {
  if (!/^(?:[01]\.[1-3]?[0-9]|2\.(?:0|[1-9][0-9]*))(?:\.(?:0|[1-9][0-9]*))*$/.test(oid)) {
    throw new RangeError(`not an object identifier: ${oid}`);
  }
  const [top = 0n, second = 0n, ...rest] = oid.split(".").map(BigInt);
  return Uint8Array.from([top * 40n + second, ...rest].flatMap(encodeBase128));
}

/** Contents of a BIT STRING of whole octets: no unused bits, then `bits` (X.690 §8.6). */
export const encodeBits = (bits: Uint8Array): Uint8Array => concat(Uint8Array.of(0), bits);

/**
 * Inverse of {@link encodeBits}.
 *
 * @throws der/malformed where the last octet has unused bits
 */
export function decodeBits(contents: Uint8Array): Uint8Array {
  if (contents[0] !== 0) throw new Failure("der/malformed", "a bit string is not of whole octets");
  return contents.subarray(1);
}

/** X.690 §8.3.2: the first nine bits are neither all ones nor all zero. */
function requireInteger(contents: Uint8Array): void {
  const [first, second = 0] = contents;
  if (first === undefined) throw new Failure("der/malformed", "an integer has no contents");
  if (contents.length > MAX_INTEGER_OCTETS) {
    throw new Failure(
      "der/malformed",
      `an integer has ${contents.length} octets, at most ${MAX_INTEGER_OCTETS} are read`,
    );
  }
  const isPadded = (first === 0x00 && second < 0x80) || (first === 0xff && second >= 0x80);
  if (contents.length > 1 && isPadded) throw new Failure("der/malformed", "an integer is not in the fewest octets");
}

/** X.690 §8.6.2, §11.2.1: at most seven unused bits, all zero, and none where there are no bits. */
function requireBitString(contents: Uint8Array): void {
  const unused = contents[0];
  const last = contents.length > 1 ? (contents.at(-1) ?? 0) : 0;
  if (unused === undefined || unused > 7 || (contents.length === 1 && unused > 0) || last % 2 ** unused !== 0) {
    throw new Failure("der/malformed", "a bit string's unused bits are not zero, or more than there are");
  }
}

/** Seven bits an octet, most significant first, the top bit set on all but the last. */
function encodeBase128(number: bigint): number[] {
  const octets = [Number(number % 128n)];
  for (let rest = number / 128n; rest > 0n; rest /= 128n) octets.unshift(Number(rest % 128n) + 128);
  return octets;
}
