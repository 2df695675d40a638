import { mkdirSync, openSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";

import { type Parser } from "./parser.ts";
import { Random } from "./random.ts";

/** One parser and how long to try it. */
export interface Task {
  readonly parser: string;
  readonly seed: number;
  /** Ends when either is used up. */
  readonly executions: number;
  readonly seconds: number;
  /** File that the number of the execution under way is kept in: whoever waits can tell which one never ended. */
  readonly progress: string;
  /** Directory for inputs that break the contract. */
  readonly findings: string;
}

/** What came of it. */
export interface Outcome {
  readonly parser: string;
  readonly executions: number;
  readonly accepted: number;
  /** Seconds of all executions, and milliseconds of the slowest. */
  readonly seconds: number;
  readonly slowestMs: number;
  /** Largest resident set of the process, Node itself included. */
  readonly peakBytes: number;
  readonly violation: Violation | null;
}

export interface Violation {
  readonly execution: number;
  readonly input: string;
  readonly message: string;
}

/** No input is as much as a megabyte: what takes longer than this, or more than that, grows with something else. */
const MAX_MS = 5000;
const MAX_BYTES = 1024 * 2 ** 20;
/** Executions between two looks at the memory. */
const MEMORY_EVERY = 256;

/** Input number `execution`: it depends on its number and the seed alone. */
export function inputOf(parser: Parser, seed: number, execution: number): Uint8Array {
  const random = new Random(`${seed} ${parser.name} ${execution}`);
  if (random.oneIn(50)) return random.bytes(random.below(300));
  return parser.mutate(random, random.pick(parser.seeds));
}

/** Runs a parser on one mutated input after another, until the first that breaks the contract. */
export async function runCampaign(parser: Parser, task: Task): Promise<Outcome> {
  for (const seed of parser.seeds) {
    if (!(await parser.accepts(seed))) throw new Error(`a seed of ${parser.name} is refused`);
  }
  const progress = new Progress(task.progress);
  const start = performance.now();
  const end = start + task.seconds * 1000;
  let [execution, accepted, slowestMs] = [0, 0, 0];
  let violation: Violation | null = null;
  for (; violation === null && execution < task.executions && performance.now() < end; execution++) {
    progress.begin(execution);
    const input = inputOf(parser, task.seed, execution);
    const run = await runOne(parser, input);
    if (run.accepted) accepted++;
    slowestMs = Math.max(slowestMs, run.ms);
    const broken = run.broken ?? excess(run.ms, execution);
    if (broken !== null) violation = keep(task, execution, input, broken);
  }
  const peakBytes = process.resourceUsage().maxRSS * 1024;
  const seconds = (performance.now() - start) / 1000;
  return { parser: parser.name, executions: execution, accepted, seconds, slowestMs, peakBytes, violation };
}

interface Run {
  readonly accepted: boolean;
  readonly ms: number;
  /** How the contract was broken; null where it was kept. */
  readonly broken: string | null;
}

async function runOne(parser: Parser, input: Uint8Array): Promise<Run> {
  const start = performance.now();
  try {
    const accepted = await parser.accepts(input);
    return { accepted, ms: performance.now() - start, broken: null };
  } catch (error) {
    const broken = error instanceof Error ? (error.stack ?? error.message) : String(error);
    return { accepted: false, ms: performance.now() - start, broken };
  }
}

/** What an execution used that no input of its size should. */
function excess(ms: number, execution: number): string | null {
  if (ms > MAX_MS) return `took ${Math.round(ms)} ms`;
  const bytes = execution % MEMORY_EVERY === 0 ? process.memoryUsage.rss() : 0;
  return bytes > MAX_BYTES ? `the process has grown to ${bytes} bytes` : null;
}

/** Writes an input to a file named after what it broke. */
export function keep(
  { findings, parser, seed }: Pick<Task, "findings" | "parser" | "seed">,
  execution: number,
  input: Uint8Array,
  message: string,
): Violation {
  mkdirSync(findings, { recursive: true });
  const path = join(findings, `${parser.replaceAll(" ", "-")}-${seed}-${execution}.bin`);
  writeFileSync(path, input);
  return { execution, input: path, message };
}

class Progress {
  readonly #file: number;
  readonly #bytes = Buffer.alloc(8);

  constructor(path: string) {
    this.#file = openSync(path, "w");
  }

  begin(execution: number): void {
    this.#bytes.writeDoubleLE(execution);
    writeSync(this.#file, this.#bytes, 0, 8, 0);
  }
}
