/**
 * Measures what users wait for, each against something that everybody has, in the same minutes on the same machine: the
 * ratio is the result, the times are not. Medians of at least five interleaved runs after one to warm up. Asserts
 * nothing.
 *
 *     npm run bench [-- --json] [--only startup|blob|append] [--no-build]
 */
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { parseArgs } from "node:util";

import { measureAppend } from "./append.ts";
import { measureBlob } from "./blob.ts";
import { formatEnvironment, readEnvironment } from "./environment.ts";
import { type Row } from "./measurement.ts";
import { measureStartup } from "./startup.ts";
import { makeWorkplace, signImage, type Workplace } from "./workplace.ts";

const ROOT = join(import.meta.dirname, "../..");
const MEASURES = new Map<string, (workplace: Workplace) => Promise<readonly Row[]>>([
  ["startup", measureStartup],
  ["blob", measureBlob],
  ["append", measureAppend],
]);

const { values } = parseArgs({
  options: {
    json: { type: "boolean", default: false },
    only: { type: "string", multiple: true, default: [...MEASURES.keys()] },
    build: { type: "boolean", default: true },
  },
  allowNegative: true,
});
const measures = values.only.map((name) => {
  const measure = MEASURES.get(name);
  if (measure === undefined) throw new RangeError(`${name} is not one of ${[...MEASURES.keys()].join(", ")}`);
  return measure;
});

// The numbers are of this commit, not of whatever was built last.
if (values.build) execFileSync(process.execPath, [join(ROOT, "scripts/build.ts")], { stdio: ["ignore", 2, 2] });
const workplace = makeWorkplace(ROOT);
signImage(ROOT, workplace);

const environment = readEnvironment(ROOT, workplace.directory);
const options = process.argv.slice(2);
const commandLine = ["npm run bench", ...(options.length === 0 ? [] : ["--", ...options])].join(" ");
if (!values.json) process.stdout.write(`${formatEnvironment(environment)}command:     ${commandLine}\n\n`);

const rows: Row[] = [];
for (const measure of measures) rows.push(...(await measure(workplace)));

if (values.json) {
  process.stdout.write(
    `${JSON.stringify({ environment, command: commandLine, rows: rows.map((row) => Object.assign({ ratio: ratioOf(row) }, row)) }, null, 2)}\n`,
  );
} else {
  process.stdout.write(
    table([
      ["what", "time", "against", "time", "ratio", "runs", "note"],
      ...rows.map((row) => [
        row.what,
        duration(row.seconds),
        row.against,
        duration(row.peerSeconds),
        ratioOf(row).toFixed(2),
        `${row.runs}`,
        row.note,
      ]),
    ]),
  );
}

function ratioOf({ seconds, peerSeconds }: Row): number {
  return seconds / peerSeconds;
}

function duration(seconds: number): string {
  if (seconds >= 1) return `${seconds.toFixed(2)} s`;
  return seconds >= 1e-3 ? `${(seconds * 1e3).toFixed(1)} ms` : `${(seconds * 1e6).toFixed(0)} µs`;
}

function table(lines: readonly (readonly string[])[]): string {
  const widths = lines[0]?.map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0))) ?? [];
  const padded = lines.map((line) => line.map((cell, column) => cell.padEnd(widths[column] ?? 0)));
  return padded.map((cells) => `${cells.join("  ").trimEnd()}\n`).join("");
}
