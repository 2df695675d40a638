/**
 * Feeds every parser valid documents with something wrong: values and bytes changed, dropped, doubled, moved, cut off,
 * lengths and numbers at the edges of their types. Whatever bytes it gets, a parser gives a value or a Failure, soon and
 * in bounded memory; a value it gives is one that keeps the parser's promise about being written back.
 *
 * Each parser has a process of its own. An input that breaks the contract is kept in tmp/fuzz, and the exit status is 1.
 *
 *     npm run fuzz -- [--seconds N | --executions N] [--parser NAME]... [--seed N]
 *     npm run fuzz -- --parser NAME --input FILE
 */
import { fork } from "node:child_process";
import { randomInt } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { join, relative } from "node:path";
import { parseArgs } from "node:util";

import { inputOf, keep, type Outcome, runCampaign, type Task, type Violation } from "./fuzz/campaign.ts";
import { parserNamed, PARSERS } from "./fuzz/parsers.ts";

const ROOT = join(import.meta.dirname, "..");
const FINDINGS = join(ROOT, "tmp/fuzz");
const DEFAULT_SECONDS = 120;
/** A process that says nothing for so long after its time has an input that does not end. */
const GRACE_MS = 60_000;
/** Far above what any input here needs; one that needs more ends its process. */
const HEAP_MEGABYTES = 512;

const { values } = parseArgs({
  options: {
    seconds: { type: "string" },
    executions: { type: "string" },
    parser: { type: "string", multiple: true, default: PARSERS.map(({ name }) => name) },
    seed: { type: "string", default: String(randomInt(2 ** 31)) },
    input: { type: "string" },
    // How a process of one parser is told its task.
    task: { type: "string" },
  },
});

async function fuzzAll(): Promise<number> {
  const unbounded = Number.MAX_SAFE_INTEGER;
  const executions = values.executions === undefined ? unbounded : wholeNumber(values.executions);
  const budget = values.seconds ?? (executions === unbounded ? String(DEFAULT_SECONDS) : undefined);
  const seconds = budget === undefined ? unbounded : wholeNumber(budget) / values.parser.length;
  const seed = wholeNumber(values.seed);
  mkdirSync(FINDINGS, { recursive: true });
  process.stdout.write(`seed ${seed}, ${values.parser.length} parsers\n\n${HEADER}`);
  const violations: Outcome[] = [];
  for (const parser of values.parser) {
    const progress = join(FINDINGS, `${parserNamed(parser).name.replaceAll(" ", "-")}.progress`);
    const outcome = await runTask({ parser, seed, executions, seconds, progress, findings: FINDINGS });
    process.stdout.write(rowOf(outcome));
    if (outcome.violation !== null) violations.push(outcome);
  }
  for (const { parser, violation } of violations) process.stdout.write(`\n${parser}: ${explain(violation)}\n`);
  process.stdout.write(`\nfuzz: ${values.parser.length - violations.length} passed, ${violations.length} failed\n`);
  return violations.length === 0 ? 0 : 1;
}

/** Runs one parser in a process of its own; one that dies or hangs has broken the contract. */
function runTask(task: Task): Promise<Outcome> {
  rmSync(task.progress, { force: true });
  const child = fork(import.meta.filename, ["--task", JSON.stringify(task)], {
    execArgv: [`--max-old-space-size=${HEAP_MEGABYTES}`],
  });
  return new Promise((resolve) => {
    let outcome: Outcome | null = null;
    let last: number | null = -1;
    const watch = setInterval(() => {
      const now = executionOf(task);
      if (now === last) child.kill("SIGKILL");
      last = now;
    }, GRACE_MS);
    child.once("message", (message) => {
      if (typeof message === "string") outcome = JSON.parse(message);
    });
    child.once("exit", (code, signal) => {
      clearInterval(watch);
      resolve(outcome ?? died(task, `its process ended with ${signal ?? String(code)}`));
    });
  });
}

function died(task: Task, message: string): Outcome {
  const execution = executionOf(task);
  if (execution === null) throw new Error(`${task.parser} could not be begun: ${message}`);
  const input = inputOf(parserNamed(task.parser), task.seed, execution);
  const violation = keep(task, execution, input, message);
  return { parser: task.parser, executions: execution, accepted: 0, seconds: 0, slowestMs: 0, peakBytes: 0, violation };
}

/** The execution that is under way; null before the first. */
function executionOf({ progress }: Task): number | null {
  const bytes = existsSync(progress) ? readFileSync(progress) : Buffer.alloc(0);
  return bytes.length === 8 ? bytes.readDoubleLE() : null;
}

const WIDTHS = [24, 11, 10, 10, 9, 13, 9];
const HEADER = lineOf(["parser", "executions", "accepted", "refused", "per s", "slowest, ms", "peak, MiB"]);

function rowOf({ parser, executions, accepted, seconds, slowestMs, peakBytes }: Outcome): string {
  const rate = seconds === 0 ? 0 : Math.round(executions / seconds);
  const peak = Math.round(peakBytes / 2 ** 20);
  return lineOf([parser, executions, accepted, executions - accepted, rate, slowestMs.toFixed(1), peak]);
}

function lineOf(cells: readonly (string | number)[]): string {
  const padded = cells.map((cell, at) => {
    const width = WIDTHS[at] ?? 0;
    return at === 0 ? String(cell).padEnd(width) : String(cell).padStart(width);
  });
  return `${padded.join("  ")}\n`;
}

const explain = (violation: Violation | null): string =>
  `execution ${violation?.execution}, kept as ${relative(ROOT, violation?.input ?? "")}\n${violation?.message}`;

function wholeNumber(text: string): number {
  if (!/^[0-9]{1,15}$/.test(text)) throw new RangeError(`${text} is not a whole number`);
  return Number(text);
}

if (values.task !== undefined) {
  const task: Task = JSON.parse(values.task);
  process.send?.(JSON.stringify(await runCampaign(parserNamed(task.parser), task)));
  process.disconnect();
} else if (values.input !== undefined) {
  const accepted = await parserNamed(values.parser[0] ?? "").accepts(new Uint8Array(readFileSync(values.input)));
  process.stdout.write(accepted ? "accepted\n" : "refused\n");
} else {
  process.exitCode = await fuzzAll();
}
