import { execFileSync } from "node:child_process";
import { statfsSync } from "node:fs";
import { availableParallelism, cpus, totalmem } from "node:os";

import Database from "better-sqlite3";

/** What a number means nothing without. */
export interface Environment {
  readonly commit: string;
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGiB: number;
  readonly node: string;
  readonly openssl: string;
  readonly sqlite: string;
  readonly coreutils: string;
  readonly fileSystem: string;
}

/** `statfs(2)` numbers of file systems that are met; on the last, an fsync costs nothing. */
const FILE_SYSTEMS = new Map([
  [0xef53, "ext4"],
  [0x5846_5342, "xfs"],
  [0x9123_683e, "btrfs"],
  [0x794c_7630, "overlayfs"],
  [0x2fc1_2fc1, "zfs"],
  [0x0102_1994, "tmpfs"],
]);

/** @param directory  where the benchmarks write */
export function readEnvironment(root: string, directory: string): Environment {
  const git = (...args: string[]) => outputOf("git", ["-C", root, ...args]);
  const dirty = git("status", "--porcelain") === "" ? "" : " with uncommitted changes";
  const type = statfsSync(directory).type;
  return {
    commit: `${git("rev-parse", "--short=12", "HEAD")}${dirty}`,
    cpu: cpus()[0]?.model.trim() ?? "unknown",
    cores: availableParallelism(),
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    node: process.versions.node,
    openssl: process.versions.openssl,
    sqlite: sqliteVersion(),
    coreutils: outputOf("sha256sum", ["--version"]).split("\n")[0] ?? "unknown",
    fileSystem: FILE_SYSTEMS.get(type) ?? `0x${type.toString(16)}`,
  };
}

/** The environment in lines for people. */
export const formatEnvironment = (environment: Environment): string =>
  Object.entries(environment)
    .map(([name, value]) => `${`${name}:`.padEnd(12)} ${value}\n`)
    .join("");

function sqliteVersion(): string {
  const database = new Database(":memory:");
  try {
    return String(database.prepare("SELECT sqlite_version()").pluck().get());
  } finally {
    database.close();
  }
}

function outputOf(program: string, args: readonly string[]): string {
  try {
    return execFileSync(program, args, { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }).trim();
  } catch {
    return "unknown";
  }
}
