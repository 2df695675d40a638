import { hash as digest } from "node:crypto";

/**
 * Merkle tree hashing as RFC 6962 §2.1 and RFC 9162 §2.1.1 define it, with SHA-256.
 *
 * A leaf is SHA-256(0x00 || entry), a node SHA-256(0x01 || left || right), so that no entry can pass for a node. A
 * tree of n > 1 leaves splits at the largest power of two below n.
 */

declare const hash: unique symbol;
/** A SHA-256 value: 32 bytes. */
export type Hash = Uint8Array & { readonly [hash]: true };

/** Length of a {@link Hash} in bytes. */
export const HASH_BYTES = 32;

/**
 * Takes `bytes` (not a copy) for a hash.
 *
 * @throws RangeError unless there are 32: whoever reads hashes from outside checks their length first
 */
export function asHash(bytes: Uint8Array): Hash {
  if (bytes.length !== HASH_BYTES) throw new RangeError(`a hash is ${HASH_BYTES} bytes, not ${bytes.length}`);
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the one place a Hash is made
  return bytes as Hash;
}

/** RFC 6962 §2.1: SHA-256(0x00 || entry). */
export function leafHash(entry: Uint8Array): Hash {
  const preimage = new Uint8Array(1 + entry.length);
  preimage.set(entry, 1);
  return sha256(preimage);
}

/** RFC 6962 §2.1: SHA-256(0x01 || left || right). */
export function nodeHash(left: Hash, right: Hash): Hash {
  const preimage = new Uint8Array(1 + 2 * HASH_BYTES);
  preimage[0] = 0x01;
  preimage.set(left, 1);
  preimage.set(right, 1 + HASH_BYTES);
  return sha256(preimage);
}

const sha256 = (bytes: Uint8Array): Hash => asHash(new Uint8Array(digest("sha256", bytes, "buffer")));

/** RFC 6962 §2.1: the root of a tree without leaves, SHA-256(""). */
export const EMPTY_ROOT: Hash = sha256(new Uint8Array(0));
