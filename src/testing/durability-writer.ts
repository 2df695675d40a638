/**
 * A process that makes a log, unless there is one, and appends to it, saying what was acknowledged, for tests that trace it. Arguments: the
 * directory to work in, then the sizes of batches. Entry n is always `entry n`.
 *
 * Prints `created`, then for each batch `acknowledged <entries> <root>` or `failed <code>`; what failed is tried again.
 */
import { existsSync, writeSync } from "node:fs";
import { join } from "node:path";

import { toHex } from "../bytes/hex.ts";
import { Failure } from "../failure.ts";
import { openEmbeddedLog } from "../store/embedded-log.ts";
import { newTestLog, TEST_SEED } from "./test-log.ts";
import { uncheckedSubmission } from "./submissions.ts";

const ATTEMPTS = 4;
const [root = "", ...sizes] = process.argv.slice(2);
const lockPath = join(root, "state", "locks.db");

if (!existsSync(join(root, "log"))) {
  await newTestLog(root);
  writeSync(1, "created\n");
}
const log = await attempt(() => openEmbeddedLog(join(root, "log"), { seed: TEST_SEED, lockPath }), ATTEMPTS);
let from = (await log.status()).checkpoint.treeSize;
for (const size of sizes.map(Number)) {
  const batch = Array.from({ length: size }, (_, at) => uncheckedSubmission(`entry ${from + at}`));
  const answers = await attempt(() => log.append(batch), ATTEMPTS);
  from += size;
  const proof = answers.at(-1)?.proof;
  // One system call, after the answer: the trace shows what came before it.
  writeSync(1, `acknowledged ${from} ${toHex(proof?.rootHash ?? new Uint8Array())}\n`);
}
log[Symbol.dispose]();

async function attempt<Result>(work: () => Promise<Result>, attempts: number): Promise<Result> {
  for (let left = attempts; ; left -= 1) {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      writeSync(1, `failed ${error.code}\n`);
      if (left === 1) process.exit(3);
    }
  }
}
