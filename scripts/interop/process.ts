import { type ChildProcess, spawn } from "node:child_process";

/** What a program did. */
export interface Ended {
  /** Exit status; null where a signal ended it. */
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
  /** It is killed after this long. */
  readonly seconds?: number;
}

/** Everything started and not ended yet: nothing may outlive the run. */
const running = new Set<ChildProcess>();

/** What one program may print before it is taken for broken. */
const MAX_OUTPUT_BYTES = 16 * 1024 * 1024;

/** Runs a program to its end, without a terminal and with nothing on its standard input. */
export async function runProgram(file: string, args: readonly string[], options: RunOptions): Promise<Ended> {
  const { cwd, env, seconds = 60 } = options;
  const child = spawn(file, args, { cwd, env, stdio: ["ignore", "pipe", "pipe"] });
  running.add(child);
  const timer = setTimeout(() => child.kill("SIGKILL"), seconds * 1000);
  try {
    const [status, stdout, stderr] = await Promise.all([
      ended(child),
      collect(child, "stdout"),
      collect(child, "stderr"),
    ]);
    return { status, stdout, stderr };
  } finally {
    clearTimeout(timer);
    running.delete(child);
  }
}

/** Starts a program that goes on until `stopAll`; what it prints is dropped. */
export function startProgram(file: string, args: readonly string[], { cwd, env }: RunOptions): ChildProcess {
  const child = spawn(file, args, { cwd, env, stdio: "ignore" });
  running.add(child);
  child.once("exit", () => running.delete(child));
  child.once("error", () => running.delete(child));
  return child;
}

/** Kills what is still running. */
export function stopAll(): void {
  for (const child of running) child.kill("SIGKILL");
}

async function ended(child: ChildProcess): Promise<number | null> {
  const { promise, resolve, reject } = Promise.withResolvers<number | null>();
  child.once("error", reject);
  child.once("close", resolve);
  return promise;
}

async function collect(child: ChildProcess, name: "stdout" | "stderr"): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  const stream = child[name];
  if (stream === null) return "";
  for await (const chunk of stream) {
    const bytes = Buffer.from(chunk);
    size += bytes.length;
    if (size <= MAX_OUTPUT_BYTES) chunks.push(bytes);
    else child.kill("SIGKILL");
  }
  return Buffer.concat(chunks).toString();
}
