import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { Failure } from "../failure.ts";
import { proveConsistency, proveSubtreeConsistency } from "./consistency.ts";
import { verifyConsistency, verifySubtreeConsistency } from "./consistency.ts";
import { asHash, EMPTY_ROOT, leafHash, nodeHash, type Hash } from "./hash.ts";
import { ReferenceTree } from "./reference.ts";

const leaves = Array.from({ length: 300 }, (_, at) => leafHash(Uint8Array.of(at % 256, Math.floor(at / 256))));
const reference = new ReferenceTree(leaves);
const rootOf = (treeSize: number): Hash => reference.root(0, treeSize);
const flip = (hash: Hash): Hash => asHash(hash.map((byte, at) => (at === 0 ? 255 - byte : byte)));

describe("proofs between every two trees to 130 leaves", () => {
  test("are the reference's and verify", () => {
    for (let newSize = 1; newSize <= 130; newSize += 1) {
      for (let oldSize = 1; oldSize <= newSize; oldSize += 1) {
        const proof = proveConsistency(oldSize, newSize, reference.nodes);
        expect(proof.path).toEqual(reference.subtreeProof(0, oldSize, newSize));
        verifyConsistency(proof, rootOf(oldSize), rootOf(newSize));
      }
    }
  });

  test("and of every subtree of trees to 66", () => {
    for (let treeSize = 1; treeSize <= 66; treeSize += 1) {
      for (let start = 0; start < treeSize; start += 1) {
        for (let end = start; end <= treeSize; end += 1) {
          if (start % 2 ** Math.ceil(Math.log2(Math.max(end - start, 1))) !== 0) continue;
          const proof = proveSubtreeConsistency({ start, end }, treeSize, reference.nodes);
          expect(proof.path).toEqual(reference.subtreeProof(start, end, treeSize));
          verifySubtreeConsistency(proof, reference.root(start, end), rootOf(treeSize));
        }
      }
    }
  });
});

const mutations = fc.record({
  sizes: fc.tuple(fc.integer({ min: 1, max: 300 }), fc.integer({ min: 1, max: 300 })),
  at: fc.nat(),
  what: fc.constantFrom("oldRoot", "newRoot", "bit", "drop", "insert"),
});

test("a proof with anything changed is refused", () => {
  fc.assert(
    fc.property(mutations, ({ sizes, at, what }) => {
      const [oldSize, newSize] = [Math.min(...sizes), Math.max(...sizes)];
      fc.pre(oldSize < newSize);
      const { path } = proveConsistency(oldSize, newSize, reference.nodes);
      const place = at % path.length;
      const given = {
        oldRoot: rootOf(oldSize),
        newRoot: rootOf(newSize),
        path,
        ...{
          oldRoot: { oldRoot: flip(rootOf(oldSize)) },
          newRoot: { newRoot: flip(rootOf(newSize)) },
          bit: { path: path.map((hash, i) => (i === place ? flip(hash) : hash)) },
          drop: { path: path.toSpliced(place, 1) },
          insert: { path: path.toSpliced(place, 0, EMPTY_ROOT) },
        }[what],
      };
      const verify = () => verifyConsistency({ oldSize, newSize, path: given.path }, given.oldRoot, given.newRoot);
      expect(verify).toThrow(Failure);
    }),
    { numRuns: 500 },
  );
});

test("a tree that changed an old leaf has no proof", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 60 }), fc.integer({ min: 1, max: 60 }), fc.nat(), (oldSize, more, at) => {
      const newSize = oldSize + more;
      const other = new ReferenceTree(leaves.map((leaf, i) => (i === at % oldSize ? flip(leaf) : leaf)));
      const verify = () =>
        verifyConsistency(proveConsistency(oldSize, newSize, other.nodes), rootOf(oldSize), other.root(0, newSize));
      expect(verify).toThrow(expect.objectContaining({ code: "merkle/root-mismatch" }));
    }),
  );
});

describe("refusals", () => {
  const good = proveConsistency(5, 7, reference.nodes);
  const verify = (changed: Partial<typeof good>) => () =>
    verifyConsistency({ ...good, ...changed }, rootOf(5), rootOf(7));

  test("the twin of what follows is accepted", () => expect(verify({})).not.toThrow());

  test.each([
    ["the old tree is the larger", { oldSize: 8 }, "merkle/size-out-of-range"],
    ["the old tree has no leaves", { oldSize: 0, path: [] }, "merkle/size-out-of-range"],
    ["a size is above 2^53", { newSize: 2 ** 53 }, "merkle/size-out-of-range"],
    ["a size is no whole number", { oldSize: 4.5 }, "merkle/size-out-of-range"],
    ["the path is one short", { path: good.path.slice(0, -1) }, "merkle/proof-length"],
    ["the path is one long", { path: [...good.path, EMPTY_ROOT] }, "merkle/proof-length"],
    ["the path is empty", { path: [] }, "merkle/proof-length"],
    ["the path is reversed", { path: good.path.toReversed() }, "merkle/root-mismatch"],
    ["equal sizes with other roots", { oldSize: 7, path: [] }, "merkle/root-mismatch"],
    ["equal sizes with a path", { oldSize: 7 }, "merkle/proof-length"],
  ])("%s", (_, changed, code) => {
    expect(verify(changed)).toThrow(expect.objectContaining({ code }));
  });

  test.each([
    [0, 7],
    [8, 7],
    [NaN, 7],
  ])("no proof is made from %d to %d", (oldSize, newSize) => {
    const prove = () => proveConsistency(oldSize, newSize, reference.nodes);
    expect(prove).toThrow(expect.objectContaining({ code: "merkle/size-out-of-range" }));
  });
});

test("beyond 2^32 leaves proofs still hold", () => {
  // Equal leaves make a perfect subtree's root depend on its level alone, so that such a tree fits into memory.
  const levels = [leafHash(new Uint8Array(0))];
  const nodes = (level: number): Hash => (levels[level] ??= nodeHash(nodes(level - 1), nodes(level - 1)));
  const [oldSize, newSize] = [2 ** 33 + 1, 2 ** 35 + 2 ** 32 + 3];
  const oldRoot = nodeHash(nodes(33), nodes(0));
  const newRoot = nodeHash(nodes(35), nodeHash(nodes(32), nodeHash(nodes(1), nodes(0))));
  const proof = proveConsistency(oldSize, newSize, nodes);
  verifyConsistency(proof, oldRoot, newRoot);
  const smaller = () => verifyConsistency({ ...proof, oldSize: oldSize - 2 ** 32 }, oldRoot, newRoot);
  expect(smaller).toThrow(Failure);
});
