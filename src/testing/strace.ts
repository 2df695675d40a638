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

/** Calls in the order in which they ended. */
function parseTrace(text: string): SystemCall[] {
  const calls: SystemCall[] = [];
  const unfinished = new Map<string, { head: string; began: number }>();
  for (const [line, whole] of text.split("\n").entries()) {
    const [, thread = "", rest = ""] = /^(\d+) +(.*)$/s.exec(whole) ?? [];
    const cut = / <unfinished \.\.\.>$/.exec(rest);
    if (cut !== null) {
      unfinished.set(thread, { head: rest.slice(0, cut.index), began: line });
      continue;
    }
    const resumed = /^<\.\.\. \w+ resumed>(.*)$/s.exec(rest);
    const open = resumed === null ? undefined : unfinished.get(thread);
    const call = parseCall(open === undefined ? rest : `${open.head}${resumed?.[1] ?? ""}`);
    if (call !== null) calls.push({ ...call, began: open?.began ?? line, ended: line });
  }
  return calls;
}

function parseCall(text: string): Pick<SystemCall, "name" | "args" | "result"> | null {
  const [, name, args, result] = /^(\w+)\((.*)\) += (-?\d+)/s.exec(text) ?? [];
  return name === undefined || args === undefined ? null : { name, args: splitArguments(args), result: Number(result) };
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
