import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { toUtf8 } from "../bytes/utf8.ts";
import { Failure } from "../failure.ts";
import { asHash, EMPTY_ROOT, leafHash, type Hash } from "./hash.ts";
import { proveInclusion, proveSubtreeInclusion, rootFromInclusion } from "./inclusion.ts";
import { verifyInclusion, verifySubtreeInclusion } from "./inclusion.ts";
import { ReferenceTree } from "./reference.ts";

const leaves = Array.from({ length: 300 }, (_, at) => leafHash(Uint8Array.of(at % 256, Math.floor(at / 256))));
const reference = new ReferenceTree(leaves);
const leafAt = (index: number): Hash => leaves[index] ?? EMPTY_ROOT;
const flip = (hash: Hash, at: number): Hash => asHash(hash.map((byte, i) => (i === at ? 255 - byte : byte)));
const named = (level: number, index: number): Hash => leafHash(toUtf8(`${level}/${index}`));

describe("proofs of every leaf of every tree to 130 leaves", () => {
  test("are the reference's and verify", () => {
    for (let treeSize = 1; treeSize <= 130; treeSize += 1) {
      const root = reference.root(0, treeSize);
      for (let index = 0; index < treeSize; index += 1) {
        const proof = proveInclusion(index, treeSize, reference.nodes);
        expect(proof.path).toEqual(reference.path(index, 0, treeSize));
        verifyInclusion(leafAt(index), proof, root);
      }
    }
  });

  test("and in every subtree of the first 66", () => {
    for (let start = 0; start < 66; start += 1) {
      for (let end = start + 1; end <= 66; end += 1) {
        if (start % 2 ** Math.ceil(Math.log2(end - start)) !== 0) continue;
        for (let index = start; index < end; index += 1) {
          const proof = proveSubtreeInclusion(index, { start, end }, reference.nodes);
          expect(proof.path).toEqual(reference.path(index, start, end));
          verifySubtreeInclusion(leafAt(index), proof, reference.root(start, end));
        }
      }
    }
  });
});

const mutations = fc.record({
  treeSize: fc.integer({ min: 2, max: 300 }),
  at: fc.nat(),
  what: fc.constantFrom("leaf", "root", "path", "drop", "insert", "swap", "index"),
  byte: fc.integer({ min: 0, max: 31 }),
});

test("a proof with anything changed is refused", () => {
  fc.assert(
    fc.property(mutations, ({ treeSize, at, what, byte }) => {
      const index = at % treeSize;
      const root = reference.root(0, treeSize);
      const { path } = proveInclusion(index, treeSize, reference.nodes);
      const place = at % path.length;
      const changed = {
        leaf: { leaf: flip(leafAt(index), byte) },
        root: { root: flip(root, byte) },
        path: { path: path.map((hash, i) => (i === place ? flip(hash, byte) : hash)) },
        drop: { path: path.toSpliced(place, 1) },
        insert: { path: path.toSpliced(place, 0, EMPTY_ROOT) },
        swap: { path: path.length > 1 ? path.toReversed() : [] },
        index: { index: (index + 1) % treeSize },
      }[what];
      const given = { leaf: leafAt(index), root, index, path, ...changed };
      const verify = () => verifyInclusion(given.leaf, { index: given.index, treeSize, path: given.path }, given.root);
      expect(verify).toThrow(Failure);
    }),
    { numRuns: 500 },
  );
});

describe("refusals", () => {
  const root = reference.root(0, 7);
  const good = proveInclusion(3, 7, reference.nodes);
  const verify = (changed: Partial<typeof good>) => () => verifyInclusion(leafAt(3), { ...good, ...changed }, root);

  test("the twin of what follows is accepted", () => expect(verify({})).not.toThrow());

  test.each([
    ["the index is the tree's size", { index: 7 }, "merkle/index-out-of-range"],
    ["the index is negative", { index: -1 }, "merkle/index-out-of-range"],
    ["the index is no whole number", { index: 2.5 }, "merkle/index-out-of-range"],
    ["the index is not a number", { index: NaN }, "merkle/index-out-of-range"],
    ["the tree has no leaves", { treeSize: 0 }, "merkle/index-out-of-range"],
    ["the size is above 2^53", { treeSize: 2 ** 53 }, "merkle/size-out-of-range"],
    ["the size is no whole number", { treeSize: 7.5 }, "merkle/size-out-of-range"],
    ["the path is one short", { path: good.path.slice(0, -1) }, "merkle/proof-length"],
    ["the path is one long", { path: [...good.path, root] }, "merkle/proof-length"],
    ["the path is empty", { path: [] }, "merkle/proof-length"],
    ["it is of another leaf", { index: 2 }, "merkle/root-mismatch"],
  ])("%s", (_, changed, code) => {
    expect(verify(changed)).toThrow(expect.objectContaining({ code }));
  });

  test("a long path costs no more than the tree is high", () => {
    const path = Array.from({ length: 1_000_000 }, () => EMPTY_ROOT);
    expect(verify({ path })).toThrow(expect.objectContaining({ code: "merkle/proof-length" }));
  });

  test.each([
    [7, 7],
    [-1, 7],
    [0, 0],
    [0.5, 7],
  ])("no proof is made of leaf %d in %d", (index, treeSize) => {
    const prove = () => proveInclusion(index, treeSize, reference.nodes);
    expect(prove).toThrow(expect.objectContaining({ code: "merkle/index-out-of-range" }));
  });
});

test("beyond 2^32 leaves a path still has one hash for each level", () => {
  const treeSize = 2 ** 40 + 2 ** 33 + 1;
  const index = 2 ** 40 + 12_345;
  const proof = proveInclusion(index, treeSize, named);
  expect(proof.path).toHaveLength(35);
  const root = rootFromInclusion(named(0, index), proof);
  expect(() => verifyInclusion(named(0, index), { ...proof, index: index - 2 ** 32 }, root)).toThrow(Failure);
});
