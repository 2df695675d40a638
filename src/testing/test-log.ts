import { join } from "node:path";

import { createEmbeddedLog } from "../store/embedded-log.ts";
import { temporaryDirectory } from "./temporary.ts";

/** The seed of every log that tests make. */
export const TEST_SEED: Uint8Array = new Uint8Array(32).fill(1);

/** A log in a directory, and the lock beside it. */
export interface TestLog {
  readonly directory: string;
  readonly lockPath: string;
}

/** A new, empty log `log` and its lock `locks.db`, both in a directory of their own. */
export async function newTestLog(root: string = temporaryDirectory()): Promise<TestLog> {
  const made = { directory: join(root, "log"), lockPath: join(root, "state", "locks.db") };
  await createEmbeddedLog(made.directory, {
    origin: "log.example.com",
    seed: TEST_SEED,
    encryptedSeed: "SEED",
    now: new Date("2026-01-01T00:00:00Z"),
    lockPath: made.lockPath,
  });
  return made;
}
