import { Failure } from "../failure.ts";
import { EMPTY_ROOT, nodeHash, type Hash } from "./hash.ts";
import { requireRoot } from "./inclusion.ts";
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

/** Proof that a tree grew by appending only. */
export interface ConsistencyProof {
  /** Leaves in the older tree; a safe integer, at least 1. */
  readonly oldSize: number;
  /** Leaves in the newer tree, at least {@link oldSize}. */
  readonly newSize: number;
  /** Hashes bottom-up as in RFC 6962 §2.1.2; empty where the sizes are equal. */
  readonly path: readonly Hash[];
}

/** Proof that a subtree of {@link treeSize} leaves has a certain root. */
export interface SubtreeConsistencyProof extends Subtree {
  /** Leaves in the whole tree, at least {@link end}. */
  readonly treeSize: number;
  readonly path: readonly Hash[];
}

/**
 * Checks that the tree with `newRoot` begins with the tree with `oldRoot`.
 *
 * RFC 9162 §2.1.4 defines no proof from a tree without leaves: every tree begins with it, and `oldRoot` would go
 * unchecked. A caller that starts from nothing says so instead of calling this.
 *
 * @throws merkle/size-out-of-range if oldSize is 0 or more than newSize, or either is no safe integer
 * @throws merkle/proof-length if the path is too short or too long for these sizes
 * @throws merkle/root-mismatch if the path leads to another old or new root
 */
export function verifyConsistency({ oldSize, newSize, path }: ConsistencyProof, oldRoot: Hash, newRoot: Hash): void {
  requireOldSize(oldSize, newSize);
  verifySubtreeConsistency({ start: 0, end: oldSize, treeSize: newSize, path }, oldRoot, newRoot);
}

/**
 * Checks that leaves `[start, end)` of the tree with `treeRoot` are the subtree with `root`
 * (draft-ietf-plants-merkle-tree-certs §4.4; with start 0 it is RFC 9162 §2.1.4.2).
 *
 * An empty subtree needs no path and says nothing about the tree; only its root is checked, against SHA-256("").
 *
 * @throws merkle/invalid-subtree, merkle/size-out-of-range if the subtree is none, or not inside the tree
 * @throws merkle/proof-length if the path is too short or too long
 * @throws merkle/root-mismatch if the path leads to another root of the subtree or the tree
 */
export function verifySubtreeConsistency(proof: SubtreeConsistencyProof, root: Hash, treeRoot: Hash): void {
  requireInside(proof);
  if (proof.start === proof.end) {
    if (proof.path.length > 0) throw tooLong();
    requireRoot("subtree", EMPTY_ROOT, root);
    return;
  }
  const { inner, outer } = climb(proof, root);
  requireRoot("subtree", inner, root);
  requireRoot("tree", outer, treeRoot);
}

/**
 * Proves that the tree of `newSize` leaves begins with that of `oldSize`, RFC 6962 §2.1.2.
 *
 * @throws merkle/size-out-of-range if oldSize is 0 or more than newSize, and whatever `nodes` throws
 */
export function proveConsistency(oldSize: number, newSize: number, nodes: NodeReader): ConsistencyProof {
  requireOldSize(oldSize, newSize);
  const { path } = proveSubtreeConsistency({ start: 0, end: oldSize }, newSize, nodes);
  return { oldSize, newSize, path };
}

/**
 * Proves the root of a subtree of the first `treeSize` leaves.
 *
 * Walks from the tree's root down until the node *is* the subtree, or what is left of it: each step leaves one child
 * behind, as SUBPROOF of RFC 6962 §2.1.2 does.
 *
 * @throws merkle/invalid-subtree, merkle/size-out-of-range, and whatever `nodes` throws
 */
export function proveSubtreeConsistency(
  subtree: Subtree,
  treeSize: number,
  nodes: NodeReader,
): SubtreeConsistencyProof {
  const { start, end } = subtree;
  requireInside({ start, end, treeSize });
  const path: Hash[] = [];
  if (start === end) return { start, end, treeSize, path };
  let [from, low, high] = [start, 0, treeSize];
  while (from !== low || end !== high) {
    const middle = low + splitPoint(high - low);
    if (end <= middle) {
      path.unshift(subtreeRoot({ start: middle, end: high }, nodes));
      high = middle;
    } else {
      path.unshift(subtreeRoot({ start: low, end: middle }, nodes));
      low = middle;
      from = Math.max(from, middle);
    }
  }
  // The verifier knows the whole subtree's root, but not that of a part.
  if (low !== start) path.unshift(subtreeRoot({ start: low, end: high }, nodes));
  return { start, end, treeSize, path };
}

/**
 * Computes two roots from one path, bottom-up: `inner` climbs towards the subtree's root until `fn` meets `sn`, and
 * `outer` towards the tree's. They start from the same node, the largest complete one at the subtree's right edge.
 */
function climb({ start, end, treeSize, path }: SubtreeConsistencyProof, root: Hash): { inner: Hash; outer: Hash } {
  let [fn, sn, tn] = rightEdge(start, end, treeSize);
  // Where that node is the subtree itself its hash is not sent: the verifier has it.
  const [seed, ...siblings] = fn === sn ? [root, ...path] : path;
  if (seed === undefined) throw tooShort();
  let [inner, outer] = [seed, seed];
  for (const sibling of siblings) {
    if (tn === 0) throw tooLong();
    if (odd(sn) || sn === tn) {
      if (fn < sn) inner = nodeHash(sibling, inner);
      outer = nodeHash(sibling, outer);
      while (!odd(sn) && sn !== 0) [fn, sn, tn] = [half(fn), half(sn), half(tn)];
    } else {
      outer = nodeHash(outer, sibling);
    }
    [fn, sn, tn] = [half(fn), half(sn), half(tn)];
  }
  if (tn !== 0) throw tooShort();
  return { inner, outer };
}

/**
 * Indexes, on the level of the largest complete node that ends where the subtree does, of the subtree's first node,
 * its last, and the tree's last. (A node that ends where the tree ends counts as complete.)
 */
function rightEdge(start: number, end: number, treeSize: number): [fn: number, sn: number, tn: number] {
  let [fn, sn, tn] = [start, end - 1, treeSize - 1];
  while (fn !== sn && (sn === tn || odd(sn))) [fn, sn, tn] = [half(fn), half(sn), half(tn)];
  return [fn, sn, tn];
}

function requireOldSize(oldSize: number, newSize: number): void {
  requireTreeSize(oldSize);
  requireTreeSize(newSize);
  if (oldSize === 0) throw new Failure("merkle/size-out-of-range", "a tree without leaves begins every tree");
  if (oldSize > newSize) throw tooSmall(oldSize, newSize);
}

function requireInside({ start, end, treeSize }: Subtree & { readonly treeSize: number }): void {
  requireSubtree({ start, end });
  requireTreeSize(treeSize);
  if (end > treeSize) throw tooSmall(end, treeSize);
}

const tooSmall = (leaves: number, treeSize: number): Failure =>
  new Failure("merkle/size-out-of-range", `a tree of ${treeSize} leaves does not hold ${leaves}`);
const tooLong = (): Failure => new Failure("merkle/proof-length", "the path has more hashes than the tree has levels");
const tooShort = (): Failure => new Failure("merkle/proof-length", "the path ends before the root");
