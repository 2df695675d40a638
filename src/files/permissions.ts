import { lstat, stat } from "node:fs/promises";

import { Failure } from "../failure.ts";

const GROUP_AND_OTHERS = 0o077;

/**
 * Whether anybody but its owner may read or write the file. False for pipes and terminals, which have no keeping.
 *
 * @throws files/missing, files/unreadable
 */
export async function isOpenToOthers(path: string): Promise<boolean> {
  const { mode, isFile } = await inspect(path);
  return isFile && hasAny(mode, GROUP_AND_OTHERS);
}

/**
 * Refuses to go on where a name is taken, before work is done that {@link createFile} would refuse to store.
 *
 * @throws files/exists, files/unreadable
 */
export async function requireAbsent(path: string): Promise<void> {
  try {
    await lstat(path);
  } catch (cause) {
    if (isAbsence(cause)) return;
    throw new Failure("files/unreadable", `${path} could not be looked up`, { cause });
  }
  throw new Failure("files/exists", `${path} exists already`, { hint: "name another file, or remove it first" });
}

async function inspect(path: string): Promise<{ mode: number; isFile: boolean }> {
  try {
    const found = await stat(path);
    return { mode: found.mode, isFile: found.isFile() };
  } catch (cause) {
    if (isAbsence(cause)) throw new Failure("files/missing", `${path} does not exist`, { cause });
    throw new Failure("files/unreadable", `${path} could not be looked up`, { cause });
  }
}

// oxlint-disable-next-line no-bitwise -- permissions are bits
const hasAny = (mode: number, bits: number): boolean => (mode & bits) !== 0;
const isAbsence = (cause: unknown): boolean => cause instanceof Error && "code" in cause && cause.code === "ENOENT";
