import { concat, equalBytes } from "../bytes/join.ts";
import { toHex } from "../bytes/hex.ts";
import { Failure } from "../failure.ts";
import { CompactRange } from "../merkle/compact-range.ts";
import { leafHash } from "../merkle/hash.ts";
import { type VerifierKey } from "../note/vkey.ts";
import { openCheckpoint, type VerifiedCheckpoint } from "../tlog/checkpoint.ts";
import { decodeEntryBundle } from "../tlog/entry-bundle.ts";
import { decodeHashTile, FULL_TILE_WIDTH } from "../tlog/tile.ts";
import { type LogIdentity, type LogState, publish } from "./commit.ts";
import { type EntryStore, MAX_READ_ENTRIES, type TreeEdge } from "./entry-store.ts";
import { type Frontier, grow } from "./growth.ts";
import { type LogPorts } from "./ports.ts";
import { readChecked } from "./walk.ts";
import { edgeTiles, readTile, TileCache } from "./tile-cache.ts";
import { type TileStore } from "./tile-store.ts";

/**
 * Finds out where a log stands, and finishes what a writer that died left behind. Called with the mutex held.
 *
 * The lock says what was signed last. Everything else must be able to follow from there: tiles that give its root, an
 * equal or older checkpoint published, at least as many entries stored. Entries beyond it were never acknowledged;
 * they are integrated now, so that each keeps the index it was given. Whatever is *behind* the lock, or contradicts
 * it, was rolled back or forked, and nothing is signed.
 *
 * @throws log/no-lock      where no checkpoint is held for this log
 * @throws log/rolled-back  where entries, tiles or the lock are older than what has been signed
 * @throws log/forked       where there is another tree of the signed size
 */
export async function recover(ports: LogPorts, identity: LogIdentity): Promise<LogState> {
  const note = await ports.lock.readCheckpoint(identity.logId);
  if (note === null) throw noLock();
  const checkpoint = openCheckpoint(note, identity.signer.key);
  const edge = await ports.entries.readEdge();
  if (edge.treeSize < checkpoint.treeSize) {
    throw rolledBack(`${edge.treeSize} entries are stored, and ${checkpoint.treeSize} were signed`);
  }
  const published = await openPublished(ports.tiles, identity.signer.key);
  requireNotAhead(published, checkpoint);
  let state = { note, checkpoint, frontier: await readFrontier(ports.tiles, checkpoint) };
  if (published === null || published.treeSize < checkpoint.treeSize) {
    // Whoever swapped it in may have died before that was durable: hold it again, then publish it.
    await ports.lock.swapCheckpoint(identity.logId, note, note);
    await ports.tiles.publishCheckpoint(note);
  }
  // A tail may be what its writer failed to sync, while this one was open.
  if (edge.treeSize > checkpoint.treeSize) await ports.entries.settle();
  requireSameEdge(edge, await edgeOfTail(ports.entries, state.frontier, edge.treeSize));
  while (state.frontier.treeSize < edge.treeSize) state = await integrateStored(ports, identity, state, edge);
  return state;
}

/** The edge of the signed tree with all stored entries after it: known before any of them is signed. */
async function edgeOfTail(entries: EntryStore, from: TreeEdge, treeSize: number): Promise<TreeEdge> {
  const range = CompactRange.from(from.treeSize, from.hashes);
  for (let start = from.treeSize; start < treeSize; start = range.treeSize) {
    const end = Math.min(treeSize, start + MAX_READ_ENTRIES);
    for (const { leafHash } of await readChecked(entries, start, end)) range.append(leafHash);
  }
  return range;
}

/** The next stored entries of the tail, signed. One bundle at a time: a tail of any length fits in memory. */
async function integrateStored(
  ports: LogPorts,
  identity: LogIdentity,
  state: LogState,
  edge: TreeEdge,
): Promise<LogState> {
  const start = state.frontier.treeSize;
  const end = Math.min(edge.treeSize, start + MAX_READ_ENTRIES);
  const growth = grow(state.frontier, await readChecked(ports.entries, start, end));
  // Nothing signed holds these tiles: what the dead writer left of them is overwritten, and synced by us.
  return publish(ports, identity, state, growth, true);
}

