import { join } from "node:path";

import { Failure } from "../failure.ts";
import { createFile, syncDirectory } from "../files/write.ts";
import { signTree } from "../log/commit.ts";
import { type Log, openLog } from "../log/log.ts";
import { requireOrigin } from "../log/origin.ts";
import { LogReader } from "../log/reader.ts";
import { restoreLog, type Restoration } from "../log/restore.ts";
import { EMPTY_ROOT } from "../merkle/hash.ts";
import { type NoteSigner } from "../note/signer.ts";
import { formatVkey } from "../note/vkey.ts";
import { makeDirectory } from "./directory.ts";
import {
  createLogDatabase,
  LOG_FILES,
  type LogName,
  nameOf,
  openLogDirectory,
  type ReadPorts,
  requireEmpty,
} from "./log-directory.ts";
import { logSigner } from "./log-key.ts";
import { closing, opening, Resources } from "./resources.ts";
import { SqliteCheckpointLock } from "./sqlite-lock.ts";
import { SqliteMutex } from "./sqlite-mutex.ts";
import { TileDirectory } from "./tile-directory.ts";
import { trustFiles } from "./trust-files.ts";

/** What it takes to sign for a log. */
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

/** An open log in a directory; dispose of it to let go of its files. */
export interface EmbeddedLog extends Log, LogName, Disposable {}

/** A log in a directory, opened for reading. */
export interface EmbeddedLogReader extends Omit<Log, "append">, LogName, Disposable {
  readonly ports: ReadPorts;
}

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
  return closing(async (resources) => {
    const lock = resources.use(new SqliteCheckpointLock(lockPath));
    if ((await lock.readCheckpoint(name.logId)) !== null) {
      throw new Failure("log/lock-exists", `${lockPath} holds a checkpoint of this log already: it exists elsewhere`);
    }
    await makeDirectory(directory);
    createLogDatabase(directory, name);
    if (encryptedSeed !== null) await createFile(join(directory, LOG_FILES.seed), encryptedSeed, 0o600);
    for (const [file, contents] of trustFiles(signer.key, now)) await createFile(join(directory, file), contents);
    // SQLite syncs its database, and nobody the name of it.
    await syncDirectory(directory);
    const note = signTree(signer, 0, EMPTY_ROOT);
    await lock.createCheckpoint(name.logId, note);
    await new TileDirectory(directory).publishCheckpoint(note);
    return name;
  });
}

/**
 * Opens a log for appending, and repairs what a writer that died left behind.
 *
 * @throws log/missing, log/malformed, log/unsupported-version
 * @throws log/wrong-seed where the seed is not this log's
 * @throws log/no-lock, log/rolled-back, log/forked, log/inconsistent, log/busy, log/unavailable as `openLog` does
 */
export async function openEmbeddedLog(directory: string, options: EmbeddedLogOptions): Promise<EmbeddedLog> {
  return opening(async (resources) => {
    const { ports, name } = openLogDirectory(directory, options.lockPath, "write", resources);
    const signer = requireSigner(name, options.seed);
    const mutex = resources.use(new SqliteMutex(join(directory, LOG_FILES.mutex)));
    const log = await openLog({ ...ports, mutex }, { signer, logId: name.logId });
    return {
      ...name,
      ...reading(log),
      append: (batch) => log.append(batch),
      [Symbol.dispose]: () => resources[Symbol.dispose](),
    };
  });
}

/**
 * Opens a log for reading: no seed is needed, and nothing is repaired.
 *
 * @throws log/missing, log/malformed, log/unsupported-version, log/unavailable
 */
export function readEmbeddedLog(directory: string, lockPath: string): EmbeddedLogReader {
  const resources = new Resources();
  try {
    const { ports, name } = openLogDirectory(directory, lockPath, "read", resources);
    const close = (): void => resources[Symbol.dispose]();
    return { ...name, ...reading(new LogReader(ports, name)), ports, [Symbol.dispose]: close };
  } catch (error) {
    resources[Symbol.dispose]();
    throw error;
  }
}

/**
 * Lets a directory that was brought back from a copy be appended to again, see {@link restoreLog}.
 *
 * @param note  a signed checkpoint that a client or a witness holds
 */
export async function restoreEmbeddedLog(directory: string, lockPath: string, note: string): Promise<Restoration> {
  return closing(async (resources) => {
    const { ports, name } = openLogDirectory(directory, lockPath, "write", resources);
    const mutex = resources.use(new SqliteMutex(join(directory, LOG_FILES.mutex)));
    return restoreLog({ ...ports, mutex }, name, note);
  });
}

function requireSigner({ origin, key }: LogName, seed: Uint8Array): NoteSigner {
  const signer = logSigner(origin, seed);
  if (formatVkey(signer.key) === formatVkey(key)) return signer;
  throw new Failure("log/wrong-seed", `the seed is not that of ${origin}: it gives another key`);
}

/** The reading half of a log as plain functions, to be spread into a larger object. */
const reading = (log: Omit<Log, "append">): Omit<Log, "append"> => ({
  status: () => log.status(),
  prove: (index) => log.prove(index),
  findByLeaf: (hash) => log.findByLeaf(hash),
});
