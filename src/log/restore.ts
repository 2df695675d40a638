import { equalBytes } from "../bytes/join.ts";
import { toHex } from "../bytes/hex.ts";
import { Failure } from "../failure.ts";
import { EMPTY_ROOT, type Hash } from "../merkle/hash.ts";
import { type VerifierKey } from "../note/vkey.ts";
import { openCheckpoint, type VerifiedCheckpoint } from "../tlog/checkpoint.ts";
import { FULL_TILE_WIDTH } from "../tlog/tile.ts";
import { type EntryStore } from "./entry-store.ts";
import { edgeFiles } from "./growth.ts";
import { type LogPorts } from "./ports.ts";
import { readTile } from "./tile-cache.ts";
import { type TileFile, type TileStore } from "./tile-store.ts";
import { walkEntries } from "./walk.ts";

/** What restoring a log came to. */
export interface Restoration {
  /** The 32-byte log id. */
  readonly logId: Uint8Array;
  /** The newest checkpoint known, and from now on what the lock holds and the log publishes. */
  readonly checkpoint: VerifiedCheckpoint;
  /** Tiles that were missing or damaged, and were written from the entries. */
  readonly tilesWritten: number;
  /** Whether the lock held nothing before. */
  readonly lockCreated: boolean;
}

interface SignedNote {
  readonly note: string;
  readonly checkpoint: VerifiedCheckpoint;
}

/**
 * Lets a log that was brought back from a copy go on.
 *
 * Every checkpoint known to have been signed (the one a client or witness held, the published one, the lock's) must be
 * a root of the tree that the stored entries give. Then the tiles are completed from the entries, and the newest of the
 * checkpoints is held and published. What nobody shows here is not known here: with a checkpoint older than others
 * saw, the log would sign a second history. So whoever restores asks witnesses and clients for their newest.
 *
 * @param note  a signed checkpoint of this log from outside
 * @throws note/*, tlog/*  where that is not this log's
 * @throws log/rolled-back where there are fewer entries than were signed
 * @throws log/forked      where a signed root is not the entries'
 * @throws log/inconsistent, log/busy, log/unavailable
 */
export async function restoreLog(
  ports: LogPorts,
  { key, logId }: { readonly key: VerifierKey; readonly logId: Uint8Array },
  note: string,
): Promise<Restoration> {
  const shown = open(note, key);
  return ports.mutex.hold(async () => {
    const held = await ports.lock.readCheckpoint(logId);
    const published = await ports.tiles.readCheckpoint();
    const signed = [shown, ...[held, published].filter((each) => each !== null).map((each) => open(each, key))];
    const newest = signed.reduce((a, b) => (b.checkpoint.treeSize > a.checkpoint.treeSize ? b : a));
    await requireHistory(
      ports.entries,
      signed.map(({ checkpoint }) => checkpoint),
    );
    const tilesWritten = await completeTiles(ports, newest.checkpoint.treeSize);
    if (held === null) await ports.lock.createCheckpoint(logId, newest.note);
    else await ports.lock.swapCheckpoint(logId, held, newest.note);
    await ports.tiles.publishCheckpoint(newest.note);
    return { logId, checkpoint: newest.checkpoint, tilesWritten, lockCreated: held === null };
  });
}

/** Checks that every signed root is that of the entries; nothing is written before. */
async function requireHistory(entries: EntryStore, signed: readonly VerifiedCheckpoint[]): Promise<void> {
  const stops = signed.map(({ treeSize }) => treeSize);
  const newest = Math.max(...stops);
  const stored = (await entries.readEdge()).treeSize;
  if (stored < newest) {
    throw new Failure("log/rolled-back", `${stored} entries are stored, and ${newest} were signed`, {
      hint: "bring back a newer copy of the log: what is missing here cannot be made up",
    });
  }
  requireRoots(signed, 0, EMPTY_ROOT);
  for await (const { growth } of walkEntries(entries, newest, stops)) {
    requireRoots(signed, growth.frontier.treeSize, growth.rootHash);
  }
}

/** Writes the tiles of the tree that are missing or damaged; returns how many. */
async function completeTiles({ entries, tiles }: LogPorts, treeSize: number): Promise<number> {
  let written = 0;
  for await (const { growth } of walkEntries(entries, treeSize, [])) {
    const full = growth.files.filter(({ tile }) => tile.width === FULL_TILE_WIDTH);
    const edge = growth.frontier.treeSize === treeSize ? edgeFiles(growth.frontier) : [];
    written += await writeMissing(tiles, [...full, ...edge]);
  }
  return written;
}

function requireRoots(signed: readonly VerifiedCheckpoint[], treeSize: number, root: Hash): void {
  for (const { treeSize: size, rootHash } of signed) {
    if (size !== treeSize || equalBytes(root, rootHash)) continue;
    throw new Failure(
      "log/forked",
      `the entries of size ${size} give root ${toHex(root)}, signed was ${toHex(rootHash)}`,
    );
  }
}

async function writeMissing(store: TileStore, files: readonly TileFile[]): Promise<number> {
  const missing: TileFile[] = [];
  for (const file of files) if (!(await isThere(store, file))) missing.push(file);
  if (missing.length > 0) await store.writeTiles(missing, true);
  return missing.length;
}

async function isThere(store: TileStore, { tile, bytes }: TileFile): Promise<boolean> {
  try {
    return equalBytes(await readTile(store, tile), bytes);
  } catch (error) {
    if (error instanceof Failure && error.code === "log/no-tile") return false;
    throw error;
  }
}

const open = (note: string, key: VerifierKey): SignedNote => ({ note, checkpoint: openCheckpoint(note, key) });
