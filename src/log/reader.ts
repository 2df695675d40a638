import { type LogEntry } from "../bundle/log-entry.ts";
import { Failure } from "../failure.ts";
import { asHash, type Hash } from "../merkle/hash.ts";
import { type VerifierKey } from "../note/vkey.ts";
import { openCheckpoint, type VerifiedCheckpoint } from "../tlog/checkpoint.ts";
import { type LogPorts } from "./ports.ts";
import { proveEntry } from "./proof.ts";
import { proofTiles, TileCache } from "./tile-cache.ts";

/** Where a log stands. */
export interface LogStatus {
  readonly origin: string;
  /** The 32-byte log id. */
  readonly logId: Uint8Array;
  /** The published checkpoint, verified with the log's key. */
  readonly checkpoint: VerifiedCheckpoint;
  /** That checkpoint as it is published: a signed note. */
  readonly note: string;
  /** Entries stored and not published yet; they are when the log is next opened for appending. */
  readonly pending: number;
  /** The size that the lock says was signed last; null where no lock is held, and nothing can be appended. */
  readonly lockedSize: number | null;
}

/** A log that is only read: no seed is needed, and nothing is repaired. */
export class LogReader {
  readonly #ports: Omit<LogPorts, "mutex">;
  readonly #logId: Uint8Array;
  readonly #key: VerifierKey;

  constructor(
    ports: Omit<LogPorts, "mutex">,
    { logId, key }: { readonly logId: Uint8Array; readonly key: VerifierKey },
  ) {
    this.#ports = ports;
    this.#logId = logId;
    this.#key = key;
  }

  /** @throws log/missing where nothing is published, note/* and tlog/* where what is published is not this log's */
  async status(): Promise<LogStatus> {
    const { note, checkpoint } = await this.#published();
    const { treeSize } = await this.#ports.entries.readEdge();
    const held = await this.#ports.lock.readCheckpoint(this.#logId);
    return {
      origin: this.#key.name,
      logId: this.#logId,
      checkpoint,
      note,
      pending: treeSize - checkpoint.treeSize,
      lockedSize: held === null ? null : openCheckpoint(held, this.#key).treeSize,
    };
  }

  /**
   * A fresh proof for an entry, in the published checkpoint.
   *
   * @throws log/no-entry, log/unavailable, merkle/root-mismatch where store and tiles disagree
   */
  async prove(index: number): Promise<LogEntry> {
    const published = await this.#published();
    const { treeSize } = published.checkpoint;
    if (!Number.isSafeInteger(index) || index < 0 || index >= treeSize) throw noEntry(index, treeSize);
    const [entry] = await this.#ports.entries.readEntries(index, index + 1);
    if (entry === undefined) throw noEntry(index, treeSize);
    const cache = new TileCache(this.#ports.tiles, treeSize);
    await cache.load(proofTiles(index, treeSize));
    return proveEntry(entry, index, published, this.#logId, cache.nodes);
  }

  /**
   * Index of the entry with a leaf hash, or null where the log has none.
   *
   * @param hash  32 bytes, RFC 6962 §2.1
   */
  async findByLeaf(hash: Uint8Array): Promise<number | null> {
    const wanted: Hash = asHash(hash);
    const [index] = await this.#ports.entries.findLeaves([wanted]);
    return index ?? null;
  }

  async #published(): Promise<{ note: string; checkpoint: VerifiedCheckpoint }> {
    const note = await this.#ports.tiles.readCheckpoint();
    if (note === null) throw new Failure("log/missing", `no checkpoint of ${this.#key.name} is published`);
    return { note, checkpoint: openCheckpoint(note, this.#key) };
  }
}

const noEntry = (index: number, treeSize: number): Failure =>
  new Failure("log/no-entry", `there is no entry ${index} among the ${treeSize} published`);
