import { existsSync } from "node:fs";
import { join } from "node:path";

import { describe, type SuiteAPI } from "vitest";

/**
 * A suite that needs something this machine may lack: a peer program, foreign vectors.
 *
 * Absent, the suite is skipped with one line that names what is missing; `ASSAY_REQUIRE=vectors,strace,…` turns the
 * named skips into failures.
 *
 * @param name    the word used in `ASSAY_REQUIRE`
 * @param present whether it is there
 */
export function describeWith(name: string, present: boolean): SuiteAPI | SuiteAPI["skip"] {
  if (present) return describe;
  if ((process.env["ASSAY_REQUIRE"] ?? "").split(",").includes(name)) {
    throw new Error(`ASSAY_REQUIRE names "${name}", and it is not here`);
  }
  process.stderr.write(`skipped: needs ${name}\n`);
  return describe.skip;
}

/** Root of the vectors of others: `$ASSAY_VECTORS`, or `../shared/vectors` beside the checkout. */
export const VECTORS = process.env["ASSAY_VECTORS"] ?? join(import.meta.dirname, "../../../shared/vectors");

/** A suite that reads `VECTORS/folder`. */
export const describeVectors = (folder: string): SuiteAPI | SuiteAPI["skip"] =>
  describeWith("vectors", existsSync(join(VECTORS, folder)));

/** A suite that runs the program `name`, looked for on PATH. */
export const describeProgram = (name: string): SuiteAPI | SuiteAPI["skip"] =>
  describeWith(name, findProgram(name) !== undefined);

/** Full path of the program `name` on PATH, if it is there. */
export function findProgram(name: string): string | undefined {
  return (process.env["PATH"] ?? "")
    .split(":")
    .map((directory) => join(directory, name))
    .find((path) => existsSync(path));
}
