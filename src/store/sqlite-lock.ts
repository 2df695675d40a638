import { existsSync } from "node:fs";
import { dirname } from "node:path";

import { Failure } from "../failure.ts";
import { type CheckpointLock } from "../log/checkpoint-lock.ts";
import { guard, openDatabase, type Schema, type Sqlite } from "./database.ts";
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

/**
 * The checkpoint lock of many logs, in one SQLite file.
 *
 * One UPDATE compares and swaps, so that the rule does not depend on who holds which transaction. The file is made
 * with the first log and never otherwise. It has a rollback journal, not a write-ahead log: it may be on another
 * volume than the logs, a shared one included.
 */
export class SqliteCheckpointLock implements CheckpointLock, Disposable {
  readonly #path: string;
  #database: Sqlite | null = null;

  constructor(path: string) {
    this.#path = path;
  }

  async readCheckpoint(logId: Uint8Array): Promise<string | null> {
    const database = this.#existing();
    if (database === null) return null;
    return guard(this.#path, () => {
      const select = database.prepare<[Uint8Array], string>("SELECT checkpoint FROM checkpoints WHERE log_id = ?");
      return select.pluck().get(logId) ?? null;
    });
  }

  async createCheckpoint(logId: Uint8Array, note: string): Promise<void> {
    await makeDirectory(dirname(this.#path), 0o700);
    const database = (this.#database ??= openDatabase(this.#path, { ...OPTIONS, access: "create" }));
    const insert = "INSERT INTO checkpoints (log_id, checkpoint) VALUES (?, ?) ON CONFLICT DO NOTHING";
    const { changes } = guard(this.#path, () => database.prepare(insert).run(logId, note));
    if (changes !== 1) throw new Failure("log/lock-exists", `${this.#path} already holds a checkpoint of this log`);
  }

  async swapCheckpoint(logId: Uint8Array, held: string, note: string): Promise<void> {
    const update = "UPDATE checkpoints SET checkpoint = ? WHERE log_id = ? AND checkpoint = ?";
    const database = this.#existing();
    const changes =
      database === null ? 0 : guard(this.#path, () => database.prepare(update).run(note, logId, held).changes);
    if (changes !== 1) throw new Failure("log/lost-race", `${this.#path} holds another checkpoint than expected`);
  }

  [Symbol.dispose](): void {
    this.#database?.close();
    this.#database = null;
  }

  #existing(): Sqlite | null {
    if (this.#database === null && existsSync(this.#path)) {
      this.#database = openDatabase(this.#path, { ...OPTIONS, access: "write" });
    }
    return this.#database;
  }
}

const OPTIONS = { schema: LOCK_SCHEMA, journal: "truncate" } as const;
