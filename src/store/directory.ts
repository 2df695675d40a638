import { mkdir } from "node:fs/promises";
import { dirname, resolve } from "node:path";

import { Failure } from "../failure.ts";
import { syncDirectory } from "../files/write.ts";

/**
 * Makes a directory and those above it, and their names durable.
 *
 * @param from  names below this directory are synced even where they were there already: who made them may have died
 *              first. Without it, those that are made now.
 * @throws log/unavailable
 */
export async function makeDirectory(path: string, mode = 0o755, from?: string): Promise<void> {
  try {
    const first = await mkdir(path, { recursive: true, mode });
    const top = from ?? (first === undefined ? path : dirname(first));
    // Top down: a directory that is reached is one whose name is safe.
    for (const directory of between(top, path)) await syncDirectory(directory);
  } catch (cause) {
    throw new Failure("log/unavailable", `${path} could not be made`, { cause });
  }
}

/** `top` and the directories on the way to `path`, which is left out itself. */
function between(top: string, path: string): string[] {
  const found: string[] = [];
  for (let at = resolve(path); at !== resolve(top); at = dirname(at)) {
    if (at === dirname(at)) throw new RangeError(`${path} is not below ${top}`);
    found.unshift(dirname(at));
  }
  return found;
}
