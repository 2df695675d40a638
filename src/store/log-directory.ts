import { existsSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";

import { equalBytes } from "../bytes/join.ts";
import { Failure } from "../failure.ts";
import { type LogPorts } from "../log/ports.ts";
import { formatVkey, noteKeyHash, parseVkey, type VerifierKey } from "../note/vkey.ts";
import { openDatabase, type Sqlite } from "./database.ts";
import { LOG_SCHEMA, SqliteEntryStore } from "./sqlite-entries.ts";
import { type Resources } from "./resources.ts";
import { SqliteCheckpointLock } from "./sqlite-lock.ts";
import { TileDirectory } from "./tile-directory.ts";

/**
 * A log's directory: `log.db` with the entries, `mutex.db` for one writer at a time, the encrypted `seed`, and what
 * may be served to the world as it is, laid out as tlog-tiles says: `checkpoint`, `tile/…` and the trust files.
 */
export const LOG_FILES = { database: "log.db", mutex: "mutex.db", seed: "seed" } as const;

/** Who a log is, as its directory says. */
export interface LogName {
  /** First line of its checkpoints, and name of its key. */
  readonly origin: string;
  /** The 32-byte log id. */
  readonly logId: Uint8Array;
  readonly key: VerifierKey;
}

/** Ports that reading takes. */
export type ReadPorts = Omit<LogPorts, "mutex">;

/**
 * Opens what is in a log's directory.
 *
 * @param resources  is given what has to be closed
 * @throws log/missing, log/malformed, log/unsupported-version, log/unavailable
 */
export function openLogDirectory(
  directory: string,
  lockPath: string,
  access: "read" | "write",
  resources: Resources,
): { readonly ports: ReadPorts; readonly name: LogName } {
  const path = join(directory, LOG_FILES.database);
  if (!existsSync(path)) throw new Failure("log/missing", `${directory} holds no log`);
  const database = openDatabase(path, { schema: LOG_SCHEMA, journal: "wal", access });
  resources.use({ [Symbol.dispose]: () => database.close() });
  const ports = {
    entries: new SqliteEntryStore(database),
    tiles: new TileDirectory(directory),
    lock: resources.use(new SqliteCheckpointLock(lockPath)),
  };
  return { ports, name: readName(database) };
}

/** Makes the database of a new log. */
export function createLogDatabase(directory: string, { key, logId }: LogName): void {
  const path = join(directory, LOG_FILES.database);
  const database = openDatabase(path, { schema: LOG_SCHEMA, journal: "wal", access: "create" });
  try {
    database.prepare("INSERT INTO log (id, vkey, log_id) VALUES (1, ?, ?)").run(formatVkey(key), logId);
  } finally {
    database.close();
  }
}

/** @throws log/exists unless the directory is empty or not there */
export async function requireEmpty(directory: string): Promise<void> {
  if (!existsSync(directory)) return;
  const found = await readdir(directory).catch((cause: unknown) => {
    throw new Failure("log/exists", `${directory} is there and no directory that can be read`, { cause });
  });
  if (found.length === 0) return;
  throw new Failure("log/exists", `${directory} is not empty`, { hint: "name a new directory" });
}

export function nameOf(key: VerifierKey): LogName {
  return { origin: key.name, key, logId: noteKeyHash(key.name, key.type, key.publicKey) };
}

function readName(database: Sqlite): LogName {
  const row = database.prepare<[], { vkey: string; log_id: Buffer }>("SELECT vkey, log_id FROM log").get();
  const name = row === undefined ? null : nameOf(parseVkey(row.vkey));
  if (row !== undefined && name !== null && equalBytes(name.logId, row.log_id)) return name;
  throw new Failure("log/malformed", `${database.name} does not say which log it is`);
}
