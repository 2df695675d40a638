import Database from "better-sqlite3";

import { Failure } from "../failure.ts";

/** An open SQLite database of ours. */
export type Sqlite = Database.Database;

/** How a kind of database is told apart and brought up to date. */
export interface Schema {
  /** `PRAGMA application_id`: four letters that say which kind of file this is. */
  readonly applicationId: number;
  /**
   * Statements that take version n to n + 1, in order; the number applied is `PRAGMA user_version`. A step that has
   * been released is never edited.
   */
  readonly migrations: readonly string[];
}

export interface OpenOptions {
  readonly schema: Schema;
  /** "wal" for many readers beside one writer; "truncate" where the file must work on any volume. */
  readonly journal: "wal" | "truncate";
  readonly access: "create" | "write" | "read";
}

/** How long a statement waits for another process's; transactions here take milliseconds. */
const BUSY_TIMEOUT_MS = 10_000;

/**
 * Opens a database in which a transaction that has returned has reached the disk.
 *
 * @throws log/missing             unless it exists, or `access` is "create"
 * @throws log/malformed           for a file that is no SQLite database, or one of another kind
 * @throws log/unsupported-version for one that a newer release has written
 * @throws log/unavailable, log/busy
 */
export function openDatabase(path: string, { schema, journal, access }: OpenOptions): Sqlite {
  return guard(path, () => {
    const options = { readonly: access === "read", fileMustExist: access !== "create", timeout: BUSY_TIMEOUT_MS };
    const database = new Database(path, options);
    try {
      // better-sqlite3 lowers WAL databases to NORMAL, which may lose the last transactions with the power.
      database.pragma("synchronous = FULL");
      // On macOS, fsync alone leaves data in the drive's cache.
      database.pragma("fullfsync = ON");
      database.pragma("checkpoint_fullfsync = ON");
      database.pragma("trusted_schema = OFF");
      if (access === "read") requireCurrent(path, database, schema);
      else {
        database.pragma(`journal_mode = ${journal}`);
        migrate(path, database, schema);
      }
      return database;
    } catch (error) {
      database.close();
      throw error;
    }
  });
}

function migrate(path: string, database: Sqlite, schema: Schema): void {
  if (versionOf(path, database, schema) === schema.migrations.length) return;
  database
    .transaction(() => {
      // Read again: another process may have been faster.
      for (const step of schema.migrations.slice(versionOf(path, database, schema))) database.exec(step);
      database.pragma(`application_id = ${schema.applicationId}`);
      database.pragma(`user_version = ${schema.migrations.length}`);
    })
    .immediate();
}

function requireCurrent(path: string, database: Sqlite, schema: Schema): void {
  const version = versionOf(path, database, schema);
  if (version === schema.migrations.length) return;
  throw new Failure(
    "log/unsupported-version",
    `${path} has schema version ${version}, want ${schema.migrations.length}`,
    {
      hint: "open it once for writing with this release, which brings it up to date",
    },
  );
}

/** Version of a database of this kind; 0 for an empty file. */
function versionOf(path: string, database: Sqlite, { applicationId, migrations }: Schema): number {
  const version = numberOf(database.pragma("user_version", { simple: true }));
  const id = numberOf(database.pragma("application_id", { simple: true }));
  const tables = numberOf(database.prepare("SELECT count(*) FROM sqlite_schema").pluck().get());
  if (id !== applicationId && (id !== 0 || tables !== 0)) {
    throw new Failure("log/malformed", `${path} is a database of another kind`);
  }
  if (version > migrations.length) {
    throw new Failure(
      "log/unsupported-version",
      `${path} has schema version ${version}, at most ${migrations.length} is read`,
      {
        hint: "a newer release has written it; use that one",
      },
    );
  }
  return version;
}

/** Runs `work`, naming what SQLite throws. */
export function guard<Result>(path: string, work: () => Result): Result {
  try {
    return work();
  } catch (cause) {
    if (!(cause instanceof Database.SqliteError)) throw cause;
    throw named(path, cause);
  }
}

function named(path: string, cause: InstanceType<typeof Database.SqliteError>): Failure {
  if (cause.code.startsWith("SQLITE_BUSY")) {
    return new Failure("log/busy", `${path} was in use for too long`, { cause });
  }
  if (cause.code === "SQLITE_NOTADB" || cause.code.startsWith("SQLITE_CORRUPT")) {
    return new Failure("log/malformed", `${path} is damaged or no SQLite database`, { cause });
  }
  if (cause.code === "SQLITE_FULL") {
    return new Failure("log/unavailable", `${path} could not grow`, { cause, hint: "make room on the disk" });
  }
  return new Failure("log/unavailable", `${path} could not be used`, { cause });
}

const numberOf = (value: unknown): number => {
  if (typeof value !== "number") throw new TypeError("SQLite gave no number");
  return value;
};
