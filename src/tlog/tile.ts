import { concat } from "../bytes/join.ts";
import { Failure } from "../failure.ts";
import { rootOf } from "../merkle/compact-range.ts";
import { asHash, HASH_BYTES, type Hash } from "../merkle/hash.ts";
import { type NodeReader, requireTreeSize } from "../merkle/subtree.ts";

/**
 * The stored form of a tree, c2sp.org/tlog-tiles.
 *
 * A tile of level L holds up to 256 hashes, each the root of 256^L leaves: tile 0 of level 0 the first 256 leaf
 * hashes, tile 0 of level 1 the roots of the first 256 full tiles of level 0. Only complete subtrees are stored, so a
 * tile never changes but for growing; what is between tile levels is hashed when it is wanted.
 *
 * An entry bundle has the numbering of level 0 and holds the entries themselves.
 */
export interface Tile {
  /** 0 to 63, or the bundle of entries below the tile of level 0. */
  readonly level: number | "entries";
  /** Position on its level, a safe integer; hash i of it is hash 256 * index + i of the level. */
  readonly index: number;
  /** Hashes or entries in it: 1 to 256, where 256 is a full tile and less a partial one. */
  readonly width: number;
}

/** Hashes in a full tile, entries in a full bundle. */
export const FULL_TILE_WIDTH = 256;
/** Levels of a tree that a tile spans: 2^8 = 256. */
const LEVELS_PER_TILE = 8;
/** tlog-tiles: "L is the tile level, a decimal ASCII integer between 0 and 63". */
const MAX_LEVEL = 63;

/**
 * Where a tile is served, without a slash in front: `tile/0/x001/x234/067` or `tile/entries/005.p/17`.
 *
 * @throws RangeError if there can be no such tile
 */
export function formatTilePath(tile: Tile): string {
  const { level, index, width } = tile;
  if (!isTile(tile)) throw new RangeError(`no tile has level ${level}, index ${index} and width ${width}`);
  const digits = String(index);
  const groups = digits.padStart(Math.ceil(digits.length / 3) * 3, "0").match(/.{3}/g) ?? [];
  const path = groups.map((group, at) => (at === groups.length - 1 ? group : `x${group}`)).join("/");
  return `tile/${level}/${path}${width === FULL_TILE_WIDTH ? "" : `.p/${width}`}`;
}

/**
 * Inverse of {@link formatTilePath}.
 *
 * @throws tlog/malformed-path unless that would write the same
 */
export function parseTilePath(path: string): Tile {
  // At most 18 digits: 2^53 has 16.
  const found = /^tile\/(entries|[0-9]{1,2})\/((?:x[0-9]{3}\/){0,5}[0-9]{3})(?:\.p\/([0-9]{1,3}))?$/.exec(path);
  const [, level = "", groups = "", width = String(FULL_TILE_WIDTH)] = found ?? [];
  const tile = {
    level: level === "entries" ? level : Number(level),
    index: Number(groups.replaceAll(/[x/]/g, "")),
    width: Number(width),
  } as const;
  if (found === null || !isTile(tile) || formatTilePath(tile) !== path) {
    throw new Failure("tlog/malformed-path", `${JSON.stringify(path.slice(0, 100))} is not the path of a tile`);
  }
  return tile;
}

/**
 * The tiles and entry bundles that are new or wider when a tree grows, bundles first, then by level: what must be
 * stored before the larger tree is published.
 *
 * @throws merkle/size-out-of-range unless both are safe integers
 * @throws RangeError if the tree shrinks
 */
export function tilesBetween(oldSize: number, newSize: number): readonly Tile[] {
  requireTreeSize(oldSize);
  requireTreeSize(newSize);
  if (oldSize > newSize) throw new RangeError(`a tree cannot grow from ${oldSize} leaves to ${newSize}`);
  const tiles = grownTiles("entries", oldSize, newSize);
  let [level, before, after] = [0, oldSize, newSize];
  while (after > before) {
    tiles.push(...grownTiles(level, before, after));
    level += 1;
    [before, after] = [Math.floor(before / FULL_TILE_WIDTH), Math.floor(after / FULL_TILE_WIDTH)];
  }
  return tiles;
}

/** Inverse of {@link decodeHashTile}. */
export const encodeHashTile = (hashes: readonly Hash[]): Uint8Array => concat(...hashes);

/** @throws tlog/malformed-tile unless there are `width` hashes of 32 bytes */
export function decodeHashTile(bytes: Uint8Array, width: number): readonly Hash[] {
  if (bytes.length !== width * HASH_BYTES) {
    throw new Failure(
      "tlog/malformed-tile",
      `a tile of ${width} hashes has ${width * HASH_BYTES} bytes, got ${bytes.length}`,
    );
  }
  return Array.from({ length: width }, (_, at) => asHash(bytes.slice(at * HASH_BYTES, (at + 1) * HASH_BYTES)));
}

/**
 * Reads the nodes of a tree from its tiles.
 *
 * Keeps the tile read last of each level, decoded: the nodes of one proof, and those of a walk from left to right,
 * mostly share it.
 *
 * @param readTile reads a tile as wide as the tree has it; a store that has dropped the partial tile for a full one
 *                 cuts that
 * @returns a reader that throws tlog/malformed-tile for a tile of another length, what `readTile` throws, and
 *          RangeError for a node that a tree of `treeSize` leaves does not have
 */
export function tileNodes(readTile: (tile: Tile) => Uint8Array, treeSize: number): NodeReader {
  requireTreeSize(treeSize);
  const kept = new Map<number, { readonly index: number; readonly hashes: readonly Hash[] }>();
  const hashesOf = (level: number, index: number): readonly Hash[] => {
    const last = kept.get(level);
    if (last?.index === index) return last.hashes;
    const onLevel = Math.floor(treeSize / FULL_TILE_WIDTH ** level);
    const width = Math.min(FULL_TILE_WIDTH, onLevel - index * FULL_TILE_WIDTH);
    const hashes = decodeHashTile(readTile({ level, index, width }), width);
    kept.set(level, { index, hashes });
    return hashes;
  };
  return (level, index) => {
    if (!(level >= 0 && index >= 0 && (index + 1) * 2 ** level <= treeSize)) {
      throw new RangeError(`a tree of ${treeSize} leaves has no node ${index} on level ${level}`);
    }
    const tileLevel = Math.floor(level / LEVELS_PER_TILE);
    const spanned = 2 ** (level % LEVELS_PER_TILE);
    const first = index * spanned;
    const at = first % FULL_TILE_WIDTH;
    return rootOf(hashesOf(tileLevel, (first - at) / FULL_TILE_WIDTH).slice(at, at + spanned));
  };
}

/** Tiles of one level that change when its hashes go from `before` to `after`. */
function grownTiles(level: Tile["level"], before: number, after: number): Tile[] {
  const tiles: Tile[] = [];
  if (after === before) return tiles;
  for (let index = Math.floor(before / FULL_TILE_WIDTH); index * FULL_TILE_WIDTH < after; index += 1) {
    tiles.push({ level, index, width: Math.min(FULL_TILE_WIDTH, after - index * FULL_TILE_WIDTH) });
  }
  return tiles;
}

const isTile = ({ level, index, width }: Tile): boolean =>
  (level === "entries" || isWithin(level, 0, MAX_LEVEL)) &&
  isWithin(index, 0, Number.MAX_SAFE_INTEGER) &&
  isWithin(width, 1, FULL_TILE_WIDTH);

const isWithin = (n: number, low: number, high: number): boolean => Number.isSafeInteger(n) && n >= low && n <= high;
