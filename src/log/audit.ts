import { parseEntryBody } from "../bundle/entry.ts";
import { toHex } from "../bytes/hex.ts";
import { concat, equalBytes } from "../bytes/join.ts";
import { Failure, type FailureCode } from "../failure.ts";
import { EMPTY_ROOT, type Hash } from "../merkle/hash.ts";
import { type VerifierKey } from "../note/vkey.ts";
import { openCheckpoint, type VerifiedCheckpoint } from "../tlog/checkpoint.ts";
import { formatTilePath, FULL_TILE_WIDTH } from "../tlog/tile.ts";
import { type StoredEntry } from "./entry-store.ts";
import { edgeFiles, EMPTY_FRONTIER, type Frontier } from "./growth.ts";
import { type LogPorts } from "./ports.ts";
import { checkEnvelope, keyOf } from "./submission.ts";
import { readTile } from "./tile-cache.ts";
import { type TileFile } from "./tile-store.ts";
import { walkEntries } from "./walk.ts";

/** Something wrong with a log. */
interface Problem {
  readonly code: FailureCode;
  readonly message: string;
}

/** What an audit found. The log is sound if there are no {@link problems}. */
export interface Audit {
  /** The published checkpoint, null where there is none that holds. */
  readonly checkpoint: VerifiedCheckpoint | null;
  /** Size that the lock holds, null where there is none that holds. */
  readonly lockedSize: number | null;
  /** Entries hashed. */
  readonly entries: number;
  /** Entries after the last signed checkpoint, never acknowledged. */
  readonly pending: number;
  /** Entries whose envelope was kept, and found to be theirs, signature included. */
  readonly disclosed: number;
  /** Tiles and bundles compared. */
  readonly tiles: number;
  /** The first {@link MAX_PROBLEMS}. */
  readonly problems: readonly Problem[];
}

/** After so many, more say nothing new. */
export const MAX_PROBLEMS = 100;

type Progress = (done: number, total: number) => void;

/**
 * Recomputes a log from its first entry to its checkpoint, and compares everything kept along the way: stored leaf
 * hashes, envelopes, every full tile, the partial ones of the edge, the published checkpoint, the lock. Memory stays
 * bounded by one bundle, whatever the log's size.
 *
 * Safe beside a writer: what is read first is what must be behind.
 *
 * @param key       the log's, from somebody who is trusted; not necessarily from the log
 * @throws log/unavailable, log/busy, log/malformed where it could not be looked at
 */
export async function auditLog(
  ports: Omit<LogPorts, "mutex">,
  { key, logId }: { readonly key: VerifierKey; readonly logId: Uint8Array },
  progress: Progress = () => {},
): Promise<Audit> {
  const auditor = new Auditor(ports, key);
  const published = await auditor.open("published", await ports.tiles.readCheckpoint(), "log/missing");
  const locked = await auditor.open("held by the lock", await ports.lock.readCheckpoint(logId), "log/no-lock");
  await auditor.walk(
    [published, locked].filter((each) => each !== null),
    progress,
  );
  return auditor.finish(published, locked);
}

class Auditor {
  readonly #ports: Omit<LogPorts, "mutex">;
  readonly #key: VerifierKey;
  readonly #problems: Problem[] = [];
  #frontier: Frontier = EMPTY_FRONTIER;
  #disclosed = 0;
  #tiles = 0;

  constructor(ports: Omit<LogPorts, "mutex">, key: VerifierKey) {
    this.#ports = ports;
    this.#key = key;
  }

  async open(where: string, note: string | null, absence: FailureCode): Promise<VerifiedCheckpoint | null> {
    if (note === null) {
      this.#note(absence, `no checkpoint is ${where}`);
      return null;
    }
    return this.#try(`the checkpoint ${where}`, () => openCheckpoint(note, this.#key));
  }

