import { createHash, randomBytes } from "node:crypto";
import { readFileSync, readlinkSync } from "node:fs";
import { open, readdir, rm } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";

import { toHex } from "../bytes/hex.ts";
import { Failure } from "../failure.ts";

/** How long a lock is waited for; whoever has it, has it for some milliseconds. */
const PATIENCE_MS = 30_000;
const PREFIX = ".assay-lock";

/**
 * Runs `action` while no other process does so in `directory`.
 *
 * Node has no lock that ends with its holder, so each contender puts up a file of its own and then looks around: it
 * holds the lock only if it sees no file of a live contender. Of two that come at once the later one sees the earlier, or
 * each sees the other and both step back for a moment. Nothing is ever taken from anybody, so a contender that sleeps
 * anywhere in between does no harm. A file whose process is dead is swept away.
 *
 * All that is known of a contender is in the file's name, which appears at once and whole. A process of another machine,
 * container or boot cannot be seen from here and counts as alive.
 *
 * @param patienceMs  how long the lock is waited for
 * @throws layout/conflict, files/unwritable
 */
export async function withLock<T>(
  directory: string,
  action: () => Promise<T>,
  patienceMs: number = PATIENCE_MS,
): Promise<T> {
  const own = await acquire(directory, patienceMs);
  try {
    return await action();
  } finally {
    await rm(join(directory, own), { force: true });
  }
}

async function acquire(directory: string, patienceMs: number): Promise<string> {
  const own = `${ownName()}.${toHex(new Uint8Array(randomBytes(8)))}`;
  const deadline = performance.now() + patienceMs;
  for (let round = 0; ; round += 1) {
    // Looking first keeps the waiting from stepping on each other's feet.
    let [other] = await othersAlive(directory, own);
    if (other === undefined) {
      await putUp(join(directory, own));
      [other] = await othersAlive(directory, own);
      if (other === undefined) return own;
      await rm(join(directory, own), { force: true });
    }
    if (performance.now() > deadline) {
      throw new Failure("layout/conflict", `another process writes to ${directory} and does not end`, {
        hint: `if nothing does, remove ${join(directory, other)}`,
      });
    }
    await pause(Math.random() * Math.min(5 * (round + 1), 50));
  }
}

async function putUp(path: string): Promise<void> {
  try {
    await (await open(path, "wx", 0o644)).close();
  } catch (cause) {
    throw new Failure("files/unwritable", `${path} could not be written`, { cause });
  }
}

/** Names of the other live contenders' files; those of the dead are removed. */
async function othersAlive(directory: string, own: string): Promise<string[]> {
  const alive: string[] = [];
  const names = await readdir(directory).catch((cause: unknown) => {
    throw new Failure("layout/unreadable", `${directory} could not be listed`, { cause });
  });
  for (const name of names) {
    if (!name.startsWith(`${PREFIX}.`) || name === own) continue;
    if (isDead(name)) await rm(join(directory, name), { force: true });
    else alive.push(name);
  }
  return alive;
}

/** `.assay-lock.SPACE.PID.START`: where process numbers mean the same, which process, and when it began. */
const nameOf = (pid: number): string => [PREFIX, SPACE, pid, startOf(pid)].join(".");
const ownName = (): string => nameOf(process.pid);

function isDead(name: string): boolean {
  const [, , space, pid] = name.split(".");
  if (space !== SPACE || pid === undefined || !/^[1-9][0-9]*$/.test(pid)) return false;
  try {
    process.kill(Number(pid), 0);
  } catch (error) {
    // EPERM is a live process of somebody else's.
    return error instanceof Error && "code" in error && error.code === "ESRCH";
  }
  // The number may belong to a younger process by now.
  return !name.startsWith(`${nameOf(Number(pid))}.`);
}

/** Stands for this machine, boot and process namespace. */
const SPACE = createHash("sha256")
  .update(
    JSON.stringify([
      hostname(),
      orEmpty(() => readFileSync("/proc/sys/kernel/random/boot_id", "utf8")),
      orEmpty(() => readlinkSync("/proc/self/ns/pid")),
    ]),
  )
  .digest("hex")
  .slice(0, 16);

/** When a process began, in clock ticks after boot (proc(5), /proc/pid/stat, field 22); 0 where nothing tells. */
function startOf(pid: number): string {
  const stat = orEmpty(() => readFileSync(`/proc/${pid}/stat`, "latin1"));
  // The second field is the program's name in brackets and may hold anything.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return fields[19] ?? "0";
}

/** Other systems than Linux have no /proc; there the process number alone has to do. */
function orEmpty(read: () => string): string {
  try {
    return read();
  } catch {
    return "";
  }
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