/**
 * Reads the right edge of a signed tree back from its tiles.
 *
 * @throws log/rolled-back where a tile is missing, log/forked where the tiles give another root
 */
async function readFrontier(store: TileStore, { treeSize, rootHash }: VerifiedCheckpoint): Promise<Frontier> {
  const tiles = edgeTiles(treeSize);
  const cache = new TileCache(store, treeSize);
  const width = treeSize % FULL_TILE_WIDTH;
  const bundle = { level: "entries", index: Math.floor(treeSize / FULL_TILE_WIDTH), width } as const;
  const bytes = await existing(async () => {
    await cache.load(tiles);
    return width === 0 ? null : await readTile(store, bundle);
  });
  const range = CompactRange.read(treeSize, cache.nodes);
  if (!equalBytes(range.root(), rootHash)) {
    throw new Failure(
      "log/forked",
      `the tiles of size ${treeSize} give root ${toHex(range.root())}, signed was ${toHex(rootHash)}`,
    );
  }
  const partialTiles: (readonly ReturnType<typeof leafHash>[])[] = [];
  for (const tile of tiles) {
    if (tile.level === "entries") continue;
    while (partialTiles.length < tile.level) partialTiles.push([]);
    partialTiles.push(decodeHashTile(cache.tile(tile), tile.width));
  }
  const partialBundle = bytes === null ? [] : decodeEntryBundle(bytes, width);
  for (const [at, entry] of partialBundle.entries()) {
    if (!equalBytes(leafHash(entry), partialTiles[0]?.[at] ?? new Uint8Array())) {
      throw new Failure("log/forked", `entry ${bundle.index * FULL_TILE_WIDTH + at} is not the one that was signed`);
    }
  }
  return { treeSize, hashes: range.hashes, partialTiles, partialBundle };
}

/** The published checkpoint, verified; null where there is none. */
async function openPublished(store: TileStore, key: VerifierKey): Promise<VerifiedCheckpoint | null> {
  const note = await store.readCheckpoint();
  return note === null ? null : openCheckpoint(note, key);
}

function requireNotAhead(published: VerifiedCheckpoint | null, signed: VerifiedCheckpoint): void {
  if (published === null || published.treeSize < signed.treeSize) return;
  if (published.treeSize > signed.treeSize) {
    throw rolledBack(`size ${published.treeSize} is published, and the lock holds ${signed.treeSize}`);
  }
  if (!equalBytes(published.rootHash, signed.rootHash)) {
    throw new Failure("log/forked", `two checkpoints of size ${signed.treeSize} have different roots`);
  }
}

function requireSameEdge(stored: TreeEdge, computed: TreeEdge): void {
  if (equalBytes(concat(...stored.hashes), concat(...computed.hashes))) return;
  throw new Failure("log/forked", `the edge stored with ${stored.treeSize} entries is not that of the tiles`);
}

async function existing<Result>(read: () => Promise<Result>): Promise<Result> {
  try {
    return await read();
  } catch (cause) {
    if (!(cause instanceof Failure) || cause.code !== "log/no-tile") throw cause;
    throw rolledBack("a tile of the signed tree is missing", cause);
  }
}

const rolledBack = (message: string, cause?: unknown): Failure =>
  new Failure("log/rolled-back", message, {
    cause,
    hint: "signing now would show two histories; bring back the newest copy of the log, then run `assay log restore`",
  });

const noLock = (): Failure =>
  new Failure("log/no-lock", "no checkpoint is held for this log outside its directory", {
    hint: "name the lock file with --lock, or prove where the log stood with `assay log restore DIR --checkpoint FILE`",
  });
