import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { fromHex, toHex } from "../bytes/hex.ts";
import { toUtf8 } from "../bytes/utf8.ts";
import { Failure } from "../failure.ts";
import { asHash, leafHash } from "../merkle/hash.ts";
import { ReferenceTree } from "../merkle/reference.ts";
import { vectors } from "../testing/vectors.ts";
import { decodeHashTile, encodeHashTile, formatTilePath, parseTilePath, tileNodes, tilesBetween } from "./tile.ts";
import { type Tile } from "./tile.ts";

const paths = vectors<Tile & { readonly path: string }>("tlog/tile-paths.json");
const trees = vectors<{ readonly entries: readonly string[]; readonly tile: string }>("tlog/trees.json");
const tilePath = (tile: Tile) => formatTilePath(tile);

const parse = (path: string) => {
  try {
    expect(formatTilePath(parseTilePath(path))).toBe(path);
  } catch (error) {
    expect(error).toBeInstanceOf(Failure);
  }
};

describe("a tile's path", () => {
  test.each(paths)("$path", ({ path, ...tile }) => {
    expect(formatTilePath(tile)).toBe(path);
    expect(parseTilePath(path)).toEqual(tile);
  });

  test.each([
    "",
    "tile/0",
    "tile/0/",
    "tile/0/0",
    "tile/0/00",
    "tile/0/0000",
    "/tile/0/000",
    "tile/0/000/",
    "tile/0/000\n",
    "tile/00/000",
    "tile/01/000",
    "tile/-1/000",
    "tile/64/000",
    "tile/100/000",
    "tile/data/000",
    "tile/Entries/000",
    "tile/0/x000/001",
    "tile/0/x000/000",
    "tile/0/001/067",
    "tile/0/x001/x067",
    "tile/0/x001x067",
    "tile/0/X001/067",
    "tile/0/x01/067",
    "tile/0/x009/x007/x199/x254/x740/992",
    "tile/0/x999/x999/x999/x999/x999/999",
    "tile/0/x001/x000/x000/x000/x000/x000/000",
    "tile/0/000.p/0",
    "tile/0/000.p/00",
    "tile/0/000.p/01",
    "tile/0/000.p/256",
    "tile/0/000.p/1000",
    "tile/0/000.p/",
    "tile/0/000.p",
    "tile/0/000.p/1/",
    "tile/0/000.p/-1",
    "tile/0/../000",
    "tile/0/000?",
    "tile/0/\uff10\uff10\uff10",
  ])("is not %j", (path) => {
    expect(() => parseTilePath(path)).toThrow(expect.objectContaining({ code: "tlog/malformed-path" }));
  });

  test.each([
    { level: 64, index: 0, width: 1 },
    { level: -1, index: 0, width: 1 },
    { level: 0, index: -1, width: 1 },
    { level: 0, index: 2 ** 53, width: 1 },
    { level: 0, index: 0, width: 0 },
    { level: 0, index: 0, width: 257 },
    { level: 0.5, index: 0, width: 1 },
  ])("has no form for level $level, index $index, width $width", (tile) => {
    expect(() => formatTilePath(tile)).toThrow(RangeError);
  });

  test("is the inverse of its reading, for any tile", () => {
    const level = fc.oneof(fc.integer({ min: 0, max: 63 }), fc.constant("entries" as const));
    fc.assert(
      fc.property(level, fc.maxSafeNat(), fc.integer({ min: 1, max: 256 }), (level, index, width) => {
        expect(parseTilePath(formatTilePath({ level, index, width }))).toEqual({ level, index, width });
      }),
    );
  });

  test("any text is a tile or a Failure", () => {
    const unit = fc.constantFrom("tile/", "0", "9", "x", "/", ".p/", "entries");
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), fc.string({ unit }), fc.constantFrom(...paths), fc.nat(), (...all) => {
        const [text, like, { path }, at] = all;
        parse(text);
        parse(`tile/${like}`);
        const place = at % path.length;
        parse(path.slice(0, place) + text.slice(0, 1) + path.slice(place + 1));
      }),
      { numRuns: 500 },
    );
  });
});

describe("a tile's bytes", () => {
  test.each(trees)("are its hashes: $entries", ({ entries, tile }) => {
    const hashes = entries.map((entry) => leafHash(toUtf8(entry)));
    expect(toHex(encodeHashTile(hashes))).toBe(tile);
    expect(decodeHashTile(fromHex(tile), entries.length)).toEqual(hashes);
  });

  test.each([
    ["one byte short", 5 * 32 - 1],
    ["one byte long", 5 * 32 + 1],
    ["a hash short", 4 * 32],
    ["a full tile", 256 * 32],
    ["nothing", 0],
  ])("are refused: %s", (_, length) => {
    const decode = () => decodeHashTile(new Uint8Array(length), 5);
    expect(decode).toThrow(expect.objectContaining({ code: "tlog/malformed-tile" }));
  });
});

/** The tiles of a tree, by level and index: on each level floor(size / 256^level) hashes, cut into 256s. */
const held = (size: number) => {
  const tiles = new Map<string, string>();
  for (const level of [0, 1, 2]) {
    const count = Math.floor(size / 256 ** level);
    for (let first = 0; first < count; first += 256) {
      const width = Math.min(256, count - first);
      tiles.set(`${level}/${first / 256}`, formatTilePath({ level, index: first / 256, width }));
    }
  }
  return tiles;
};

