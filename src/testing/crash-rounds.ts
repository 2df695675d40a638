import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import { auditLog } from "../log/audit.ts";
import { openEmbeddedLog, readEmbeddedLog } from "../store/embedded-log.ts";
import { closing } from "../store/resources.ts";
import { TEST_SEED, type TestLog } from "./test-log.ts";
import { uncheckedSubmission } from "./submissions.ts";

/** What rounds of `kill -9` came to. */
export interface CrashTable {
  readonly rounds: number;
  /** Entries that a writer was answered for before it died; each was found again, at its index. */
  readonly acknowledged: number;
  /** Rounds in which the writer died with entries stored and not yet signed: the next one signed them. */
  readonly repaired: number;
  /** Entries in the log at the end. */
  readonly entries: number;
}

const WRITER = join(import.meta.dirname, "log-writer.ts");
/** Longest wait before a kill that is not aimed at a batch: starting takes some 200 ms. */
const MAX_START_MS = 600;
/** A batch takes some milliseconds: the kill falls into any of its steps. */
const MAX_BATCH_MS = 25;

/**
 * Lets a process append until it is killed at some moment, opens the log again, and audits it; over and over, on one log.
 *
 * @throws Error where anything that was acknowledged is missing, or the audit has a problem
 */
export async function crashRounds(
  log: TestLog,
  rounds: number,
  report: (round: number) => void = () => {},
): Promise<CrashTable> {
  let acknowledged = 0;
  let repaired = 0;
  let entries = 0;
  for (let round = 0; round < rounds; round += 1) {
    const answers = await writeUntilKilled(log, `round ${round}`);
    acknowledged += answers.length;
    repaired += (await pendingIn(log)) > 0 ? 1 : 0;
    entries = await reopen(log, answers);
    report(round + 1);
  }
  return { rounds, acknowledged, repaired, entries };
}

/** What the writer was answered: text and index of each entry. */
async function writeUntilKilled({ directory, lockPath }: TestLog, name: string): Promise<[string, number][]> {
  const batch = 1 + Math.floor(Math.random() * 12);
  const args = [WRITER, directory, lockPath, name, "1000000", String(batch)];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
  const closed = once(child, "close");
  let output = "";
  let wanted = Math.floor(Math.random() * 4);
  const aimed = new Promise<void>((resolve) => {
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      output += text;
      wanted -= text.split("\n").length - 1;
      if (wanted <= 0) resolve();
    });
    child.once("close", () => resolve());
  });
  if (wanted === 0) await sleep(Math.random() * MAX_START_MS);
  else {
    await aimed;
    await sleep(Math.random() * MAX_BATCH_MS);
  }
  child.kill("SIGKILL");
  const [status, signal] = await closed;
  if (signal !== "SIGKILL") throw new Error(`the writer ended by itself, with status ${status}`);
  // A line that was cut was never read by anybody.
  const lines = output.split("\n").slice(0, -1);
  return lines
    .flatMap((line) => line.split(","))
    .map((answer) => {
      const [text = "", index] = answer.split("=");
      return [text, Number(index)];
    });
}

function pendingIn({ directory, lockPath }: TestLog): Promise<number> {
  return closing(async (resources) => {
    const reader = resources.use(readEmbeddedLog(directory, lockPath));
    return (await reader.status()).pending;
  });
}

function reopen({ directory, lockPath }: TestLog, answers: readonly [string, number][]): Promise<number> {
  return closing(async (resources) => {
    const log = resources.use(await openEmbeddedLog(directory, { seed: TEST_SEED, lockPath }));
    // A literal duplicate is answered with the index it has.
    const found = await log.append(answers.map(([text]) => uncheckedSubmission(text)));
    for (const [at, [text, index]] of answers.entries()) {
      const now = found[at]?.logIndex;
      if (now !== index) throw new Error(`${text} was acknowledged at ${index} and is at ${now}`);
    }
    const reader = resources.use(readEmbeddedLog(directory, lockPath));
    const { problems, pending, entries } = await auditLog(reader.ports, log);
    if (problems.length === 0 && pending === 0) return entries;
    throw new Error(`the audit found ${JSON.stringify(problems)}, ${pending} pending`);
  });
}
