import { existsSync } from "node:fs";
import { dirname } from "node:path";

import { Failure } from "../failure.ts";
import { type CheckpointLock } from "../log/checkpoint-lock.ts";
import { guard, openDatabase, type OpenOptions, type Schema, type Sqlite } from "./database.ts";
import { makeDirectory } from "./directory.ts";

/** `locks.db`: the last signed checkpoint of each log that this user or machine signs for. */
const LOCK_SCHEMA: Schema = {
  // "assl"
  applicationId: 0x6173736c,
  migrations: [
    `CREATE TABLE checkpoints (
       log_id BLOB PRIMARY KEY NOT NULL CHECK (length(log_id) = 32),
       checkpoint TEXT NOT NULL
     ) STRICT;`,
  ],
};

/** Statements, compiled once. */
const statementsOf = (database: Sqlite) => ({
  read: database.prepare<[Uint8Array], string>("SELECT checkpoint FROM checkpoints WHERE log_id = ?").pluck(),
  create: database.prepare<[Uint8Array, string]>(
    "INSERT INTO checkpoints (log_id, checkpoint) VALUES (?, ?) ON CONFLICT DO NOTHING",
  ),
  swap: database.prepare<[string, Uint8Array, string]>(
    "UPDATE checkpoints SET checkpoint = ? WHERE log_id = ? AND checkpoint = ?",
  ),
});

interface OpenLock {
  readonly database: Sqlite;
  readonly statements: ReturnType<typeof statementsOf>;
}

/**
 * The checkpoint lock of many logs, in one SQLite file.
 *
 * One UPDATE compares and swaps, so that the rule does not depend on who holds which transaction. The file is made with
 * the first log and never otherwise.
 *
 * It has a rollback journal, though a write-ahead log would take fewer syncs: it may be in a home directory that several
 * machines share, and a swap whose sync failed is rolled back by whoever comes next, not built upon.
 */
export class SqliteCheckpointLock implements CheckpointLock, Disposable {
  readonly #path: string;
  #open: OpenLock | null = null;

  constructor(path: string) {
    this.#path = path;
  }

  async readCheckpoint(logId: Uint8Array): Promise<string | null> {
    const lock = this.#existing();
    return lock === null ? null : guard(this.#path, () => lock.statements.read.get(logId) ?? null);
  }

  async createCheckpoint(logId: Uint8Array, note: string): Promise<void> {
    await makeDirectory(dirname(this.#path), 0o700);
    const { statements } = this.#existing() ?? this.#opened("create");
    const { changes } = guard(this.#path, () => statements.create.run(logId, note));
    if (changes !== 1) throw new Failure("log/lock-exists", `${this.#path} already holds a checkpoint of this log`);
  }

  async swapCheckpoint(logId: Uint8Array, held: string, note: string): Promise<void> {
    const lock = this.#existing();
    const changes = lock === null ? 0 : guard(this.#path, () => lock.statements.swap.run(note, logId, held).changes);
    if (changes !== 1) throw new Failure("log/lost-race", `${this.#path} holds another checkpoint than expected`);
  }

  [Symbol.dispose](): void {
    this.#open?.database.close();
    this.#open = null;
  }

  #existing(): OpenLock | null {
    return this.#open ?? (existsSync(this.#path) ? this.#opened("write") : null);
  }

  #opened(access: OpenOptions["access"]): OpenLock {
    const database = openDatabase(this.#path, { schema: LOCK_SCHEMA, journal: "truncate", access });
    this.#open = { database, statements: guard(this.#path, () => statementsOf(database)) };
    return this.#open;
  }
}
