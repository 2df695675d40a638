import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

import { describe, expect, test } from "vitest";

import { toUtf8 } from "../bytes/utf8.ts";
import { CompactRange, rootOf } from "../merkle/compact-range.ts";
import { proveConsistency, verifyConsistency } from "../merkle/consistency.ts";
import { EMPTY_ROOT, leafHash, type Hash } from "../merkle/hash.ts";
import { proveInclusion, verifyInclusion } from "../merkle/inclusion.ts";
import { treeRoot } from "../merkle/subtree.ts";
import { parseVkey } from "../note/vkey.ts";
import { describeVectors, VECTORS } from "../testing/require.ts";
import { formatCheckpoint, openCheckpoint } from "./checkpoint.ts";
import { decodeEntryBundle, encodeEntryBundle } from "./entry-bundle.ts";
import { encodeHashTile, formatTilePath, tileNodes, tilesBetween, type Tile } from "./tile.ts";

/** All tiles and bundles of a log of these entries, by path. */
function buildLog(entries: readonly Uint8Array[]): { tiles: Map<string, Uint8Array>; rootHash: Hash } {
  const levels: Hash[][] = [];
  const range = CompactRange.empty();
  for (const entry of entries) {
    range.append(leafHash(entry), (level, _index, hash) => {
      if (level % 8 === 0) (levels[level / 8] ??= []).push(hash);
    });
  }
  const bytesOf = ({ level, index, width }: Tile): Uint8Array => {
    const [first, end] = [256 * index, 256 * index + width];
    if (level === "entries") return encodeEntryBundle(entries.slice(first, end));
    return encodeHashTile((levels[level] ?? []).slice(first, end));
  };
  const tiles = new Map(tilesBetween(0, entries.length).map((tile) => [formatTilePath(tile), bytesOf(tile)]));
  return { tiles, rootHash: range.root() };
}

describeVectors("tlog")("tessera's log of 15 entries, rebuilt from its entries", () => {
  const folder = join(VECTORS, "tlog");
  const read = (path: string) => new Uint8Array(readFileSync(join(folder, path)));
  const logKey = parseVkey("example.com/log/testdata+33d7b496+AeHTu4Q3hEIMHNqc6fASMsq3rKNx280NI+oO5xCFkkSx");
  const open = (size: number) => openCheckpoint(readFileSync(join(folder, `checkpoint.${size}`), "utf8"), logKey);
  // In the test run itself only where the vectors are: the suite's body runs even when it is skipped.
  const entries = existsSync(folder) ? decodeEntryBundle(read("tile/entries/000.p/15"), 15) : [];
  const sizes = Array.from({ length: 15 }, (_, at) => at + 1);
  const roots = (size: number): Hash => rootOf(entries.slice(0, size).map(leafHash));

  test.each([0, ...sizes])("checkpoint.%d is signed, and has the root", (size) => {
    const { treeSize, rootHash, origin } = open(size);
    expect(treeSize).toBe(size);
    expect(rootHash).toEqual(size === 0 ? EMPTY_ROOT : roots(size));
    expect(
      formatCheckpoint({ origin, treeSize, rootHash: buildLog(entries.slice(0, size)).rootHash, extensions: [] }),
    ).toBe(open(size).note.text);
  });

  test("the newest checkpoint is the last", () => {
    expect(read("checkpoint")).toEqual(read("checkpoint.15"));
  });

  test.each(sizes)("at %d entries, tile for tile", (size) => {
    const { tiles } = buildLog(entries.slice(0, size));
    expect([...tiles.keys()]).toEqual([`tile/entries/000.p/${size}`, `tile/0/000.p/${size}`]);
    for (const [path, bytes] of tiles) expect(bytes).toEqual(read(path));
    expect(tilesBetween(size - 1, size).map(formatTilePath)).toEqual([...tiles.keys()]);
  });

  test("and there are no other tiles", () => {
    for (const level of ["entries", "0"]) {
      expect(readdirSync(join(folder, "tile", level), { recursive: true })).toHaveLength(1 + sizes.length);
    }
  });

  test("its tiles prove every entry of every checkpoint, and every checkpoint from every older one", () => {
    for (const size of sizes) {
      const nodes = tileNodes((tile) => read(formatTilePath(tile)), size);
      const { rootHash } = open(size);
      expect(treeRoot(size, nodes)).toEqual(rootHash);
      for (const [index, entry] of entries.slice(0, size).entries()) {
        verifyInclusion(leafHash(entry), proveInclusion(index, size, nodes), rootHash);
        verifyConsistency(proveConsistency(index + 1, size, nodes), open(index + 1).rootHash, rootHash);
      }
    }
  });
});

