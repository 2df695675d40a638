import { nodeHash, type Hash } from "./hash.ts";
import { foldRight, half, odd, perfectSubtrees, requireTreeSize, type NodeReader } from "./subtree.ts";

/** Receives every node that an append completes, the leaf (level 0) included, lowest level first. */
export type NodeVisitor = (level: number, index: number, hash: Hash) => void;

/**
 * A tree reduced to what appending needs: the roots of the perfect subtrees it is made of.
 *
 * A tree of n leaves holds one perfect subtree for each bit set in n, the largest leftmost, so the state is at most
 * 53 hashes. Appending is adding one to a binary counter: equal neighbours merge and carry.
 */
export class CompactRange {
  #treeSize: number;
  readonly #hashes: Hash[];

  private constructor(treeSize: number, hashes: readonly Hash[]) {
    this.#treeSize = treeSize;
    this.#hashes = [...hashes];
  }

  /** A tree without leaves. */
  static empty(): CompactRange {
    return new CompactRange(0, []);
  }

  /**
   * Takes up where {@link treeSize} and {@link hashes} of another range left off.
   *
   * @param hashes roots of the perfect subtrees, largest first
   * @throws merkle/size-out-of-range
   * @throws RangeError unless there is one hash for each bit set in `treeSize`
   */
  static from(treeSize: number, hashes: readonly Hash[]): CompactRange {
    const wanted = perfectSubtrees({ start: 0, end: treeSize }).length;
    if (hashes.length !== wanted) {
      throw new RangeError(`a compact range of ${treeSize} leaves has ${wanted} hashes, not ${hashes.length}`);
    }
    return new CompactRange(treeSize, hashes);
  }

  /**
   * Reads the range of a stored tree.
   *
   * @throws merkle/size-out-of-range, and whatever `nodes` throws
   */
  static read(treeSize: number, nodes: NodeReader): CompactRange {
    const hashes = perfectSubtrees({ start: 0, end: treeSize }).map(({ level, index }) => nodes(level, index));
    return new CompactRange(treeSize, hashes);
  }

  /** Leaves appended so far. */
  get treeSize(): number {
    return this.#treeSize;
  }

  /** Roots of the perfect subtrees, largest first; one for each bit set in {@link treeSize}. */
  get hashes(): readonly Hash[] {
    return [...this.#hashes];
  }

  /**
   * Adds one leaf at index {@link treeSize}.
   *
   * @param visit called for the leaf and for each node it completes; enough to write tiles from
   * @throws merkle/size-out-of-range where the size would leave the safe integers
   */
  append(leaf: Hash, visit?: NodeVisitor): void {
    requireTreeSize(this.#treeSize + 1);
    let hash = leaf;
    let index = this.#treeSize;
    visit?.(0, index, hash);
    for (let level = 1; odd(index); level += 1) {
      hash = nodeHash(this.#last(), hash);
      index = half(index);
      visit?.(level, index, hash);
    }
    this.#hashes.push(hash);
    this.#treeSize += 1;
  }

  /** Root of the tree, RFC 6962 §2.1; SHA-256("") without leaves. */
  root(): Hash {
    return foldRight(this.#hashes);
  }

  #last(): Hash {
    const left = this.#hashes.pop();
    if (left === undefined) throw new RangeError("a compact range lost a hash");
    return left;
  }
}

/** RFC 6962 §2.1: root of the tree over `leafHashes`, in order; SHA-256("") where there are none. */
export function rootOf(leafHashes: Iterable<Hash>): Hash {
  const range = CompactRange.empty();
  for (const leaf of leafHashes) range.append(leaf);
  return range.root();
}
