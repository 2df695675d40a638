import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { CompactRange, rootOf } from "./compact-range.ts";
import { EMPTY_ROOT, leafHash, type Hash } from "./hash.ts";
import { ReferenceTree } from "./reference.ts";
import { perfectSubtrees, subtreeRoot, treeRoot } from "./subtree.ts";

const leaves = Array.from({ length: 130 }, (_, at) => leafHash(Uint8Array.of(at)));
const reference = new ReferenceTree(leaves);
const bitsSet = (n: number) => n.toString(2).replaceAll("0", "").length;

describe("a range grown leaf by leaf", () => {
  test("has the reference's root and one hash for each bit of its size, for every size to 130", () => {
    const range = CompactRange.empty();
    expect(range.root()).toEqual(EMPTY_ROOT);
    for (const leaf of leaves) {
      range.append(leaf);
      expect(range.root()).toEqual(reference.root(0, range.treeSize));
      expect(range.hashes).toHaveLength(bitsSet(range.treeSize));
    }
    expect(range.treeSize).toBe(130);
  });

  test("can be set down and taken up at any size", () => {
    for (let size = 0; size < leaves.length; size += 1) {
      const read = CompactRange.read(size, reference.nodes);
      const range = CompactRange.from(read.treeSize, read.hashes);
      for (const leaf of leaves.slice(size)) range.append(leaf);
      expect(range.root()).toEqual(reference.root(0, leaves.length));
    }
  });

  test("shows each node once, when it is complete", () => {
    const seen = new Map<string, Hash>();
    const range = CompactRange.empty();
    for (const leaf of leaves) {
      range.append(leaf, (level, index, hash) => {
        expect((index + 1) * 2 ** level).toBe(range.treeSize + 1);
        expect(seen.has(`${level}/${index}`)).toBe(false);
        seen.set(`${level}/${index}`, hash);
      });
    }
    // A binary counter that has counted to n has carried n - (bits set in n) times.
    expect(seen.size).toBe(2 * leaves.length - bitsSet(leaves.length));
    for (const [name, hash] of seen) {
      const [level = 0, index = 0] = name.split("/").map(Number);
      expect(hash).toEqual(reference.nodes(level, index));
    }
  });

  test("is not changed through the hashes it gives out or was given", () => {
    const given = CompactRange.read(3, reference.nodes).hashes.slice();
    const range = CompactRange.from(3, given);
    given.pop();
    expect(range.hashes).toHaveLength(2);
    const before = range.hashes;
    range.append(leafHash(new Uint8Array(0)));
    expect(before).toHaveLength(2);
  });

  test.each([
    ["one too few", 3, 1],
    ["one too many", 4, 2],
    ["some for nothing", 0, 1],
  ])("is not taken up with %s hashes", (_, size, count) => {
    expect(() => CompactRange.from(size, leaves.slice(0, count))).toThrow(RangeError);
  });

  test.each([-1, 0.5, NaN, Infinity, 2 ** 53])("has no size %d", (size) => {
    expect(() => CompactRange.from(size, [])).toThrow(expect.objectContaining({ code: "merkle/size-out-of-range" }));
  });

  test("stops at 2^53-1 leaves, and not before", () => {
    const hashes = Array.from({ length: 52 }, () => EMPTY_ROOT);
    const range = CompactRange.from(Number.MAX_SAFE_INTEGER - 1, hashes);
    range.append(EMPTY_ROOT);
    expect(range.treeSize).toBe(Number.MAX_SAFE_INTEGER);
    expect(() => range.append(EMPTY_ROOT)).toThrow(expect.objectContaining({ code: "merkle/size-out-of-range" }));
    expect(range.hashes).toHaveLength(53);
  });
});

test("three ways to a root agree", () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 4 }), { maxLength: 600 }), (entries) => {
      const hashes = entries.map(leafHash);
      const tree = new ReferenceTree(hashes);
      expect(rootOf(hashes)).toEqual(tree.root(0, hashes.length));
      expect(treeRoot(hashes.length, tree.nodes)).toEqual(tree.root(0, hashes.length));
    }),
    { numRuns: 30 },
  );
});

describe("subtrees", () => {
  test("have the reference's root wherever they can lie in 130 leaves", () => {
    let found = 0;
    for (let start = 0; start < leaves.length; start += 1) {
      for (let end = start; end <= leaves.length; end += 1) {
        if (start % 2 ** Math.ceil(Math.log2(Math.max(end - start, 1))) !== 0) continue;
        expect(subtreeRoot({ start, end }, reference.nodes)).toEqual(reference.root(start, end));
        found += 1;
      }
    }
    expect(found).toBeGreaterThan(500);
  });

  test("split above 2^31 too, where shifts would wrap", () => {
    expect(perfectSubtrees({ start: 2 ** 40, end: 2 ** 40 + 2 ** 33 + 5 })).toEqual([
      { level: 33, index: 2 ** 7 },
      { level: 2, index: 2 ** 38 + 2 ** 31 },
      { level: 0, index: 2 ** 40 + 2 ** 33 + 4 },
    ]);
  });

  test.each([
    ["backwards", 2, 1],
    ["not aligned to its width", 2, 6],
    ["from an odd leaf", 1, 3],
  ])("do not lie %s", (_, start, end) => {
    const read = () => subtreeRoot({ start, end }, reference.nodes);
    expect(read).toThrow(expect.objectContaining({ code: "merkle/invalid-subtree" }));
  });
});
