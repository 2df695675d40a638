import { readFileSync } from "node:fs";
import { join } from "node:path";

import { Config } from "@oclif/core/config";
import { afterEach, beforeEach, expect, test, vi } from "vitest";

import { pass, fail, type Verdict, verdictOf } from "../admit/verdict.ts";
import { Failure } from "../failure.ts";
import { policyOf } from "../policy/given-trust.ts";
import { testKey } from "../testing/bundles.ts";
import { sourceOptions } from "../testing/source.ts";
import { temporaryDirectory } from "../testing/temporary.ts";
import { VerdictCommand, type Verdicts } from "./verdict-command.ts";

const POLICY = policyOf({
  keys: [{ name: "k", key: testKey("a").publicKey }],
  threshold: 1,
  logs: null,
  witnesses: null,
});

/** A verdict of a subject; the time is the policy's business, not this test's. */
function verdict(name: string, admitted: boolean): Verdict {
  const check = admitted ? pass("content", "fine") : fail("content", "admit/unsigned", "not signed");
  return verdictOf({ kind: "blob", name, digest: null }, POLICY, new Date(0), ["content"], [check], []);
}

const JUDGES: Readonly<Record<string, () => Promise<Verdict>>> = {
  good: async () => verdict("good", true),
  bad: async () => verdict("bad", false),
  missing: () => Promise.reject(new Failure("images/missing", "not there")),
  unavailable: () => Promise.reject(new Failure("images/too-large", "too large")),
  slow: () => new Promise(() => {}),
};

class Judge extends VerdictCommand {
  static deadline = 60;
  static report: string | undefined;
  static override strict = false;

  async run(): Promise<Verdicts> {
    const { argv } = await this.parse(Judge);
    const flags = { deadline: Judge.deadline, report: Judge.report };
    const unknown = (): never => {
      throw new RangeError("a bug");
    };
    return this.conclude(argv.map(String), flags, POLICY, (name) => (JUDGES[name] ?? unknown)());
  }
}

const config = await Config.load(sourceOptions(["completion"]));
const written = { stdout: "", stderr: "" };
beforeEach(() => {
  for (const name of ["stdout", "stderr"] as const) {
    written[name] = "";
    vi.spyOn(process[name], "write").mockImplementation((chunk, ...rest: readonly unknown[]) => {
      written[name] += String(chunk);
      const done = rest.at(-1);
      if (typeof done === "function") done();
      return true;
    });
  }
});
afterEach(() => {
  vi.restoreAllMocks();
  process.exitCode = undefined;
});

test.each([
  ["all admitted", ["good", "good"], 0],
  ["one denied", ["good", "bad"], 3],
  ["one that is not there", ["good", "missing"], 5],
  ["one that could not be looked at", ["good", "unavailable"], 7],
  ["the worst of those", ["missing", "unavailable", "good"], 7],
  ["a no beside one that could not be looked at", ["unavailable", "bad"], 3],
  ["no subject at all", [], 3],
])("with %s the status is of the worst", async (_, subjects, status) => {
  const report: Verdicts = await Judge.run([...subjects], config);
  expect(process.exitCode).toBe(status);
  expect(report.admitted).toBe(status === 0);
  expect(report.verdicts.length + report.errors.length).toBe(subjects.length);
});

test("what takes longer than the deadline is not admitted, and keeps no other from being judged in time", async () => {
  Judge.deadline = 0.05;
  const report: Verdicts = await Judge.run(["good", "slow"], config);
  Judge.deadline = 60;
  expect(process.exitCode).toBe(7);
  expect(report).toMatchObject({
    admitted: false,
    verdicts: [{}],
    errors: [{ subject: "slow", code: "gate/deadline" }],
  });
  expect(written.stderr).toContain("code:  gate/deadline");
});

test("the report is in the file too, whatever the answer", async () => {
  Judge.report = join(temporaryDirectory(), "report.json");
  const report: Verdicts = await Judge.run(["bad", "missing"], config);
  expect(JSON.parse(readFileSync(Judge.report, "utf8"))).toEqual(report);
  Judge.report = undefined;
});

test("a bug is no verdict", async () => {
  await expect(Judge.run(["good", "unheard-of"], config)).rejects.toMatchObject({ oclif: { exit: 1 } });
  expect(written.stderr).toContain("internal error: RangeError: a bug");
});