const SIZE = 70_000;
const sha256 = (...parts: Uint8Array[]): Buffer => createHash("sha256").update(Buffer.concat(parts)).digest();
/** Root of a full tree by pairing up neighbours, level by level. */
const pairUp = (hashes: readonly Buffer[]): Buffer => {
  let level = hashes;
  while (level.length > 1) {
    const below = level;
    level = Array.from({ length: below.length / 2 }, (_, at) =>
      sha256(Uint8Array.of(1), below[2 * at] ?? new Uint8Array(0), below[2 * at + 1] ?? new Uint8Array(0)),
    );
  }
  return level[0] ?? Buffer.alloc(0);
};
/** The roots of the full groups of 256 neighbours. */
const groups = (hashes: readonly Buffer[]): Buffer[] =>
  Array.from({ length: Math.floor(hashes.length / 256) }, (_, at) => pairUp(hashes.slice(256 * at, 256 * at + 256)));

describe("a log of 70000 entries", () => {
  const entries = Array.from({ length: SIZE }, (_, at) => toUtf8(`entry ${at}`));
  const { tiles, rootHash } = buildLog(entries);
  const leaves = entries.map(leafHash);

  test("has the tiles that tlog-tiles says, as wide as it says", () => {
    for (const prefix of ["tile/entries/", "tile/0/"]) {
      const paths = [...tiles.keys()].filter((path) => path.startsWith(prefix));
      expect(paths).toHaveLength(274);
      expect(paths.filter((path) => path.includes(".p/"))).toEqual([`${prefix}273.p/112`]);
    }
    expect([...tiles.keys()].filter((path) => /^tile\/[1-9]/.test(path))).toEqual([
      "tile/1/000",
      "tile/1/001.p/17",
      "tile/2/000.p/1",
    ]);
    expect(tiles.size).toBe(2 * 274 + 3);
  });

  test("has in each tile of levels 0, 1 and 2 what hashing pair by pair gives", () => {
    const level0 = entries.map((entry) => sha256(Uint8Array.of(0), entry));
    const level1 = groups(level0);
    const level2 = groups(level1);
    expect([level0.length, level1.length, level2.length]).toEqual([70_000, 273, 1]);
    for (const [level, hashes] of [level0, level1, level2].entries()) {
      const held = [...tiles].filter(([path]) => path.startsWith(`tile/${level}/`)).map(([, bytes]) => bytes);
      expect(Buffer.concat(held).equals(Buffer.concat(hashes))).toBe(true);
    }
    expect(decodeEntryBundle(tiles.get("tile/entries/273.p/112") ?? new Uint8Array(0), 112)).toEqual(
      entries.slice(273 * 256),
    );
  });

  test("proves its entries and its growth from its tiles", () => {
    const nodes = tileNodes((tile) => tiles.get(formatTilePath(tile)) ?? new Uint8Array(0), SIZE);
    for (const index of [0, 255, 256, 65_535, 65_536, 69_887, 69_888, SIZE - 1]) {
      verifyInclusion(leaves[index] ?? EMPTY_ROOT, proveInclusion(index, SIZE, nodes), rootHash);
    }
    for (const oldSize of [1, 256, 12_345, SIZE]) {
      const oldRoot = oldSize === SIZE ? rootHash : rootOf(leaves.slice(0, oldSize));
      verifyConsistency(proveConsistency(oldSize, SIZE, nodes), oldRoot, rootHash);
    }
  });
});
