import { randomBytes } from "node:crypto";
import { link, open, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";

import { toHex } from "../bytes/hex.ts";
import { Failure } from "../failure.ts";

/** Permission bits of a new file: for everybody to read, or for its owner alone. */
export type FileMode = 0o644 | 0o600;

/**
 * Writes a file whole or not at all: a temporary file beside it, synced, then renamed over `path`, then the directory
 * synced.
 *
 * @throws files/unwritable
 */
export async function replaceFile(path: string, contents: Uint8Array | string, mode: FileMode = 0o644): Promise<void> {
  await viaTemporary(path, contents, mode, (temporary) => rename(temporary, path));
}

/**
 * Like {@link replaceFile}, but never over an existing file.
 *
 * @throws files/exists, files/unwritable
 */
export async function createFile(path: string, contents: Uint8Array | string, mode: FileMode = 0o644): Promise<void> {
  await viaTemporary(path, contents, mode, async (temporary) => {
    await link(temporary, path);
    await rm(temporary);
  });
}

async function viaTemporary(
  path: string,
  contents: Uint8Array | string,
  mode: FileMode,
  place: (temporary: string) => Promise<void>,
): Promise<void> {
  const temporary = join(dirname(path), `.${toHex(new Uint8Array(randomBytes(8)))}.tmp`);
  try {
    const file = await open(temporary, "wx", mode);
    try {
      await file.writeFile(contents);
      await file.sync();
    } finally {
      await file.close();
    }
    await place(temporary);
    await syncDirectory(dirname(path));
  } catch (cause) {
    await rm(temporary, { force: true });
    if (cause instanceof Error && "code" in cause && cause.code === "EEXIST") {
      throw new Failure("files/exists", `${path} exists already`, {
        cause,
        hint: "name another file, or remove it first",
      });
    }
    throw new Failure("files/unwritable", `${path} could not be written`, { cause });
  }
}

/** Makes the names in `directory` durable, as `fsync(2)` of the file alone does not. */
export async function syncDirectory(directory: string): Promise<void> {
  const handle = await open(directory, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
