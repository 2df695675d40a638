import { type Tile } from "../tlog/tile.ts";

/** A tile or entry bundle, and its bytes as C2SP tlog-tiles lays them out. */
export interface TileFile {
  readonly tile: Tile;
  readonly bytes: Uint8Array;
}

/**
 * What a log publishes: immutable tiles, and the checkpoint that vouches for them.
 *
 * It may be an object store, read by the world. A read sees a write that returned before it; nothing is asked of
 * writes under way. It is not trusted: everything read back is checked against a signed tree. Every method throws
 * log/unavailable where the storage fails.
 */
export interface TileStore {
  /**
   * Stores tiles, in any order. All are durable, names included, once it returns; of a write that failed any part may
   * be there. A tile that is there already with the same bytes is written again: its first writer may have died
   * before it was durable.
   *
   * @param replace  overwrite tiles that differ: right only where no signed tree holds them
   * @throws log/tile-conflict where a tile is there with other bytes, unless `replace`
   */
  writeTiles(files: readonly TileFile[], replace: boolean): Promise<void>;

  /**
   * The bytes of one tile, unchecked.
   *
   * @throws log/no-tile
   */
  readTile(tile: Tile): Promise<Uint8Array>;

  /** Drops every partial tile at the place of each of these full tiles. Not an error where there is none. */
  removePartials(fullTiles: readonly Tile[]): Promise<void>;

  /** The published checkpoint, a signed note; null before the first. */
  readCheckpoint(): Promise<string | null>;

  /** Replaces the published checkpoint: a reader sees the old one or the new one. Durable once it returns. */
  publishCheckpoint(note: string): Promise<void>;
}
