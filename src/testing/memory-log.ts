import { createPrivateKey } from "node:crypto";

import { fromHex, toHex } from "../bytes/hex.ts";
import { concat, equalBytes } from "../bytes/join.ts";
import { Failure } from "../failure.ts";
import { type CheckpointLock } from "../log/checkpoint-lock.ts";
import { type LogIdentity, signTree } from "../log/commit.ts";
import { type EntryStore, MAX_READ_ENTRIES, type StoredEntry, type TreeEdge } from "../log/entry-store.ts";
import { type Mutex } from "../log/mutex.ts";
import { type LogPorts } from "../log/ports.ts";
import { type TileStore } from "../log/tile-store.ts";
import { EMPTY_ROOT } from "../merkle/hash.ts";
import { ed25519NoteSigner } from "../note/signer.ts";
import { noteKeyHash } from "../note/vkey.ts";
import { formatTilePath } from "../tlog/tile.ts";

/** What a log's ports keep, in memory: as durable as the object. */
export class MemoryLog implements LogPorts {
  readonly stored: StoredEntry[] = [];
  readonly tileBytes = new Map<string, Uint8Array>();
  readonly held = new Map<string, string>();
  edge: TreeEdge = { treeSize: 0, hashes: [] };
  checkpoint: string | null = null;

  readonly entries: EntryStore = {
    readEdge: async () => this.edge,
    findLeaves: async (hashes) => hashes.map((hash) => this.#find(hash)),
    append: async (entries, edge, disclosures) => {
      const start = edge.treeSize - entries.length;
      if (this.edge.treeSize !== start)
        throw new Failure("log/lost-race", `${this.edge.treeSize} stored, not ${start}`);
      const leaves = new Set([...this.stored, ...entries].map(({ leafHash }) => toHex(leafHash)));
      if (leaves.size !== edge.treeSize) throw new Error("a leaf hash is not unique");
      this.stored.push(...entries);
      for (const [index, envelope] of disclosures) {
        const entry = this.stored[index];
        if (entry !== undefined) this.stored[index] = { ...entry, envelope: entry.envelope ?? envelope };
      }
      this.edge = edge;
    },
    readEntries: async (start, end) => {
      if (end - start > MAX_READ_ENTRIES) throw new RangeError("too many entries at a time");
      return this.stored.slice(start, end);
    },
    settle: async () => {},
  };

  readonly tiles: TileStore = {
    writeTiles: async (files, replace) => {
      for (const { tile, bytes } of files) {
        const present = this.tileBytes.get(formatTilePath(tile));
        if (!replace && present !== undefined && !equalBytes(present, bytes)) {
          throw new Failure("log/tile-conflict", `${formatTilePath(tile)} is there with other contents`);
        }
        this.tileBytes.set(formatTilePath(tile), bytes);
      }
    },
    readTile: async (tile) => {
      const bytes = this.tileBytes.get(formatTilePath(tile));
      if (bytes === undefined) throw new Failure("log/no-tile", `${formatTilePath(tile)} is not there`);
      return bytes;
    },
    removePartials: async (fullTiles) => {
      const places = fullTiles.map((tile) => `${formatTilePath(tile)}.p/`);
      for (const path of this.tileBytes.keys()) {
        if (places.some((place) => path.startsWith(place))) this.tileBytes.delete(path);
      }
    },
    readCheckpoint: async () => this.checkpoint,
    publishCheckpoint: async (note) => {
      this.checkpoint = note;
    },
  };

  readonly lock: CheckpointLock = {
    readCheckpoint: async (logId) => this.held.get(toHex(logId)) ?? null,
    createCheckpoint: async (logId, note) => {
      if (this.held.has(toHex(logId))) throw new Failure("log/lock-exists", "a checkpoint is held already");
      this.held.set(toHex(logId), note);
    },
    swapCheckpoint: async (logId, held, note) => {
      if (this.held.get(toHex(logId)) !== held) throw new Failure("log/lost-race", "another checkpoint is held");
      this.held.set(toHex(logId), note);
    },
  };

  /** Another log with the same contents. */
  clone(): MemoryLog {
    const copy = new MemoryLog();
    copy.stored.push(...this.stored);
    for (const [path, bytes] of this.tileBytes) copy.tileBytes.set(path, bytes);
    for (const [logId, note] of this.held) copy.held.set(logId, note);
    [copy.edge, copy.checkpoint] = [this.edge, this.checkpoint];
    return copy;
  }

  #last: Promise<unknown> = Promise.resolve();
  readonly mutex: Mutex = {
    hold: (work) => {
      const turn = this.#last.then(work);
      this.#last = turn.catch(() => {});
      return turn;
    },
  };

  #find(hash: Uint8Array): number | null {
    const index = this.stored.findIndex(({ leafHash }) => equalBytes(leafHash, hash));
    return index === -1 ? null : index;
  }
}

/** An empty log in memory, made as `createEmbeddedLog` makes one in a directory. */
export async function newMemoryLog(): Promise<MemoryLog> {
  const { signer, logId } = testIdentity();
  const log = new MemoryLog();
  const note = signTree(signer, 0, EMPTY_ROOT);
  await log.lock.createCheckpoint(logId, note);
  await log.tiles.publishCheckpoint(note);
  return log;
}

/** A log's signer, its key always the same. */
export function testIdentity(origin = "log.example.com"): LogIdentity {
  const pkcs8 = concat(fromHex("302e020100300506032b657004220420"), new Uint8Array(32).fill(1));
  const signer = ed25519NoteSigner(origin, createPrivateKey({ key: Buffer.from(pkcs8), format: "der", type: "pkcs8" }));
  return { signer, logId: noteKeyHash(origin, "ed25519", signer.key.publicKey) };
}
