import { type Hash, EMPTY_ROOT, nodeHash } from "./hash.ts";
import { type NodeReader } from "./subtree.ts";

/**
 * The recursions of RFC 6962 §2.1 and draft-ietf-plants-merkle-tree-certs §4.4.1, word for word: slow, obvious, and
 * what the fast code is compared with. For tests only.
 *
 * D[from:to] of the texts is a range of `leaves`, MTH a method that remembers what it has computed.
 */
export class ReferenceTree {
  readonly #leaves: readonly Hash[];
  readonly #roots = new Map<string, Hash>();

  constructor(leaves: readonly Hash[]) {
    this.#leaves = leaves;
  }

  /** MTH(D[from:to]). */
  root(from: number, to: number): Hash {
    const name = `${from}:${to}`;
    const root = this.#roots.get(name) ?? this.#root(from, to);
    this.#roots.set(name, root);
    return root;
  }

  /** PATH(m, D[from:to]), with m counted from the tree's first leaf. */
  path(index: number, from: number, to: number): Hash[] {
    if (to - from === 1) return [];
    const middle = from + split(to - from);
    return index < middle
      ? [...this.path(index, from, middle), this.root(middle, to)]
      : [...this.path(index, middle, to), this.root(from, middle)];
  }

  /** SUBTREE_PROOF(start, end, D_n), and with start 0 the PROOF(m, D[n]) of RFC 6962. */
  subtreeProof(start: number, end: number, treeSize: number): Hash[] {
    return start === end ? [] : this.#subproof(start, end, 0, treeSize, true);
  }

  /** Reads perfect subtrees. */
  readonly nodes: NodeReader = (level, index) => {
    const width = 2 ** level;
    return this.root(index * width, (index + 1) * width);
  };

  #root(from: number, to: number): Hash {
    const [leaf] = this.#leaves.slice(from, to);
    if (leaf === undefined) return EMPTY_ROOT;
    if (to - from === 1) return leaf;
    const middle = from + split(to - from);
    return nodeHash(this.root(from, middle), this.root(middle, to));
  }

  #subproof(start: number, end: number, from: number, to: number, known: boolean): Hash[] {
    if (start === from && end === to) return known ? [] : [this.root(from, to)];
    const middle = from + split(to - from);
    if (end <= middle) return [...this.#subproof(start, end, from, middle, known), this.root(middle, to)];
    if (middle <= start) return [...this.#subproof(start, end, middle, to, known), this.root(from, middle)];
    return [...this.#subproof(middle, end, middle, to, false), this.root(from, middle)];
  }
}

/** RFC 6962 §2.1: "the largest power of two smaller than n". */
function split(n: number): number {
  return 2 ** (Math.ceil(Math.log2(n)) - 1);
}
