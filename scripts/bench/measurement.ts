import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";

/** Fewest runs that a median is made of. */
export const MIN_RUNS = 5;

/** Something that is timed: a command, or work in this process. */
export interface Subject {
  readonly name: string;
  /** Does it once; seconds it took. */
  run(): Promise<number> | number;
}

/** What became of one subject. */
export interface Median {
  readonly name: string;
  /** Median of {@link runs} runs. */
  readonly seconds: number;
  readonly runs: number;
}

/** One line of the table: what was measured against what, in the same minutes. */
export interface Row {
  readonly what: string;
  /** Of one unit of work. */
  readonly seconds: number;
  readonly against: string;
  readonly peerSeconds: number;
  readonly runs: number;
  readonly note: string;
}

/**
 * Runs every subject once to warm up, then all of them in turn, `runs` times: what slows the machine down for a while
 * slows down all of them.
 */
export async function interleave(runs: number, subjects: readonly Subject[]): Promise<readonly Median[]> {
  if (runs < MIN_RUNS) throw new RangeError(`a median of fewer than ${MIN_RUNS} runs`);
  const times = subjects.map((): number[] => []);
  for (let round = -1; round < runs; round++) {
    for (const [at, subject] of subjects.entries()) {
      const seconds = await subject.run();
      if (round >= 0) times[at]?.push(seconds);
    }
  }
  return subjects.map(({ name }, at) => ({ name, seconds: medianOf(times[at] ?? []), runs }));
}

export function medianOf(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const [low, high] = [sorted[Math.ceil(sorted.length / 2) - 1], sorted[Math.floor(sorted.length / 2)]];
  if (low === undefined || high === undefined) throw new RangeError("there is no median of nothing");
  return (low + high) / 2;
}

/** Seconds that `work` took. */
export async function timed(work: () => unknown): Promise<number> {
  const start = performance.now();
  await work();
  return (performance.now() - start) / 1000;
}

interface Surroundings {
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
}

/** A command as a {@link Subject}; one that fails ends the benchmark. */
export const command = (name: string, argv: readonly [string, ...string[]], surroundings: Surroundings): Subject => ({
  name,
  run: () => timed(() => runCommand(argv, surroundings)),
});

/** Runs a command to its end, which has to be a good one. */
export function runCommand([program, ...args]: readonly [string, ...string[]], { cwd, env }: Surroundings): void {
  const { status, error, stderr } = spawnSync(program, args, { cwd, env, stdio: ["ignore", "ignore", "pipe"] });
  if (error !== undefined) throw error;
  if (status !== 0) throw new Error(`${program} ${args.join(" ")} ended with ${String(status)}: ${String(stderr)}`);
}

/** Writes the largest resident set of the process, in KiB, where it is told to. */
const REPORT_PEAK = `
  import { writeFileSync } from "node:fs";
  process.once("exit", () => writeFileSync(process.env.ASSAY_BENCH_PEAK, String(process.resourceUsage().maxRSS)));`;

/** Peak memory, in bytes, of a script that Node runs to a good end. */
export function peakMemory(script: readonly string[], { cwd, env }: Surroundings, scratch: string): number {
  const report = `--import=data:text/javascript,${encodeURIComponent(REPORT_PEAK)}`;
  runCommand([process.execPath, report, ...script], { cwd, env: { ...env, ASSAY_BENCH_PEAK: scratch } });
  return Number(readFileSync(scratch, "utf8")) * 1024;
}
