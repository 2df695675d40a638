import { Failure } from "../failure.ts";
import { readDer, writeDer } from "./node.ts";
import { decodeUnsigned, encodeUnsigned } from "./primitive.ts";
import { TAGS } from "./tag.ts";

/** An ECDSA signature: the two integers of RFC 3279 §2.2.3, each at least 1. */
export interface EcdsaSignature {
  readonly r: bigint;
  readonly s: bigint;
}

/** An integer of P-521, the longest curve in use, with room for its sign. */
const MAX_INTEGER_OCTETS = 67;

/**
 * Reads the one DER form of an ECDSA signature; whether the integers are below the curve's order is for the verifier.
 *
 * @throws der/malformed, der/too-deep
 */
export function readEcdsaSignature(bytes: Uint8Array): EcdsaSignature {
  const sequence = readDer(bytes);
  const [r, s] = sequence.children;
  if (sequence.tag !== TAGS.sequence || sequence.children.length !== 2 || r === undefined || s === undefined) {
    throw new Failure("der/malformed", "an ECDSA signature is a sequence of two integers");
  }
  return { r: readInteger(r), s: readInteger(s) };
}

/** Inverse of {@link readEcdsaSignature}. */
export function writeEcdsaSignature({ r, s }: EcdsaSignature): Uint8Array {
  return writeDer(TAGS.sequence, writeDer(TAGS.integer, encodeUnsigned(r)), writeDer(TAGS.integer, encodeUnsigned(s)));
}

function readInteger({ tag, contents }: { readonly tag: number; readonly contents: Uint8Array }): bigint {
  const value = tag === TAGS.integer && contents.length <= MAX_INTEGER_OCTETS ? decodeUnsigned(contents) : 0n;
  if (value === 0n)
    throw new Failure("der/malformed", "an ECDSA signature's integers are 1 or more, and of a known curve");
  return value;
}
