import { Config } from "@oclif/core/config";
import { flush } from "@oclif/core/flush";
import { type Options } from "@oclif/core/interfaces";
import { run } from "@oclif/core/run";

import { errorReport, explain, statusOf, USAGE } from "./base.ts";
import { printable, printableJson } from "./output.ts";
import { unknownCommand } from "./unknown-command.ts";

/**
 * Runs the command that the arguments of the process name, and ends the process with its status.
 *
 * @param options  where oclif finds package.json, which says where commands are
 */
export async function execute(options: Options): Promise<void> {
  // A closed pipe or a full disk: what was not written must not end in exit 0.
  process.stdout.on("error", () => process.exit(1));
  const status = await runProgram(process.argv.slice(2), options);
  await flush();
  // Work that a deadline has left behind holds nobody up.
  process.exit(status);
}

/**
 * Runs one command in this process, printing its errors too.
 *
 * @param argv  arguments of the program, its name not among them
 * @returns the exit status
 */
export async function runProgram(argv: readonly string[], options: Options): Promise<number> {
  const [first, ...rest] = argv;
  const words = first === "help" ? [...rest, "--help"] : [...argv];
  try {
    process.exitCode = statusOfHelp(words);
    await run(words, options);
    return process.exitCode;
  } catch (error) {
    return statusOf(isExit(error) ? error : await report(error, words, options));
  }
}

/** What ends with a verdict, and where status 0 lets something in. */
const DECIDING = new Set(["admit", "verify"]);

/**
 * Exit status where no command runs and help is printed instead: 0 only for those who asked. `admit --policy P image`
 * names no command, and an image that is called `--help` must not be admitted.
 */
function statusOfHelp(argv: readonly string[]): number {
  const [first = ""] = argv;
  const isAsked = first === "--version" || argv.includes("--help");
  return isAsked && !DECIDING.has(first) ? 0 : USAGE;
}

/** A command has printed its own error and thrown its exit status. */
const isExit = (error: unknown): boolean => error instanceof Error && "code" in error && error.code === "EEXIT";

/** Prints an error from outside any command: most often there is none of that name. */
async function report(error: unknown, argv: readonly string[], options: Options): Promise<unknown> {
  const better = unknownCommand(await Config.load(options), argv) ?? error;
  if (argv.includes("--json")) {
    process.stdout.write(`${printableJson(JSON.stringify(errorReport(better), null, 2))}\n`);
  } else for (const line of explain(better)) process.stderr.write(`${printable(line)}\n`);
  return better;
}
