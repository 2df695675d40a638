import { execFileSync } from "node:child_process";

import { describe, type SuiteAPI } from "vitest";

import { describeWith, findProgram } from "./require.ts";

/** Path of cosign: `$ASSAY_COSIGN`, or on PATH. */
const COSIGN = process.env["ASSAY_COSIGN"] ?? findProgram("cosign");

/** A suite that runs cosign v3. */
export const describeCosign = (): SuiteAPI | SuiteAPI["skip"] =>
  COSIGN === undefined ? describeWith("cosign", false) : describe;

/**
 * Runs cosign with `COSIGN_PASSWORD` set, away from the network: its proxy leads nowhere.
 *
 * @returns what it printed on standard output
 * @throws Error where it exits with anything but 0; the message holds what it printed
 */
export function cosign(cwd: string, password: string, ...argv: readonly string[]): string {
  const environment = { ...process.env, COSIGN_PASSWORD: password, HTTPS_PROXY: "http://127.0.0.1:9", TUF_ROOT: cwd };
  return execFileSync(COSIGN ?? "cosign", argv, {
    cwd,
    env: environment,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "pipe"],
  });
}
