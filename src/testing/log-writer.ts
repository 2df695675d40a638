/**
 * A process that appends to a log, for tests that need real ones. Arguments: directory, lock file, this writer's name,
 * how many entries, how many at a time. Prints one line for each batch that was answered for: the indexes.
 */
import { writeSync } from "node:fs";

import { openEmbeddedLog } from "../store/embedded-log.ts";
import { TEST_SEED } from "./test-log.ts";
import { uncheckedSubmission } from "./submissions.ts";

const [directory = "", lockPath = "", name = "", count = "0", batch = "1"] = process.argv.slice(2);
const log = await openEmbeddedLog(directory, { seed: TEST_SEED, lockPath });
for (let at = 0; at < Number(count); at += Number(batch)) {
  const texts = Array.from({ length: Math.min(Number(batch), Number(count) - at) }, (_, n) => `${name} ${at + n}`);
  const answers = await log.append(texts.map(uncheckedSubmission));
  // One write, at once: what is printed is what was acknowledged, even if the process dies next.
  writeSync(1, `${answers.map(({ logIndex }, n) => `${texts[n]}=${logIndex}`).join(",")}\n`);
}
log[Symbol.dispose]();
