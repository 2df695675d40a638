import { spawn, type StdioOptions } from "node:child_process";
import { closeSync, existsSync, openSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { text } from "node:stream/consumers";

import { Config } from "@oclif/core/config";
import { CLIError } from "@oclif/core/errors";
import { beforeAll, describe, expect, test, vi } from "vitest";

import { Failure } from "../failure.ts";
import { assay } from "../testing/assay.ts";
import { describeWith } from "../testing/require.ts";
import { ROOT, sourceOptions } from "../testing/source.ts";
import { temporaryDirectory } from "../testing/temporary.ts";
import { BaseCommand, errorReport, explain, statusOf } from "./base.ts";

const cwd = temporaryDirectory();
const env = { ASSAY_PASSWORD: "correct horse" };
beforeAll(async () => {
  expect(await assay(["key", "create", "--out", "release"], { cwd, env })).toMatchObject({ status: 0 });
});

describe("a usage error", () => {
  test.each([
    ["a missing argument", ["key", "show"], "Missing 1 required arg: file, "],
    ["a missing flag", ["log", "create", "log"], "Missing required flag origin"],
    ["an unknown flag", ["key", "show", "a", "--colour"], "Nonexistent flag: --colour"],
    ["an argument too many", ["key", "show", "a", "b"], "Unexpected argument: b"],
    [
      "a value that is none of the options",
      ["key", "create", "--algorithm", "dsa"],
      "Expected --algorithm=dsa to be one",
    ],
    ["a number that is none", ["log", "prove", "log", "--index", "x"], "Parsing --index; Expected an integer"],
    ["two flags of which one is wanted", ["log", "prove", "log"], "Exactly one of the following must be provided"],
    ["no subject", ["sign", "image", "--key", "k", "--log", "none"], "an image reference is missing"],
    ["an unknown command", ["key", "shwo"], 'there is no command "key shwo"'],
  ])("for %s is one short line, exits 2 and shows nothing of the machine", async (_, argv, message) => {
    const { status, stdout, stderr } = await assay(argv, { cwd });
    expect({ status, stdout }).toEqual({ status: 2, stdout: "" });
    expect(stderr.split("\n")).toEqual([
      expect.stringContaining(`usage: ${message}`),
      expect.stringMatching(/^hint: {2}/),
      "",
    ]);
    expect(stderr.length).toBeLessThan(300);
    const json = await assay([...argv, "--json"], { cwd });
    expect(json).toMatchObject({ status: 2, stderr: "" });
    expect(JSON.parse(json.stdout)).toEqual({
      error: { code: "usage", message: expect.stringContaining(message), hint: expect.any(String) },
    });
    expect(json.stdout).not.toMatch(/argv|pjson|@oclif|home/i);
  });
});

describe("errors", () => {
  const cause = new Error("underneath\nit");
  test.each([
    [
      "a failure",
      new Failure("files/missing", "a is not there", { hint: "look elsewhere", cause }),
      5,
      { code: "files/missing", message: "a is not there", hint: "look elsewhere" },
      ["error: a is not there", "code:  files/missing", "hint:  look elsewhere", String.raw`cause: underneath\nit`],
    ],
    [
      "a failure without hint",
      new Failure("log/busy", "another process writes"),
      7,
      { code: "log/busy", message: "another process writes", hint: null },
      ["error: another process writes", "code:  log/busy"],
    ],
    [
      "a usage error",
      new CLIError("The following error occurred:\n  Missing required flag x\nSee more help with --help"),
      2,
      { code: "usage", message: "Missing required flag x", hint: "add --help to see how it is used" },
      ["usage: Missing required flag x", "hint:  add --help to see how it is used"],
    ],
    [
      "a bug",
      new TypeError("x is not a function"),
      1,
      { code: "internal", message: "x is not a function", hint: null },
      [expect.stringMatching(/^internal error: TypeError: x is not a function\n +at /)],
    ],
    [
      "something that is no error",
      "thrown text",
      1,
      { code: "internal", message: "thrown text", hint: null },
      ["internal error: thrown text"],
    ],
  ])("%s has its status, its report and its lines", (_, error, status, report, lines) => {
    expect(statusOf(error)).toBe(status);
    expect(errorReport(error)).toEqual({ error: report });
    expect(explain(error)).toEqual(lines);
  });

  test("of causes that go on for ever the first are said", () => {
    const endless = new Error("again");
    endless.cause = endless;
    expect(explain(new Failure("json/malformed", "x", { cause: endless }))).toHaveLength(6);
  });

  test("an unexpected error in a command exits 1, and says so in JSON too", async () => {
    class Broken extends BaseCommand<Record<string, never>> {
      async run(): Promise<never> {
        await this.parse(Broken);
        throw new RangeError("an index that cannot be");
      }
    }
    const config = await Config.load(sourceOptions(["completion"]));
    const out = vi.spyOn(process.stdout, "write").mockReturnValue(true);
    const err = vi.spyOn(process.stderr, "write").mockReturnValue(true);
    await expect(Broken.run([], config)).rejects.toMatchObject({ oclif: { exit: 1 } });
    await expect(Broken.run(["--json"], config)).rejects.toMatchObject({ oclif: { exit: 1 } });
    const [printed, reported] = [err, out].map(({ mock }) => mock.calls.map(([chunk]) => String(chunk)).join(""));
    vi.restoreAllMocks();
    expect(printed).toMatch(/^internal error: RangeError: an index that cannot be\n/);
    expect(JSON.parse(reported ?? "")).toEqual({
      error: { code: "internal", message: "an index that cannot be", hint: null },
    });
  });
});

test("no colours where NO_COLOR asks for none, and none in a pipe", async () => {
  for (const argv of [["--help"], ["key", "create", "--help"], ["key", "show"], ["key", "show", "absent"]]) {
    for (const set of [{ NO_COLOR: "1" }, { NO_COLOR: undefined }]) {
      const { stdout, stderr } = await assay(argv, { cwd, env: set });
      expect(stdout + stderr).not.toContain("\u001b");
    }
  }
});

describe("a process of its own", () => {
  const DEV = join(ROOT, "bin/dev.ts");

  /** Runs bin/dev.ts; its status, and what it wrote where that was a pipe. */
  async function run(
    argv: readonly string[],
    stdio: StdioOptions = "pipe",
  ): Promise<{ status: number | null; err: string }> {
    const child = spawn(process.execPath, [DEV, ...argv], { cwd, env: { ...process.env, ...env }, stdio });
    const err = child.stderr === null ? Promise.resolve("") : text(child.stderr);
    // Nobody reads the results: as `assay … | head -0`.
    child.stdout?.destroy();
    const status = await new Promise<number | null>((resolve) => child.on("close", resolve));
    return { status, err: await err };
  }

  // On Node 22 the sources of the commands are not read; bin/run.js goes through the same code.
  describeWith("source", Number(process.versions.node.split(".")[0]) >= 24)("from source", () => {
    test.each([
      [["key", "show", "release.pub"]],
      [["key", "show", "release.pub", "--json"]],
      [["--help"]],
      [["completion", "zsh"]],
    ])("%j into a closed pipe does not exit 0", async (argv) => {
      expect((await run(argv)).status).toBe(1);
    });

    test.skipIf(!existsSync("/dev/full"))("nor into a full disk", async () => {
      const full = openSync("/dev/full", "w");
      const { status } = await run(["key", "show", "release.pub"], ["ignore", full, "pipe"]);
      closeSync(full);
      expect(status).toBe(1);
    });

    test("all of a long result is written before the process ends", async () => {
      const path = join(cwd, "long.json");
      writeFileSync(path, JSON.stringify({ long: "x".repeat(2_000_000) }));
      const child = spawn(process.execPath, [DEV, "inspect", path, "--json"], {
        cwd,
        stdio: ["ignore", "pipe", "inherit"],
      });
      expect(JSON.parse(await text(child.stdout))).toMatchObject({ contents: JSON.parse(readFileSync(path, "utf8")) });
    });
  });
});
