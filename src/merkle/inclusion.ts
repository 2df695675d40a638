import { equalBytes } from "../bytes/join.ts";
import { toHex } from "../bytes/hex.ts";
import { Failure } from "../failure.ts";
import { nodeHash, type Hash } from "./hash.ts";
import {
  half,
  odd,
  requireSubtree,
  requireTreeSize,
  splitPoint,
  subtreeRoot,
  type NodeReader,
  type Subtree,
} from "./subtree.ts";

/** One leaf's place in a tree, and the path that proves it. */
export interface InclusionProof {
  /** Zero-based position of the leaf, below {@link treeSize}. */
  readonly index: number;
  /** Leaves in the tree; a safe integer, at least 1. */
  readonly treeSize: number;
  /** Sibling hashes, leaf's sibling first, root's child last. */
  readonly path: readonly Hash[];
}

/** One leaf's place in a subtree; {@link index} counts from the start of the whole tree. */
export interface SubtreeInclusionProof extends Subtree {
  readonly index: number;
  readonly path: readonly Hash[];
}

/**
 * Computes the root that `proof` implies for `leaf`.
 *
 * Walks the path bottom-up as in RFC 9162 §2.1.3.2, with `fn` the node's index on its level and `sn` the last index
 * on that level. Halving is arithmetic, not `>>`: JavaScript shifts wrap at 2^31.
 *
 * @param leaf   leaf hash (not the entry), 32 bytes
 * @returns      root hash, 32 bytes; the caller compares it with a signed checkpoint
 * @throws       merkle/size-out-of-range if the tree's size is not a safe integer
 * @throws       merkle/index-out-of-range if index >= treeSize
 * @throws       merkle/proof-length if the path is too short or too long for this index and size
 */
export function rootFromInclusion(leaf: Hash, { index, treeSize, path }: InclusionProof): Hash {
  requireTreeSize(treeSize);
  requireIndex(index, { start: 0, end: treeSize });
  let fn = index;
  let sn = treeSize - 1;
  let root = leaf;
  for (const sibling of path) {
    if (sn === 0) throw new Failure("merkle/proof-length", "the path has more hashes than the tree has levels");
    if (odd(fn) || fn === sn) {
      root = nodeHash(sibling, root);
      while (!odd(fn) && fn !== 0) [fn, sn] = [half(fn), half(sn)];
    } else {
      root = nodeHash(root, sibling);
    }
    [fn, sn] = [half(fn), half(sn)];
  }
  if (sn !== 0) throw new Failure("merkle/proof-length", "the path ends before the root");
  return root;
}

/**
 * Checks that `leaf` is at the proof's index of the tree with `root`.
 *
 * @throws merkle/size-out-of-range, merkle/index-out-of-range, merkle/proof-length as {@link rootFromInclusion}
 * @throws merkle/root-mismatch if the path leads to another root
 */
export function verifyInclusion(leaf: Hash, proof: InclusionProof, root: Hash): void {
  requireRoot("tree", rootFromInclusion(leaf, proof), root);
}

/**
 * Checks that `leaf` is in the subtree with `root`: an inclusion proof in a tree of the subtree's leaves alone.
 *
 * @throws merkle/invalid-subtree, and what {@link verifyInclusion} throws
 */
export function verifySubtreeInclusion(leaf: Hash, proof: SubtreeInclusionProof, root: Hash): void {
  requireSubtree(proof);
  requireIndex(proof.index, proof);
  const { index, start, end, path } = proof;
  const inner = { index: index - start, treeSize: end - start, path };
  requireRoot("subtree", rootFromInclusion(leaf, inner), root);
}

/**
 * Proves the place of leaf `index` in the tree of the first `treeSize` leaves, RFC 6962 §2.1.1.
 *
 * @throws merkle/size-out-of-range, merkle/index-out-of-range, and whatever `nodes` throws
 */
export function proveInclusion(index: number, treeSize: number, nodes: NodeReader): InclusionProof {
  const { path } = proveSubtreeInclusion(index, { start: 0, end: treeSize }, nodes);
  return { index, treeSize, path };
}

/**
 * Proves the place of leaf `index` in a subtree. Walks from the subtree's root down to the leaf, one sibling a level.
 *
 * @throws merkle/size-out-of-range, merkle/invalid-subtree, merkle/index-out-of-range, and whatever `nodes` throws
 */
export function proveSubtreeInclusion(index: number, subtree: Subtree, nodes: NodeReader): SubtreeInclusionProof {
  requireSubtree(subtree);
  requireIndex(index, subtree);
  const path: Hash[] = [];
  let { start, end } = subtree;
  while (end - start > 1) {
    const middle = start + splitPoint(end - start);
    if (index < middle) {
      path.unshift(subtreeRoot({ start: middle, end }, nodes));
      end = middle;
    } else {
      path.unshift(subtreeRoot({ start, end: middle }, nodes));
      start = middle;
    }
  }
  return { index, start: subtree.start, end: subtree.end, path };
}

/** @throws merkle/root-mismatch unless both are the same hash */
export function requireRoot(what: string, got: Hash, want: Hash): void {
  if (!equalBytes(got, want)) {
    throw new Failure("merkle/root-mismatch", `the proof gives ${what} root ${toHex(got)}, want ${toHex(want)}`);
  }
}

function requireIndex(index: number, { start, end }: Subtree): void {
  if (!Number.isSafeInteger(index) || index < start || index >= end) {
    const where = start === 0 ? `a tree of ${end} leaves` : `leaves ${start} to ${end}`;
    throw new Failure("merkle/index-out-of-range", `leaf ${index} is not in ${where}`);
  }
}
