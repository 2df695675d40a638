import { link, open, readFile, rename, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";

import { equalBytes } from "../bytes/join.ts";
import { fromUtf8 } from "../bytes/utf8.ts";
import { Failure } from "../failure.ts";
import { readFileBounded } from "../files/read.ts";
import { replaceFile, syncDirectory } from "../files/write.ts";
import { type TileFile, type TileStore } from "../log/tile-store.ts";
import { MAX_NOTE_BYTES } from "../note/note.ts";
import { formatTilePath, type Tile } from "../tlog/tile.ts";
import { makeDirectory } from "./directory.ts";

/** The largest bundle of entries (tlog-tiles, "Log Entries"): 256 times a length and 65 535 bytes. */
const MAX_TILE_BYTES = 256 * (2 + 65_535);
/** Written once and never again. */
const TILE_MODE = 0o444;

/**
 * Tiles and checkpoint as files under one directory, laid out as tlog-tiles serves them.
 *
 * A tile is written beside its place, synced, and linked into it, which fails where a tile is there already; then the
 * directories are synced. A reader sees whole tiles or none.
 */
export class TileDirectory implements TileStore {
  readonly #root: string;
  /** Directories whose names are durable, as far as this process knows. */
  readonly #made = new Set<string>();

  constructor(root: string) {
    this.#root = root;
  }

  async writeTiles(files: readonly TileFile[], replace: boolean): Promise<void> {
    const paths = files.map(({ tile }) => join(this.#root, formatTilePath(tile)));
    const directories = new Set(paths.map((path) => dirname(path)));
    for (const directory of directories) await this.#make(directory);
    // In parallel: the disk syncs several files in little more than the time for one.
    await Promise.all(files.map(({ bytes }, at) => this.#write(paths[at] ?? "", bytes, replace)));
    await Promise.all([...directories].map((directory) => guardIo(directory, () => syncDirectory(directory))));
  }

  async readTile(tile: Tile): Promise<Uint8Array> {
    const path = formatTilePath(tile);
    const bytes = await readIfThere(join(this.#root, path), MAX_TILE_BYTES);
    if (bytes === null) throw new Failure("log/no-tile", `${path} is not there`);
    return bytes;
  }

  async removePartials(fullTiles: readonly Tile[]): Promise<void> {
    // Not synced: a partial tile that comes back after a power cut is as right as it was.
    for (const tile of fullTiles) {
      const directory = `${join(this.#root, formatTilePath(tile))}.p`;
      this.#made.delete(directory);
      await guardIo(directory, () => rm(directory, { recursive: true, force: true }));
    }
  }

  async readCheckpoint(): Promise<string | null> {
    const bytes = await readIfThere(this.#checkpoint, MAX_NOTE_BYTES);
    return bytes === null ? null : fromUtf8(bytes);
  }

  async publishCheckpoint(note: string): Promise<void> {
    await replaceFile(this.#checkpoint, note);
  }

  get #checkpoint(): string {
    return join(this.#root, "checkpoint");
  }

  async #make(directory: string): Promise<void> {
    if (this.#made.has(directory)) return;
    await makeDirectory(directory, 0o755, this.#root);
    this.#made.add(directory);
  }

  async #write(path: string, bytes: Uint8Array, replace: boolean): Promise<void> {
    // One writer at a time: the name need not be unique, and what a dead writer left is written over.
    const temporary = join(dirname(path), `.${basename(path)}.tmp`);
    await guardIo(path, async () => {
      await rm(temporary, { force: true });
      const file = await open(temporary, "wx", TILE_MODE);
      try {
        await file.writeFile(bytes);
        await file.sync();
      } finally {
        await file.close();
      }
    });
    if (!replace && (await this.#linked(temporary, path))) return;
    if (!replace) await requireSame(path, bytes);
    await guardIo(path, () => rename(temporary, path));
  }

  /** Gives the file its name, unless that is taken. */
  async #linked(temporary: string, path: string): Promise<boolean> {
    return guardIo(path, async () => {
      try {
        await link(temporary, path);
      } catch (error) {
        if (codeOf(error) === "EEXIST") return false;
        throw error;
      }
      await rm(temporary);
      return true;
    });
  }
}

async function requireSame(path: string, bytes: Uint8Array): Promise<void> {
  const present = await guardIo(path, () => readFile(path));
  if (equalBytes(present, bytes)) return;
  throw new Failure("log/tile-conflict", `${path} is there with other contents`, {
    hint: "nothing was signed; run `assay log audit`",
  });
}

async function readIfThere(path: string, maxBytes: number): Promise<Uint8Array | null> {
  try {
    return await readFileBounded(path, maxBytes);
  } catch (error) {
    if (error instanceof Failure && error.code === "files/missing") return null;
    throw error;
  }
}

async function guardIo<Result>(path: string, work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (cause) {
    if (codeOf(cause) === undefined) throw cause;
    throw new Failure("log/unavailable", `${path} could not be written`, { cause });
  }
}

/** `errno` name of an error of the file system. */
const codeOf = (error: unknown): string | undefined =>
  error instanceof Error && !(error instanceof Failure) && "code" in error && typeof error.code === "string"
    ? error.code
    : undefined;
