import fc from "fast-check";
import { expect, test } from "vitest";

import { toUtf8 } from "../bytes/utf8.ts";
import { proveInclusion, verifyInclusion } from "../merkle/inclusion.ts";
import { leafHash } from "../merkle/hash.ts";
import { rootOf } from "../merkle/compact-range.ts";
import { treeRoot } from "../merkle/subtree.ts";
import { encodeEntryBundle } from "../tlog/entry-bundle.ts";
import { formatTilePath, tileNodes, tilesBetween } from "../tlog/tile.ts";
import { edgeFiles, EMPTY_FRONTIER, grow } from "./growth.ts";

const entries = (start: number, count: number) =>
  Array.from({ length: count }, (_, at) => {
    const body = toUtf8(`entry ${start + at}`);
    return { body, leafHash: leafHash(body) };
  });

test("a tree grown in any steps has the tiles, the root and the proofs of its leaves", () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 600 }), { minLength: 1, maxLength: 5 }), (steps) => {
      const tiles = new Map<string, Uint8Array>();
      let frontier = EMPTY_FRONTIER;
      for (const step of steps) {
        const added = entries(frontier.treeSize, step);
        const growth = grow(frontier, added);
        const { treeSize } = growth.frontier;
        expect(growth.files.map(({ tile }) => formatTilePath(tile)).toSorted()).toEqual(
          tilesBetween(frontier.treeSize, treeSize).map(formatTilePath).toSorted(),
        );
        for (const { tile, bytes } of growth.files) tiles.set(formatTilePath(tile), bytes);
        const all = entries(0, treeSize);
        expect(growth.rootHash).toEqual(rootOf(all.map((entry) => entry.leafHash)));
        const read = (path: string): Uint8Array => tiles.get(path) ?? expect.fail(`${path} is missing`);
        expect(
          treeRoot(
            treeSize,
            tileNodes((tile) => read(formatTilePath(tile)), treeSize),
          ),
        ).toEqual(growth.rootHash);
        for (const [at, { leafHash: leaf }] of added.entries()) {
          const proof = proveInclusion(frontier.treeSize + at, treeSize, growth.nodes);
          verifyInclusion(leaf, proof, growth.rootHash);
        }
        for (const { tile, bytes } of edgeFiles(growth.frontier)) expect(read(formatTilePath(tile))).toEqual(bytes);
        frontier = growth.frontier;
      }
    }),
    { numRuns: 20 },
  );
});

test("the bundles hold the entries", () => {
  const all = entries(0, 300);
  const first = grow(EMPTY_FRONTIER, all.slice(0, 10));
  const second = grow(first.frontier, all.slice(10));
  const bundles = second.files.filter(({ tile }) => tile.level === "entries").map(({ bytes }) => bytes);
  expect(bundles).toEqual([
    encodeEntryBundle(all.slice(0, 256).map(({ body }) => body)),
    encodeEntryBundle(all.slice(256).map(({ body }) => body)),
  ]);
  expect(first.frontier.partialBundle).toHaveLength(10);
});
