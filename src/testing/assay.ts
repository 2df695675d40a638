import { Readable } from "node:stream";

import { runProgram } from "../cli/run.ts";
import { ROOT, sourceOptions } from "./source.ts";

/** What a run of the program left behind. */
export interface Outcome {
  /** Exit status. */
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** What a run of the program sees of the world, besides files. */
export interface Surroundings {
  /** Working directory; that of the tests unless told. */
  readonly cwd?: string;
  /** Variables to set; undefined removes one. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Standard input; empty unless told. Neither it nor the other two streams is ever a terminal. */
  readonly stdin?: string | Uint8Array;
}

/**
 * Runs `assay …argv` in this process, from source where this Node reads it. One at a time: working directory,
 * environment and standard streams belong to the process.
 *
 * @param argv  as the shell would pass it, without the program
 */
export async function assay(argv: readonly string[], surroundings: Surroundings = {}): Promise<Outcome> {
  const { cwd = process.cwd(), env = {}, stdin = "" } = surroundings;
  const output = { stdout: "", stderr: "" };
  const before = { cwd: process.cwd(), exitCode: process.exitCode };
  const restore = [
    ...Object.entries(env).map(([name, value]) => replaceVariable(name, value)),
    replace(process, "stdin", Readable.from([Buffer.from(stdin)])),
    replace(process.stderr, "isTTY", false),
    replace(process.stdout, "isTTY", false),
    replace(
      process.stdout,
      "write",
      capture((text) => (output.stdout += text)),
    ),
    replace(
      process.stderr,
      "write",
      capture((text) => (output.stderr += text)),
    ),
  ];
  try {
    process.chdir(cwd);
    const status = await runProgram(argv, RUNS_SOURCE ? sourceOptions(argv) : { root: ROOT });
    return { status, ...output };
  } finally {
    process.chdir(before.cwd);
    process.exitCode = before.exitCode;
    for (const undo of restore) undo();
  }
}

/** Commands say `using`, which Node 22 cannot parse: there the built ones run. */
const RUNS_SOURCE = Number(process.versions.node.split(".")[0]) >= 24;

function replaceVariable(name: string, value: string | undefined): () => void {
  const before = process.env[name];
  setVariable(name, value);
  return () => setVariable(name, before);
}

function setVariable(name: string, value: string | undefined): void {
  if (value === undefined) delete process.env[name];
  else process.env[name] = value;
}

/** `owner[name]` is `value` until the result is called, whether it was data or a getter, own or inherited. */
function replace(owner: object, name: string, value: unknown): () => void {
  const before = Object.getOwnPropertyDescriptor(owner, name);
  Object.defineProperty(owner, name, { value, writable: true, configurable: true, enumerable: true });
  return () => {
    if (before === undefined) Reflect.deleteProperty(owner, name);
    else Object.defineProperty(owner, name, before);
  };
}

/** A `stream.write` that keeps text. */
const capture =
  (keep: (text: string) => void) =>
  (chunk: string | Uint8Array, ...rest: readonly unknown[]): boolean => {
    keep(Buffer.from(chunk).toString());
    const done = rest.at(-1);
    if (typeof done === "function") done();
    return true;
  };
