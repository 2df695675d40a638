/**
 * Transcripts: `testdata/cli/*.txt`, which read like a manual and are run as tests.
 *
 * Prose, then `$ ` and a command, then what it prints, up to the next blank line:
 *
 *     The second key of that name is refused.
 *
 *     $ assay key create --out release
 *     exit 6: files/exists
 *
 * - The output is standard output, then standard error; its blank lines are left out. `…` stands for any text in a
 *   line, and alone on a line for any lines.
 * - A command that fails closes with `exit STATUS: CODES`: the code of its error, or those of the failed checks of its
 *   verdicts. Without other lines its output is not compared.
 * - `assay` runs in this process, with quotes, `$NAME`, `NAME=value` before it and `< FILE`; all else runs in `sh`. A
 *   line that ends in `\` goes on in the next one.
 */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";

import { assay, type Outcome } from "./assay.ts";

/** A command of a transcript and what is expected of it. */
export interface Step {
  /** Of the line with the `$`, from 1. */
  readonly line: number;
  readonly command: string;
  readonly expected: readonly string[];
}

/** What came of a step that ran the program. */
export interface Run {
  readonly argv: readonly string[];
  readonly outcome: Outcome;
  /** The lines to compare with those expected. */
  readonly printed: readonly string[];
}

/** The steps of a transcript, in order. */
export function parseTranscript(text: string): readonly Step[] {
  const lines = text.split("\n");
  const steps: Step[] = [];
  for (let at = 0; at < lines.length; at += 1) {
    const [first = ""] = lines.slice(at, at + 1);
    if (!first.startsWith("$ ")) continue;
    const line = at + 1;
    const commands = [first.slice(2)];
    while (commands.at(-1)?.endsWith("\\") === true) commands.push((lines[(at += 1)] ?? "").trim());
    const end = lines.indexOf("", at);
    const expected = lines.slice(at + 1, end === -1 ? undefined : end);
    steps.push({ line, command: commands.map((part) => part.replace(/\\$/, "")).join(""), expected });
    at += expected.length;
  }
  return steps;
}

/**
 * Runs a step.
 *
 * @returns what the program did, or null for a step of the shell
 */
export async function runStep(
  { command }: Step,
  cwd: string,
  env: Readonly<Record<string, string>>,
): Promise<Run | null> {
  const words = splitWords(command, env);
  const start = words.findIndex((word) => !/^[A-Z_]+=/.test(word));
  if (words[start] !== "assay") {
    execFileSync("sh", ["-euc", command], { cwd, env: { ...process.env, ...env } });
    return null;
  }
  const own = Object.fromEntries(words.slice(0, start).map((word) => split(word, "=")));
  const input = words.indexOf("<");
  const argv = words.slice(start + 1, input === -1 ? undefined : input);
  const stdin = input === -1 ? "" : readFileSync(join(cwd, words[input + 1] ?? ""));
  const outcome = await assay(argv, { cwd, env: { ...env, ...own }, stdin });
  return { argv, outcome, printed: printedBy(outcome) };
}

/** Whether `printed` is what `expected` describes. */
export function fits(expected: readonly string[], printed: readonly string[]): boolean {
  const isBare = expected.length === 1 && /^exit \d/.test(expected[0] ?? "");
  const lines = isBare ? ["…", ...expected] : expected;
  const pattern = lines.map((line) => (line === "…" ? "(?:.*\n)*?" : `${escaped(line).replaceAll("…", ".*")}\n`));
  return new RegExp(`^${pattern.join("")}$`).test(printed.map((line) => `${line}\n`).join(""));
}

function printedBy({ status, stdout, stderr }: Outcome): string[] {
  const lines = `${stdout}\n${stderr}`.split("\n").filter((line) => line.trim() !== "" && !line.startsWith("code:  "));
  if (status === 0) return lines;
  const codes = codesOf({ status, stdout, stderr }).join(", ");
  return [...lines, codes === "" ? `exit ${status}` : `exit ${status}: ${codes}`];
}

/** The codes of an error, of failed checks or of what an audit found wrong, each once, in the order printed. */
function codesOf({ stdout, stderr }: Outcome): readonly string[] {
  const text = `${stdout}\n${stderr}`.replaceAll(/"outcome": "note",\s*"code": "[^"]*"/g, "");
  const codes = CODES.flatMap((pattern) => [...text.matchAll(pattern)].map(([, code]) => code ?? ""));
  return [...new Set(codes)];
}

/** Where codes stand: in verdicts, in errors, in audits and in JSON. */
const CODES = [
  /^ {2}fail {4}\S+ +(\S+):/gm,
  /^code: {2}(\S+)$/gm,
  /^(usage|internal error): /gm,
  /^wrong: .* \((\S+)\)$/gm,
  /^ *"code": "([^"]+)"/gm,
];

/** Words of a command line: quotes as in a POSIX shell, variables from `env` outside single quotes. */
function splitWords(text: string, env: Readonly<Record<string, string>>): string[] {
  const words = text.match(/(?:'[^']*'|"[^"]*"|[^\s'"]+)+/g) ?? [];
  return words.map((word) =>
    word.replaceAll(/'([^']*)'|"([^"]*)"|([^'"]+)/g, (_, single?: string, double?: string, plain?: string) =>
      single === undefined ? expand(double ?? plain ?? "", env) : single,
    ),
  );
}

const expand = (text: string, env: Readonly<Record<string, string>>): string =>
  text.replaceAll(/\$([A-Z_]+)/g, (_, name: string) => env[name] ?? "");

function split(text: string, separator: string): [string, string] {
  const at = text.indexOf(separator);
  return [text.slice(0, at), text.slice(at + separator.length)];
}

const escaped = (text: string): string => text.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);