  async walk(signed: readonly VerifiedCheckpoint[], progress: Progress): Promise<void> {
    const edge = await this.#ports.entries.readEdge();
    const signedSize = Math.max(0, ...signed.map(({ treeSize }) => treeSize));
    if (edge.treeSize < signedSize) {
      this.#note("log/rolled-back", `${edge.treeSize} entries are stored, and ${signedSize} were signed`);
    }
    const stops = signed.map(({ treeSize }) => treeSize);
    this.#compareRoots(signed, 0, EMPTY_ROOT);
    const whole = await this.#try("the stored entries", async () => {
      for await (const { start, entries, growth } of walkEntries(this.#ports.entries, edge.treeSize, stops)) {
        this.#frontier = growth.frontier;
        const { treeSize } = growth.frontier;
        for (const [at, entry] of entries.entries()) await this.#checkDisclosure(start + at, entry);
        this.#compareRoots(signed, treeSize, growth.rootHash);
        const full = growth.files.filter(({ tile }) => tile.width === FULL_TILE_WIDTH);
        if (treeSize <= signedSize) await this.#compareTiles(full);
        if (stops.includes(treeSize)) await this.#compareTiles(edgeFiles(growth.frontier));
        progress(treeSize, edge.treeSize);
      }
      return true;
    });
    if (whole === null || equalBytes(concat(...edge.hashes), concat(...this.#frontier.hashes))) return;
    this.#note("log/inconsistent", "the edge stored with the entries is not that of their tree");
  }

  finish(published: VerifiedCheckpoint | null, locked: VerifiedCheckpoint | null): Audit {
    const lockedSize = locked?.treeSize ?? null;
    if (published !== null && locked !== null && published.treeSize > locked.treeSize) {
      this.#note("log/rolled-back", `size ${published.treeSize} is published, and the lock holds ${locked.treeSize}`);
    }
    const entries = this.#frontier.treeSize;
    return {
      checkpoint: published,
      lockedSize,
      entries,
      pending: Math.max(0, entries - Math.max(published?.treeSize ?? 0, lockedSize ?? 0)),
      disclosed: this.#disclosed,
      tiles: this.#tiles,
      problems: this.#problems,
    };
  }

  async #checkDisclosure(index: number, { body, envelope }: StoredEntry): Promise<void> {
    await this.#try(`entry ${index}`, () => {
      const entry = parseEntryBody(body);
      if (envelope === null) return;
      const { paeDigest } = checkEnvelope(entry, keyOf(entry), envelope.bytes);
      if (!equalBytes(paeDigest, envelope.paeDigest)) {
        throw new Failure("log/inconsistent", "its envelope is kept under another digest");
      }
      this.#disclosed += 1;
    });
  }

  #compareRoots(signed: readonly VerifiedCheckpoint[], treeSize: number, root: Hash): void {
    for (const checkpoint of signed) {
      if (checkpoint.treeSize !== treeSize || equalBytes(checkpoint.rootHash, root)) continue;
      this.#note(
        "log/forked",
        `the entries of size ${treeSize} give root ${toHex(root)}, signed was ${toHex(checkpoint.rootHash)}`,
      );
    }
  }

  async #compareTiles(files: readonly TileFile[]): Promise<void> {
    for (const { tile, bytes } of files) {
      this.#tiles += 1;
      const found = await this.#try(formatTilePath(tile), () => readTile(this.#ports.tiles, tile));
      if (found === null || equalBytes(found, bytes)) continue;
      this.#note("log/tile-conflict", `${formatTilePath(tile)} is not what the entries give`);
    }
  }

  /** What `look` finds; null, and a problem, where it finds a failure. Not being able to look is no finding. */
  async #try<Result>(what: string, look: () => Result | Promise<Result>): Promise<Result | null> {
    try {
      return await look();
    } catch (error) {
      if (!(error instanceof Failure) || error.kind === "unavailable") throw error;
      this.#note(error.code, `${what}: ${error.message}`);
      return null;
    }
  }

  #note(code: FailureCode, message: string): void {
    if (this.#problems.length < MAX_PROBLEMS) this.#problems.push({ code, message });
  }
}
