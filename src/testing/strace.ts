import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { join } from "node:path";

import { temporaryDirectory } from "./temporary.ts";

/** One system call as strace saw it. */
export interface SystemCall {
  readonly name: string;
  /** Arguments as written, split at top-level commas. */
  readonly args: readonly string[];
  /** What it returned; negative for an error. */
  readonly result: number;
  /** Line numbers in the trace at which it began and ended: another thread may have come in between. */
  readonly began: number;
  readonly ended: number;
}

export interface Traced {
  readonly calls: readonly SystemCall[];
  readonly output: string;
  readonly status: number | null;
}

/** All that changes a file or a directory, or tells somebody about it. */
const CALLS = "openat,open,creat,close,write,pwrite64,writev,pwritev,pwritev2,fsync,fdatasync,sync_file_range,msync,"
  .concat("rename,renameat,renameat2,link,linkat,symlink,symlinkat,unlink,unlinkat,mkdir,mkdirat,rmdir,")
  .concat("ftruncate,truncate,fallocate,copy_file_range,sendfile,dup,dup2,dup3,io_uring_enter,io_uring_setup");

/**
 * Runs Node on `args` under strace.
 *
 * @param inject  strace's `inject=` expressions, such as `fsync:error=EIO:when=3`
 * @param env     added to the environment
 */
export async function trace(
  args: readonly string[],
  inject: readonly string[] = [],
  env: Readonly<Record<string, string>> = {},
): Promise<Traced> {
  const file = join(temporaryDirectory(), "trace");
  const injected = inject.flatMap((expression) => ["-e", `inject=${expression}`]);
  const options = ["-f", "-s", "100000000", "-o", file, "-e", `trace=${CALLS}`, ...injected];
  const child = spawn("strace", [...options, process.execPath, ...args], {
    stdio: ["ignore", "pipe", "inherit"],
    // One thread for files: the same order of calls each time, and one counter for strace's `when`.
    env: { ...process.env, ...env, UV_THREADPOOL_SIZE: "1" },
  });
  let output = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => (output += text));
  const [status] = await once(child, "close");
  return { calls: parseTrace(readFileSync(file, "latin1")), output, status };
}

/** The first part of a call that another thread came in between. */
interface Unfinished {
  readonly head: string;
  readonly began: number;
}

/** Calls in the order in which they ended. */
function parseTrace(text: string): SystemCall[] {
  const calls: SystemCall[] = [];
  const unfinished = new Map<string, Unfinished>();
  for (const [line, whole] of text.split("\n").entries()) {
    const thread = whole.split(" ", 1).join("");
    const rest = whole.slice(thread.length).trimStart();
    const cut = rest.lastIndexOf(" <unfinished ...>");
    if (cut !== -1) {
      unfinished.set(thread, { head: rest.slice(0, cut), began: line });
      continue;
    }
    const isResumed = rest.startsWith("<... ");
    const open = isResumed ? unfinished.get(thread) : { head: "", began: line };
    const tail = isResumed ? rest.slice(rest.indexOf(" resumed>") + " resumed>".length) : rest;
    const call = open === undefined ? null : parseCall(open, tail, line);
    if (call !== null) calls.push(call);
  }
  return calls;
}

function parseCall({ head, began }: Unfinished, tail: string, ended: number): SystemCall | null {
  const [, name, args, result] = /^(\w+)\((.*)\) += (-?\d+)/s.exec(`${head}${tail}`) ?? [];
  if (name === undefined || args === undefined) return null;
  return { name, args: splitArguments(args), result: Number(result), began, ended };
}

function splitArguments(text: string): string[] {
  return (
    text
      .match(/"(?:[^"\\]|\\.)*"(?:\.\.\.)?|[^,"]+/gs)
      ?.map((part) => part.trim())
      .filter((part) => part !== "") ?? []
  );
}

const ESCAPES: Readonly<Record<string, string>> = { n: "\n", t: "\t", r: "\r", v: "\v", f: "\f", a: "\u0007", b: "\b" };

/** The bytes of a string argument. */
export function bytesOf(argument: string | undefined): Uint8Array {
  if (argument === undefined || !argument.startsWith('"') || !argument.endsWith('"')) {
    throw new Error(`strace shows no whole string: ${argument?.slice(0, 40)}`);
  }
  const plain = argument.slice(1, -1).replaceAll(/\\([0-7]{1,3}|x[0-9a-f]{2}|.)/gs, (_, escape: string) => {
    if (/^[0-7]/.test(escape)) return String.fromCharCode(Number.parseInt(escape, 8));
    if (escape.length > 1) return String.fromCharCode(Number.parseInt(escape.slice(1), 16));
    return ESCAPES[escape] ?? escape;
  });
  return new Uint8Array(Buffer.from(plain, "latin1"));
}
