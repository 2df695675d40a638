import {
  type EntryStore,
  MAX_READ_ENTRIES,
  type StoredEntry,
  type StoredEnvelope,
  type TreeEdge,
} from "../log/entry-store.ts";
import { concat } from "../bytes/join.ts";
import { Failure } from "../failure.ts";
import { asHash, HASH_BYTES, type Hash } from "../merkle/hash.ts";
import { guard, type Schema, type Sqlite } from "./database.ts";

/** `log.db`: sequence, duplicates, envelopes and the edge of one log. */
export const LOG_SCHEMA: Schema = {
  // "assy"
  applicationId: 0x61737379,
  migrations: [
    `CREATE TABLE log (
       id INTEGER PRIMARY KEY CHECK (id = 1),
       vkey TEXT NOT NULL,
       log_id BLOB NOT NULL CHECK (length(log_id) = 32)
     ) STRICT;
     CREATE TABLE tree (
       id INTEGER PRIMARY KEY CHECK (id = 1),
       size INTEGER NOT NULL CHECK (size >= 0),
       hashes BLOB NOT NULL
     ) STRICT;
     CREATE TABLE envelopes (
       id INTEGER PRIMARY KEY,
       pae_digest BLOB NOT NULL UNIQUE CHECK (length(pae_digest) = 32),
       envelope BLOB NOT NULL
     ) STRICT;
     CREATE TABLE entries (
       idx INTEGER PRIMARY KEY,
       leaf_hash BLOB NOT NULL UNIQUE CHECK (length(leaf_hash) = 32),
       pae_digest BLOB REFERENCES envelopes (pae_digest),
       body BLOB NOT NULL
     ) STRICT;
     INSERT INTO tree (id, size, hashes) VALUES (1, 0, x'');`,
  ],
};

interface EntryRow {
  readonly leaf_hash: Buffer;
  readonly body: Buffer;
  readonly pae_digest: Buffer | null;
  readonly envelope: Buffer | null;
}

/** Statements, compiled once. */
const statementsOf = (database: Sqlite) => ({
  edge: database.prepare<[], { size: number; hashes: Buffer }>("SELECT size, hashes FROM tree"),
  setEdge: database.prepare<[number, Uint8Array]>("UPDATE tree SET size = ?, hashes = ?"),
  find: database.prepare<[Uint8Array], number>("SELECT idx FROM entries WHERE leaf_hash = ?").pluck(),
  addEnvelope: database.prepare<[Uint8Array, Uint8Array]>(
    "INSERT INTO envelopes (pae_digest, envelope) VALUES (?, ?) ON CONFLICT (pae_digest) DO NOTHING",
  ),
  addEntry: database.prepare<[number, Uint8Array, Uint8Array | null, Uint8Array]>(
    "INSERT INTO entries (idx, leaf_hash, pae_digest, body) VALUES (?, ?, ?, ?)",
  ),
  disclose: database.prepare<[Uint8Array, number]>(
    "UPDATE entries SET pae_digest = ? WHERE idx = ? AND pae_digest IS NULL",
  ),
  settle: database.prepare<[], number>("PRAGMA wal_checkpoint(RESTART)").pluck(),
  read: database.prepare<[number, number], EntryRow>(
    `SELECT leaf_hash, body, entries.pae_digest, envelope
     FROM entries LEFT JOIN envelopes ON envelopes.pae_digest = entries.pae_digest
     WHERE idx >= ? AND idx < ? ORDER BY idx`,
  ),
});

/** The entries of a log in an SQLite database of {@link LOG_SCHEMA}. */
export class SqliteEntryStore implements EntryStore {
  readonly #database: Sqlite;
  readonly #statements: ReturnType<typeof statementsOf>;

  constructor(database: Sqlite) {
    this.#database = database;
    this.#statements = guard(database.name, () => statementsOf(database));
  }

  async readEdge(): Promise<TreeEdge> {
    return this.#guarded(() => this.#edge());
  }

  async findLeaves(leafHashes: readonly Hash[]): Promise<readonly (number | null)[]> {
    return this.#guarded(() => leafHashes.map((hash) => this.#statements.find.get(hash) ?? null));
  }

  async append(
    entries: readonly StoredEntry[],
    edge: TreeEdge,
    disclosures: ReadonlyMap<number, StoredEnvelope>,
  ): Promise<void> {
    const store = this.#database.transaction(() => {
      const { treeSize } = this.#edge();
      const start = edge.treeSize - entries.length;
      if (treeSize !== start) {
        throw new Failure("log/lost-race", `${treeSize} entries are stored, where ${start} were expected`);
      }
      for (const [at, entry] of entries.entries()) this.#add(start + at, entry);
      for (const [index, envelope] of disclosures) {
        this.#statements.addEnvelope.run(envelope.paeDigest, envelope.bytes);
        this.#statements.disclose.run(envelope.paeDigest, index);
      }
      this.#statements.setEdge.run(edge.treeSize, concat(...edge.hashes));
    });
    this.#guarded(() => store.immediate());
  }

  async readEntries(start: number, end: number): Promise<readonly StoredEntry[]> {
    if (end - start > MAX_READ_ENTRIES) throw new RangeError(`at most ${MAX_READ_ENTRIES} entries are read at a time`);
    return this.#guarded(() => this.#statements.read.all(start, end).map(entryOf));
  }

  async settle(): Promise<void> {
    // Copies every page of the write-ahead log into the database and syncs that: pages written anew, whatever an
    // earlier fsync of the write-ahead log came to. And has the next transaction begin the write-ahead log again:
    // after frames that never reached the disk, it would be lost along with them.
    const busy = this.#guarded(() => this.#statements.settle.get());
    if (busy !== 0) throw new Failure("log/busy", `${this.#database.name} is being read`);
  }

  #add(index: number, { body, leafHash, envelope }: StoredEntry): void {
    if (envelope !== null) this.#statements.addEnvelope.run(envelope.paeDigest, envelope.bytes);
    this.#statements.addEntry.run(index, leafHash, envelope?.paeDigest ?? null, body);
  }

  #edge(): TreeEdge {
    const row = this.#statements.edge.get();
    if (row === undefined || row.hashes.length % HASH_BYTES !== 0) {
      throw new Failure("log/malformed", `${this.#database.name} has lost its tree`);
    }
    const hashes = Array.from({ length: row.hashes.length / HASH_BYTES }, (_, at) =>
      asHash(plain(row.hashes).subarray(at * HASH_BYTES, (at + 1) * HASH_BYTES)),
    );
    return { treeSize: row.size, hashes };
  }

  #guarded<Result>(work: () => Result): Result {
    return guard(this.#database.name, work);
  }
}

const entryOf = ({ leaf_hash, body, pae_digest, envelope }: EntryRow): StoredEntry => ({
  leafHash: asHash(plain(leaf_hash)),
  body: plain(body),
  envelope: pae_digest === null || envelope === null ? null : { paeDigest: plain(pae_digest), bytes: plain(envelope) },
});

/** The same bytes without Buffer's own methods, which differ from those of the class above it. */
const plain = (buffer: Buffer): Uint8Array => new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.length);
