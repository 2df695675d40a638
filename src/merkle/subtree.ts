import { Failure } from "../failure.ts";
import { EMPTY_ROOT, nodeHash, type Hash } from "./hash.ts";

/**
 * Reads the root of the perfect subtree of 2^level leaves that starts at leaf index * 2^level.
 *
 * Only complete subtrees are ever asked for; a reader throws what its storage throws.
 */
export type NodeReader = (level: number, index: number) => Hash;

/** A half-open range of leaves that is a node of some tree. */
export interface Subtree {
  /** First leaf; a multiple of the smallest power of two that is at least `end - start`. */
  readonly start: number;
  /** One past the last leaf; a safe integer. */
  readonly end: number;
}

/**
 * Checks that `[start, end)` can be a subtree (draft-ietf-plants-merkle-tree-certs §4.1). Empty ranges pass.
 *
 * @throws merkle/size-out-of-range unless both ends are safe integers, at least 0
 * @throws merkle/invalid-subtree   if the range runs backwards or is not aligned to its own size
 */
export function requireSubtree({ start, end }: Subtree): void {
  requireTreeSize(start);
  requireTreeSize(end);
  if (start > end) throw new Failure("merkle/invalid-subtree", `leaves ${start} to ${end} run backwards`);
  const width = powerAtLeast(end - start);
  if (start % width !== 0) {
    throw new Failure("merkle/invalid-subtree", `leaf ${start} cannot start a subtree of ${end - start} leaves`);
  }
}

/** @throws merkle/size-out-of-range unless `treeSize` is a safe integer, at least 0 */
export function requireTreeSize(treeSize: number): void {
  if (!Number.isSafeInteger(treeSize) || treeSize < 0) {
    throw new Failure("merkle/size-out-of-range", `${treeSize} is not a whole number from 0 to 2^53-1`);
  }
}

/**
 * The perfect subtrees whose leaves, left to right, make up the subtree: the largest first, one for each bit of its
 * size.
 *
 * @throws merkle/size-out-of-range, merkle/invalid-subtree
 */
export function perfectSubtrees(subtree: Subtree): readonly { readonly level: number; readonly index: number }[] {
  requireSubtree(subtree);
  const found: { level: number; index: number }[] = [];
  for (let start = subtree.start; start < subtree.end;) {
    const { size, level } = largestPerfect(subtree.end - start);
    found.push({ level, index: start / size });
    start += size;
  }
  return found;
}

/**
 * Root of a subtree from stored nodes, RFC 6962 §2.1; SHA-256("") where the range is empty.
 *
 * @throws merkle/size-out-of-range, merkle/invalid-subtree
 */
export function subtreeRoot(subtree: Subtree, nodes: NodeReader): Hash {
  return foldRight(perfectSubtrees(subtree).map(({ level, index }) => nodes(level, index)));
}

/**
 * Root of the tree of the first `treeSize` leaves, from stored nodes.
 *
 * @throws merkle/size-out-of-range
 */
export const treeRoot = (treeSize: number, nodes: NodeReader): Hash => subtreeRoot({ start: 0, end: treeSize }, nodes);

/** Root over perfect subtrees that stand side by side, largest first: the smaller pair up before the larger. */
export function foldRight(hashes: readonly Hash[]): Hash {
  if (hashes.length === 0) return EMPTY_ROOT;
  return hashes.reduceRight((right, left) => nodeHash(left, right));
}

/** Where a tree of `leaves` > 1 splits: the largest power of two below `leaves`. */
export const splitPoint = (leaves: number): number => powerAtLeast(leaves) / 2;

/** The largest power of two that is at most `leaves` >= 1, and its exponent. */
function largestPerfect(leaves: number): { size: number; level: number } {
  let size = 1;
  let level = 0;
  while (size * 2 <= leaves) {
    size *= 2;
    level += 1;
  }
  return { size, level };
}

/** The smallest power of two that is at least `n`, and at least 1. Doubling is exact up to 2^53. */
function powerAtLeast(n: number): number {
  let power = 1;
  while (power < n) power *= 2;
  return power;
}

/** Whether bit 0 is set. JavaScript's `&` would first cut the number to 32 bits. */
export const odd = (n: number): boolean => n % 2 === 1;

/** Drops bit 0. JavaScript's `>>` would first cut the number to 32 bits. */
export const half = (n: number): number => Math.floor(n / 2);