describe("tiles new or wider when a tree grows", () => {
  test.each([
    [0, 0, []],
    [5, 5, []],
    [0, 1, ["tile/entries/000.p/1", "tile/0/000.p/1"]],
    [3, 5, ["tile/entries/000.p/5", "tile/0/000.p/5"]],
    [0, 256, ["tile/entries/000", "tile/0/000", "tile/1/000.p/1"]],
    [255, 256, ["tile/entries/000", "tile/0/000", "tile/1/000.p/1"]],
    [256, 257, ["tile/entries/001.p/1", "tile/0/001.p/1"]],
    [
      200,
      600,
      [
        "tile/entries/000",
        "tile/entries/001",
        "tile/entries/002.p/88",
        "tile/0/000",
        "tile/0/001",
        "tile/0/002.p/88",
        "tile/1/000.p/2",
      ],
    ],
    [65535, 65536, ["tile/entries/255", "tile/0/255", "tile/1/000", "tile/2/000.p/1"]],
    [2 ** 40, 2 ** 40 + 1, ["tile/entries/x004/x294/x967/296.p/1", "tile/0/x004/x294/x967/296.p/1"]],
  ])("from %d to %d", (oldSize, newSize, expected) => {
    expect(tilesBetween(oldSize, newSize).map(tilePath)).toEqual(expected);
  });

  test("are those whose contents differ, for every growth to 600 by steps", () => {
    for (let newSize = 0; newSize <= 600; newSize += 1) {
      for (let oldSize = newSize % 37; oldSize <= newSize; oldSize += 37) {
        const [before, after] = [held(oldSize), held(newSize)];
        const changed = [...after].filter(([name, path]) => before.get(name) !== path).map(([, path]) => path);
        const found = tilesBetween(oldSize, newSize).map(tilePath);
        expect(found.filter((path) => !path.includes("entries"))).toEqual(changed);
        const bundles = found.filter((path) => path.includes("entries"));
        expect(bundles.map((path) => path.replace("entries", "0"))).toEqual(
          changed.filter((p) => p.includes("tile/0/")),
        );
      }
    }
  });

  test("are not asked for backwards", () => {
    expect(() => tilesBetween(5, 3)).toThrow(RangeError);
    expect(() => tilesBetween(0, 2 ** 53)).toThrow(expect.objectContaining({ code: "merkle/size-out-of-range" }));
  });
});

describe("nodes read from tiles", () => {
  const treeSize = 700;
  const leaves = Array.from({ length: treeSize }, (_, at) => leafHash(toUtf8(String(at))));
  const reference = new ReferenceTree(leaves);
  const asked: string[] = [];
  const readTile = (tile: Tile) => {
    asked.push(formatTilePath(tile));
    const { level, index, width } = tile;
    if (level === "entries") throw new TypeError("no node is in an entry bundle");
    return encodeHashTile(Array.from({ length: width }, (_, at) => reference.nodes(8 * level, 256 * index + at)));
  };

  test("are the reference's, every one of 700 leaves", () => {
    const nodes = tileNodes(readTile, treeSize);
    let read = 0;
    for (let level = 0; 2 ** level <= treeSize; level += 1) {
      for (let index = 0; (index + 1) * 2 ** level <= treeSize; index += 1) {
        expect(nodes(level, index)).toEqual(reference.nodes(level, index));
        read += 1;
      }
    }
    expect(read).toBeGreaterThan(2 * treeSize - 20);
  });

  test("ask for tiles only as wide as the tree has them, and not twice in a row", () => {
    asked.length = 0;
    const nodes = tileNodes(readTile, treeSize);
    nodes(0, 699);
    nodes(1, 349);
    nodes(8, 1);
    nodes(9, 0);
    expect(asked).toEqual(["tile/0/002.p/188", "tile/1/000.p/2"]);
  });

  test("tessera's example of where a node is", () => {
    const paths: string[] = [];
    const nodes = tileNodes((tile) => {
      paths.push(formatTilePath(tile));
      return new Uint8Array(tile.width * 32).map((_, at) => (at >= 21 * 32 && at < 22 * 32 ? 0xab : 0));
    }, 2 ** 40);
    expect(nodes(8, 123_456_789)).toEqual(new Uint8Array(32).fill(0xab));
    expect(paths).toEqual(["tile/1/x482/253"]);
  });

  test.each([
    [0, 700],
    [1, 350],
    [9, 1],
    [10, 0],
    [-1, 0],
    [0, -1],
    [0, Number.NaN],
  ])("are not there: level %d, index %d", (level, index) => {
    expect(() => tileNodes(readTile, treeSize)(level, index)).toThrow(RangeError);
  });

  test("are not read from a tile of another width", () => {
    const nodes = tileNodes((tile) => readTile(tile).subarray(32), treeSize);
    expect(() => nodes(0, 0)).toThrow(expect.objectContaining({ code: "tlog/malformed-tile" }));
  });

  test("any bytes for a tile are nodes or a Failure", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        const nodes = tileNodes(() => bytes, 3);
        if (bytes.length === 96) expect(nodes(0, 1)).toEqual(asHash(bytes.slice(32, 64)));
        else expect(() => nodes(0, 1)).toThrow(Failure);
      }),
    );
  });
});
