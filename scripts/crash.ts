/** Kills a writer of an embedded log with SIGKILL, over and over, and audits what is left: `--rounds N`, 300 by default. */
import { parseArgs } from "node:util";

import { crashRounds } from "../src/testing/crash-rounds.ts";
import { newTestLog } from "../src/testing/test-log.ts";

const { values } = parseArgs({ options: { rounds: { type: "string", default: "300" } } });
const rounds = Number(values.rounds);
if (!Number.isSafeInteger(rounds) || rounds < 1) throw new Error("--rounds is a number, at least 1");

const { acknowledged, repaired, entries } = await crashRounds(await newTestLog(), rounds, (round) => {
  if (process.stderr.isTTY) process.stderr.write(`\r${round} of ${rounds}`);
});
process.stdout.write(
  `${rounds} rounds of kill -9: ${acknowledged} entries acknowledged, all found again at their index; ` +
    `${repaired} times a tail was repaired; ${entries} entries at the end; every audit sound\n`,
);
