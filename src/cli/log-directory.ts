/** Logs in directories, as commands name them: which lock file, and whose seed. */
import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";

import { string } from "@oclif/core/flags";

import { fromUtf8 } from "../bytes/utf8.ts";
import { Failure } from "../failure.ts";
import { readFileBounded } from "../files/read.ts";
import { decryptSecret, encryptSecret, MAX_KEY_FILE_BYTES } from "../keys/encrypted-secret.ts";
import { requireOrigin } from "../log/origin.ts";
import { type PasswordSource } from "../keys/password-source.ts";
import { createEmbeddedLog, type EmbeddedLog, openEmbeddedLog } from "../store/embedded-log.ts";
import { LOG_FILES, type LogName, requireEmpty } from "../store/log-directory.ts";
import { SEED_BYTES } from "../store/log-key.ts";
import { readSeedFile } from "../store/seed-file.ts";
import { passwordFlags } from "./flags.ts";

/** PEM label of a log's seed: never taken for a key, nor a key for it. */
const SEED_LABEL = "ENCRYPTED ASSAY LOG SEED";

/** For every command that looks at a log's lock. */
export const lockFlags = {
  lock: string({
    helpValue: "FILE",
    description: "where the last signed checkpoint is held; by default locks.db in the user's state folder",
  }),
};

/** For every command that appends to a log in a directory. */
export const logFlags = {
  ...lockFlags,
  ...passwordFlags,
  "seed-file": string({
    helpValue: "FILE",
    description: "the log's seed in hex or base64, mode 0600, instead of the encrypted one in its directory",
  }),
};

export interface LogFlags {
  readonly lock?: string | undefined;
  readonly "seed-file"?: string | undefined;
}

/** The lock file: as told, or `assay/locks.db` in the state folder (XDG base directory specification). */
export function lockPath({ lock }: Pick<LogFlags, "lock">): string {
  const state = process.env["XDG_STATE_HOME"] ?? "";
  return lock ?? join(state === "" ? join(homedir(), ".local", "state") : state, "assay", "locks.db");
}

/**
 * Opens the log in `directory` for appending.
 *
 * @param password  of the seed, asked only where it is the encrypted one; see `logPassword`
 * @throws log/missing, files/missing, keys/wrong-password, log/malformed-seed, log/seed-too-open and what
 *         `openEmbeddedLog` throws
 */
export async function openLogForAppending(
  directory: string,
  flags: LogFlags,
  password: PasswordSource,
): Promise<EmbeddedLog> {
  if (!existsSync(join(directory, LOG_FILES.database))) {
    throw new Failure("log/missing", `${directory} holds no log`, { hint: "make one with `assay log create`" });
  }
  const seed = await readSeed(directory, flags, password);
  try {
    return await openEmbeddedLog(directory, { seed, lockPath: lockPath(flags) });
  } finally {
    seed.fill(0);
  }
}

/** A log that was made, and where its secrets are. */
export interface NewLog extends LogName {
  readonly lockFile: string;
  readonly seedFile: string;
}

/**
 * Makes a log in `directory`. Its seed is drawn and kept there encrypted, or is the operator's own.
 *
 * @param password  of the new seed, asked when everything that needs none has been checked; see `newLogPassword`
 * @throws what `createEmbeddedLog` throws, log/malformed-seed, log/seed-too-open, files/missing
 */
export async function createLog(
  directory: string,
  origin: string,
  flags: LogFlags,
  password: PasswordSource,
): Promise<NewLog> {
  requireOrigin(origin);
  await requireEmpty(directory);
  const ownSeed = flags["seed-file"];
  const seedFile = ownSeed ?? join(directory, LOG_FILES.seed);
  const lockFile = lockPath(flags);
  const seed = ownSeed === undefined ? new Uint8Array(randomBytes(SEED_BYTES)) : await readSeedFile(ownSeed);
  try {
    const encryptedSeed =
      ownSeed === undefined ? await encryptSecret(seed, await password(seedFile), SEED_LABEL) : null;
    const options = { origin, seed, encryptedSeed, now: new Date(), lockPath: lockFile };
    return { ...(await createEmbeddedLog(directory, options)), lockFile, seedFile };
  } finally {
    seed.fill(0);
  }
}

async function readSeed(directory: string, flags: LogFlags, password: PasswordSource): Promise<Uint8Array> {
  const file = flags["seed-file"];
  if (file !== undefined) return readSeedFile(file);
  const path = join(directory, LOG_FILES.seed);
  const text = fromUtf8(await readFileBounded(path, MAX_KEY_FILE_BYTES));
  return decryptSecret(text, password, [SEED_LABEL], path);
}
