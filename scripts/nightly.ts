/**
 * Everything that takes too long for each change, one after another: the machine is not shared, so that the benchmarks
 * mean something. Goes on after a failure, ends with a table, and with status 1 if anything failed.
 *
 *     npm run nightly [-- --only NAME]...
 */
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { parseArgs } from "node:util";

const ROOT = join(import.meta.dirname, "..");

interface Step {
  readonly name: string;
  readonly argv: readonly string[];
}

const STEPS: readonly Step[] = [
  { name: "bench", argv: ["scripts/bench/run.ts"] },
  { name: "fuzz", argv: ["scripts/fuzz.ts", "--executions", "100000"] },
  { name: "crash", argv: ["scripts/crash.ts", "--rounds", "300"] },
  { name: "mutants", argv: ["scripts/mutants.ts"] },
  { name: "interop", argv: ["scripts/interop/run.ts"] },
];

const { values } = parseArgs({
  options: { only: { type: "string", multiple: true, default: STEPS.map(({ name }) => name) } },
});
const unknown = values.only.find((name) => !STEPS.some((step) => step.name === name));
if (unknown !== undefined) {
  throw new RangeError(`${unknown} is not one of ${STEPS.map(({ name }) => name).join(", ")}`);
}

const results = STEPS.filter(({ name }) => values.only.includes(name)).map(({ name, argv }) => {
  process.stdout.write(`\n== ${name}: node ${argv.join(" ")}\n\n`);
  const start = performance.now();
  const { status, signal } = spawnSync(process.execPath, [...argv], { cwd: ROOT, stdio: "inherit" });
  return { name, ending: signal ?? String(status), minutes: (performance.now() - start) / 60_000, ok: status === 0 };
});

process.stdout.write("\n== nightly\n\n");
for (const { name, ending, minutes, ok } of results) {
  process.stdout.write(
    `${ok ? "ok  " : "FAIL"}  ${name.padEnd(8)}  ${minutes.toFixed(1).padStart(6)} min  exit ${ending}\n`,
  );
}
const failed = results.filter(({ ok }) => !ok).length;
process.stdout.write(`\nnightly: ${results.length - failed} passed, ${failed} failed\n`);
process.exitCode = failed === 0 ? 0 : 1;
