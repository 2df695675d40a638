import { existsSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";

import { equalBytes } from "../bytes/join.ts";
import { Failure } from "../failure.ts";
import { createFile, syncDirectory } from "../files/write.ts";
import { signTree } from "../log/commit.ts";
import { type Log, openLog } from "../log/log.ts";
import { requireOrigin } from "../log/origin.ts";
import { type LogPorts } from "../log/ports.ts";
import { LogReader } from "../log/reader.ts";
import { EMPTY_ROOT } from "../merkle/hash.ts";
import { type NoteSigner } from "../note/signer.ts";
import { formatVkey, noteKeyHash, parseVkey, type VerifierKey } from "../note/vkey.ts";
import { openDatabase, type Sqlite } from "./database.ts";
import { makeDirectory } from "./directory.ts";
import { logSigner } from "./log-key.ts";
import { LOG_SCHEMA, SqliteEntryStore } from "./sqlite-entries.ts";
import { SqliteCheckpointLock } from "./sqlite-lock.ts";
import { SqliteMutex } from "./sqlite-mutex.ts";
import { TileDirectory } from "./tile-directory.ts";
import { trustFiles } from "./trust-files.ts";

/** What a log's directory is called by, and what it takes to sign for it. */
export interface EmbeddedLogOptions {
  /** The log's one secret, 32 bytes. */
  readonly seed: Uint8Array;
  /** File that holds the last signed checkpoint; outside the directory, or it would be restored along with it. */
  readonly lockPath: string;
}

export interface NewLogOptions extends EmbeddedLogOptions {
  /** Host name under which clients will look for the log, see `requireOrigin`. */
  readonly origin: string;
  /** The seed as it is kept in the directory, mode 0600; null where it is kept elsewhere. */
  readonly encryptedSeed: string | null;
  /** From when on the log's key is trusted. */
  readonly now: Date;
}

/** Who a log is, as its directory says. */
export interface LogName {
  readonly origin: string;
  /** The 32-byte log id. */
  readonly logId: Uint8Array;
  readonly key: VerifierKey;
}

/** An open log in a directory; dispose of it to let go of its files. */
export interface EmbeddedLog extends Log, LogName, Disposable {}

/** A log in a directory, opened for reading. */
export interface EmbeddedLogReader extends Pick<LogReader, "status" | "prove" | "findByLeaf">, LogName, Disposable {
  readonly ports: Omit<LogPorts, "mutex">;
}

const DATABASE = "log.db";
const MUTEX = "mutex.db";
/** Name of the encrypted seed in a log's directory. */
export const SEED_FILE = "seed";

/**
 * Makes a log: database, trust files, the checkpoint of the empty tree in the lock, and that checkpoint published.
 *
 * @throws log/malformed-origin, log/malformed-seed
 * @throws log/exists unless the directory is empty or not there
 * @throws log/lock-exists where the seed's log exists already, perhaps in another directory
 * @throws log/unavailable, files/unwritable
 */
export async function createEmbeddedLog(directory: string, options: NewLogOptions): Promise<LogName> {
  const { origin, seed, encryptedSeed, now, lockPath } = options;
  requireOrigin(origin);
  const signer = logSigner(origin, seed);
  const name = nameOf(signer.key);
  await requireEmpty(directory);
  await makeDirectory(directory);
  using lock = new SqliteCheckpointLock(lockPath);
  if ((await lock.readCheckpoint(name.logId)) !== null) {
    throw new Failure("log/lock-exists", `${lockPath} holds a checkpoint of this log already: it exists elsewhere`);
  }
  createDatabase(join(directory, DATABASE), name);
  if (encryptedSeed !== null) await createFile(join(directory, SEED_FILE), encryptedSeed, 0o600);
  for (const [file, contents] of trustFiles(signer.key, now)) await createFile(join(directory, file), contents);
  // SQLite syncs its database, and nobody the name of it.
  await syncDirectory(directory);
  const note = signTree(signer, 0, EMPTY_ROOT);
  await lock.createCheckpoint(name.logId, note);
  await new TileDirectory(directory).publishCheckpoint(note);
  return name;
}

/**
 * Opens a log for appending, and repairs what a writer that died left behind.
 *
 * @throws log/missing, log/malformed, log/unsupported-version
 * @throws log/wrong-seed where the seed is not this log's
 * @throws what `openLog` throws
 */
export async function openEmbeddedLog(directory: string, options: EmbeddedLogOptions): Promise<EmbeddedLog> {
  const resources = new DisposableStack();
  try {
    const { ports, name } = openPorts(directory, options.lockPath, "write", resources);
    const mutex = resources.use(new SqliteMutex(join(directory, MUTEX)));
    const signer = requireSigner(name, options.seed);
    const log = await openLog({ ...ports, mutex }, { signer, logId: name.logId });
    return {
      ...name,
      ...methodsOf(log),
      append: (batch) => log.append(batch),
      [Symbol.dispose]: () => resources.dispose(),
    };
  } catch (error) {
    resources.dispose();
    throw error;
  }
}

/**
 * Opens a log for reading; nothing is repaired, and no seed is needed.
 *
 * @throws log/missing, log/malformed, log/unsupported-version, log/unavailable
 */
export function readEmbeddedLog(directory: string, lockPath: string): EmbeddedLogReader {
  const resources = new DisposableStack();
  try {
    const { ports, name } = openPorts(directory, lockPath, "read", resources);
    const reader = new LogReader(ports, name);
    return { ...name, ...methodsOf(reader), ports, [Symbol.dispose]: () => resources.dispose() };
  } catch (error) {
    resources.dispose();
    throw error;
  }
}

function openPorts(
  directory: string,
  lockPath: string,
  access: "read" | "write",
  resources: DisposableStack,
): { ports: Omit<LogPorts, "mutex">; name: LogName } {
  const path = join(directory, DATABASE);
  if (!existsSync(path)) throw new Failure("log/missing", `${directory} holds no log`);
  const database = openDatabase(path, { schema: LOG_SCHEMA, journal: "wal", access });
  resources.defer(() => database.close());
  const ports = {
    entries: new SqliteEntryStore(database),
    tiles: new TileDirectory(directory),
    lock: resources.use(new SqliteCheckpointLock(lockPath)),
  };
  return { ports, name: readName(database) };
}

function createDatabase(path: string, { key, logId }: LogName): void {
  const database = openDatabase(path, { schema: LOG_SCHEMA, journal: "wal", access: "create" });
  try {
    database.prepare("INSERT INTO log (id, vkey, log_id) VALUES (1, ?, ?)").run(formatVkey(key), logId);
  } finally {
    database.close();
  }
}

function readName(database: Sqlite): LogName {
  const row = database.prepare<[], { vkey: string; log_id: Buffer }>("SELECT vkey, log_id FROM log").get();
  const name = row === undefined ? null : nameOf(parseVkey(row.vkey));
  if (row !== undefined && name !== null && equalBytes(name.logId, row.log_id)) return name;
  throw new Failure("log/malformed", `${database.name} does not say which log it is`);
}

function requireSigner({ origin, key }: LogName, seed: Uint8Array): NoteSigner {
  const signer = logSigner(origin, seed);
  if (formatVkey(signer.key) === formatVkey(key)) return signer;
  throw new Failure("log/wrong-seed", `the seed is not that of ${origin}: it gives another key`);
}

function nameOf(key: VerifierKey): LogName {
  return { origin: key.name, key, logId: noteKeyHash(key.name, key.type, key.publicKey) };
}

async function requireEmpty(directory: string): Promise<void> {
  if (!existsSync(directory)) return;
  const found = await readdir(directory).catch((cause: unknown) => {
    throw new Failure("log/exists", `${directory} is there and no directory that can be read`, { cause });
  });
  if (found.length === 0) return;
  throw new Failure("log/exists", `${directory} is not empty`, { hint: "name a new directory" });
}

const methodsOf = (
  log: Pick<LogReader, "status" | "prove" | "findByLeaf">,
): Pick<LogReader, "status" | "prove" | "findByLeaf"> => ({
  status: () => log.status(),
  prove: (index) => log.prove(index),
  findByLeaf: (hash) => log.findByLeaf(hash),
});
