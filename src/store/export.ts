import { open } from "node:fs/promises";
import { join } from "node:path";

import { Failure } from "../failure.ts";
import { readFileBounded } from "../files/read.ts";
import { createFile, syncDirectory } from "../files/write.ts";
import { LogReader } from "../log/reader.ts";
import { readTile } from "../log/tile-cache.ts";
import { type TileStore } from "../log/tile-store.ts";
import { type Tile, tilesBetween } from "../tlog/tile.ts";
import { guard, openDatabase } from "./database.ts";
import { makeDirectory } from "./directory.ts";
import { LOG_FILES, openLogDirectory, requireEmpty } from "./log-directory.ts";
import { LOG_SCHEMA } from "./sqlite-entries.ts";
import { closing } from "./resources.ts";
import { TileDirectory } from "./tile-directory.ts";
import { TRUST_FILES } from "./trust-files.ts";

/** What was exported. */
export interface Export {
  readonly treeSize: number;
  readonly tiles: number;
  /** Whether the seed was there and is in the copy. */
  readonly withSeed: boolean;
}

const MAX_FILE_BYTES = 1024 * 1024;
/** Tiles copied at a time, each synced once. */
const TILES_AT_ONCE = 64;

/**
 * Copies a log into a new directory: checkpoint, tiles, entries, envelopes and trust files; the seed only where it is
 * asked for, and the lock never. The copy is a log's directory itself, which `restoreLog` makes able to sign again.
 *
 * Safe beside a writer. The checkpoint is read first, so that all it vouches for is there; entries added meanwhile may
 * be in the copy too, in the place they have in the log.
 *
 * @throws log/missing, log/exists, log/unavailable, files/missing where the seed is wanted and kept elsewhere
 */
export async function exportLog(
  directory: string,
  lockPath: string,
  target: string,
  withSeed: boolean,
  progress: (done: number, total: number) => void = () => {},
): Promise<Export> {
  return closing(async (resources) => {
    const { ports, name } = openLogDirectory(directory, lockPath, "read", resources);
    const { note, checkpoint } = await new LogReader(ports, name).status();
    await requireEmpty(target);
    await makeDirectory(target);
    const copy = new TileDirectory(target);
    const tiles = tilesBetween(0, checkpoint.treeSize);
    for (let at = 0; at < tiles.length; at += TILES_AT_ONCE) {
      await copyTiles(ports.tiles, copy, tiles.slice(at, at + TILES_AT_ONCE));
      progress(Math.min(at + TILES_AT_ONCE, tiles.length), tiles.length);
    }
    await copyDatabase(join(directory, LOG_FILES.database), join(target, LOG_FILES.database));
    for (const file of TRUST_FILES) await copySmall(directory, target, file, 0o644);
    if (withSeed) await copySmall(directory, target, LOG_FILES.seed, 0o600);
    await syncDirectory(target);
    // Last: a copy that was cut short has none, and is taken for nothing.
    await copy.publishCheckpoint(note);
    return { treeSize: checkpoint.treeSize, tiles: tiles.length, withSeed };
  });
}

async function copyTiles(from: TileStore, to: TileDirectory, tiles: readonly Tile[]): Promise<void> {
  const files = await Promise.all(tiles.map(async (tile) => ({ tile, bytes: await readTile(from, tile) })));
  await to.writeTiles(files, false);
}

/** A snapshot of the database as one file, synced: SQLite itself does not sync what VACUUM INTO writes. */
async function copyDatabase(from: string, to: string): Promise<void> {
  const database = openDatabase(from, { schema: LOG_SCHEMA, journal: "wal", access: "read" });
  try {
    guard(to, () => database.prepare("VACUUM INTO ?").run(to));
  } finally {
    database.close();
  }
  const file = await open(to, "r+");
  try {
    await file.sync();
  } catch (cause) {
    throw new Failure("log/unavailable", `${to} could not be written`, { cause });
  } finally {
    await file.close();
  }
}

async function copySmall(from: string, to: string, name: string, mode: 0o644 | 0o600): Promise<void> {
  await createFile(join(to, name), await readFileBounded(join(from, name), MAX_FILE_BYTES), mode);
}
