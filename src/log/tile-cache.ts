import { Failure } from "../failure.ts";
import { HASH_BYTES } from "../merkle/hash.ts";
import { type NodeReader } from "../merkle/subtree.ts";
import { decodeEntryBundle, encodeEntryBundle } from "../tlog/entry-bundle.ts";
import { formatTilePath, FULL_TILE_WIDTH, type Tile, tileNodes } from "../tlog/tile.ts";
import { type TileStore } from "./tile-store.ts";

/**
 * Tiles of one tree, read ahead: proofs are computed without waiting, storage is not.
 *
 * What a tile says is not checked here. It is checked by whoever arrives at a signed root with it.
 */
export class TileCache {
  readonly #store: TileStore;
  readonly #tiles = new Map<string, Uint8Array>();
  /** Nodes of the tree, as far as their tiles have been loaded. */
  readonly nodes: NodeReader;

  constructor(store: TileStore, treeSize: number) {
    this.#store = store;
    this.nodes = tileNodes((tile) => this.tile(tile), treeSize);
  }

  /** A tile that was loaded. */
  tile(tile: Tile): Uint8Array {
    const bytes = this.#tiles.get(formatTilePath(tile));
    if (bytes === undefined) throw new RangeError(`${formatTilePath(tile)} was not loaded`);
    return bytes;
  }

  /**
   * Reads tiles that are not here yet.
   *
   * @throws log/no-tile, log/unavailable
   */
  async load(tiles: readonly Tile[]): Promise<void> {
    const missing = new Map(
      tiles.map((tile) => [formatTilePath(tile), tile] as const).filter(([path]) => !this.#tiles.has(path)),
    );
    // In parallel: they are independent reads, at most two for each level.
    await Promise.all(
      [...missing].map(async ([path, tile]) => {
        this.#tiles.set(path, await readTile(this.#store, tile));
      }),
    );
  }
}

/**
 * One tile, cut from the full one where its partial form has been dropped since (tlog-tiles, "Partial Tiles").
 *
 * @throws log/no-tile, log/unavailable, tlog/malformed-entry-bundle
 */
export async function readTile(store: TileStore, tile: Tile): Promise<Uint8Array> {
  try {
    return await store.readTile(tile);
  } catch (error) {
    if (!(error instanceof Failure && error.code === "log/no-tile") || tile.width === FULL_TILE_WIDTH) throw error;
  }
  const full = await store.readTile({ ...tile, width: FULL_TILE_WIDTH });
  if (tile.level !== "entries") return full.subarray(0, tile.width * HASH_BYTES);
  return encodeEntryBundle(decodeEntryBundle(full, FULL_TILE_WIDTH).slice(0, tile.width));
}

/** The partial hash tiles at the right edge of a tree, lowest level first; none where a level ends with a full one. */
export function edgeTiles(treeSize: number): readonly Tile[] {
  return levelsOf(treeSize).flatMap(({ level, hashes }) => {
    const width = hashes % FULL_TILE_WIDTH;
    return width === 0 ? [] : [{ level, index: Math.floor(hashes / FULL_TILE_WIDTH), width }];
  });
}

/** The hash tiles that hold every node a proof for leaf `index` may need, the right edge included. */
export function proofTiles(index: number, treeSize: number): readonly Tile[] {
  const above = levelsOf(treeSize).flatMap(({ level, hashes }) => {
    const tileIndex = Math.floor(index / FULL_TILE_WIDTH ** (level + 1));
    const width = Math.min(hashes - tileIndex * FULL_TILE_WIDTH, FULL_TILE_WIDTH);
    return width <= 0 ? [] : [{ level, index: tileIndex, width }];
  });
  return [...above, ...edgeTiles(treeSize)];
}

/** How many hashes a tree has on each tile level: one for each 256^level leaves. */
function levelsOf(treeSize: number): { level: number; hashes: number }[] {
  const levels: { level: number; hashes: number }[] = [];
  for (let hashes = treeSize; hashes > 0; hashes = Math.floor(hashes / FULL_TILE_WIDTH)) {
    levels.push({ level: levels.length, hashes });
  }
  return levels;
}
