import { cpSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

import { Check, Errors, type XSchema } from "typebox/schema";
import { describe, expect, test } from "vitest";

import { commandNames } from "../testing/commands.ts";
import { schemas } from "../testing/schemas.ts";
import { temporaryDirectory } from "../testing/temporary.ts";
import { fits, parseTranscript, type Run, runStep } from "../testing/transcript.ts";
import { TESTDATA } from "../testing/vectors.ts";

const TRANSCRIPTS = join(TESTDATA, "cli");
const COMMANDS = await commandNames();
const SCHEMAS = schemas();
/** Schemas by the names that they call each other. */
const CONTEXT = Object.fromEntries([...SCHEMAS].map(([name, schema]) => [`urn:assay:schema:${name}:v1`, schema]));

const DAY_MS = 86_400_000;
const instant = (days: number): string => `${new Date(Date.now() + days * DAY_MS).toISOString().slice(0, 19)}Z`;

/** Variables that transcripts may name; passwords are set as a CI job sets them. */
const surroundings = (): Record<string, string> => ({
  ASSAY_PASSWORD: "correct horse",
  XDG_STATE_HOME: temporaryDirectory(),
  LAST_YEAR: instant(-365),
  YESTERDAY: instant(-1),
  NEXT_WEEK: instant(7),
  NEXT_YEAR: instant(365),
});

/** What every run of the program did, over all transcripts. */
const done: { readonly command: string; readonly status: number; readonly isJson: boolean }[] = [];

describe("transcripts", () => {
  test.each(readdirSync(TRANSCRIPTS))(
    "%s",
    async (name) => {
      const cwd = temporaryDirectory();
      cpSync(join(TESTDATA, "quickstart"), cwd, { recursive: true });
      const env = surroundings();
      for (const step of parseTranscript(readFileSync(join(TRANSCRIPTS, name), "utf8"))) {
        const run = await runStep(step, cwd, env);
        const printed = run?.printed ?? [];
        // Where it does not fit the two lists are compared as they are, which shows both.
        const shown = fits(step.expected, printed) ? step.expected : printed;
        expect(shown, `${name}:${step.line}: ${step.command}`).toEqual(step.expected);
        if (run !== null) record(run);
      }
    },
    300_000,
  );
});

describe("the transcripts together", () => {
  test("show every command succeed and be refused", () => {
    const succeeded = done.filter(({ status }) => status === 0).map(({ command }) => command);
    const refused = done.filter(({ status }) => status > 2).map(({ command }) => command);
    expect(COMMANDS.filter((command) => !succeeded.includes(command))).toEqual([]);
    // There is nothing that it could refuse but a shell it does not know: usage.
    expect(COMMANDS.filter((command) => !refused.includes(command))).toEqual(["completion"]);
  });

  test("show the report of every command in JSON", () => {
    const reported = done.filter(({ status, isJson }) => status === 0 && isJson).map(({ command }) => command);
    expect(COMMANDS.filter((command) => !reported.includes(command))).toEqual([]);
  });
});

function record({ argv, outcome }: Run): void {
  const command = COMMANDS.findLast((each) => `${argv.join(" ")} `.startsWith(`${each} `));
  const isJson = argv.includes("--json");
  if (command === undefined) return;
  done.push({ command, status: outcome.status, isJson });
  if (isJson) expectSchema(command, JSON.parse(outcome.stdout));
}

/** A report fits the schema of its command, an error that of errors. */
function expectSchema(command: string, report: object): void {
  const name = "error" in report ? "error" : `report.${command.replaceAll(" ", "-")}`;
  const schema: XSchema = { ...SCHEMAS.get(name) };
  expect(Check(CONTEXT, schema, report) ? [] : Errors(CONTEXT, schema, report)[1], command).toEqual([]);
}
