import { Command } from "@oclif/core/command";
import { CLIError } from "@oclif/core/errors";

import { formatInstant } from "../manifest/validity.ts";
import { Failure, KINDS } from "../failure.ts";
import { oneLine, printable, printableJson } from "./output.ts";

/** Exit status of anything that is not a {@link Failure} and not a usage error: a bug. */
const INTERNAL = 1;
/** Flags or arguments are wrong. */
export const USAGE = 2;

/**
 * What every command shares: `--json`, output that cannot forge terminal or workflow commands, and how a failure
 * becomes an exit status. `Report` is what `--json` prints; its schema is in `schemas/`.
 */
export abstract class BaseCommand<Report extends object> extends Command {
  static override enableJsonFlag = true;

  /** Exit status once the report has been written; a verdict command starts from "denied". */
  protected status = 0;

  abstract override run(): Promise<Report>;

  protected override async _run<T>(): Promise<T> {
    const result = await super._run<T>();
    // A result that could not be written is no result.
    if (!(await written(process.stdout))) this.exit(INTERNAL);
    process.exitCode = this.status;
    return result;
  }

  override log(message = ""): void {
    if (!this.jsonEnabled()) process.stdout.write(`${printable(message)}\n`);
  }

  /** One line of the result, whatever is in the names that it quotes. */
  protected line(text: string): void {
    this.log(oneLine(text));
  }

  /** A JSON document as the result. */
  protected document(json: string): void {
    if (!this.jsonEnabled()) process.stdout.write(`${printableJson(json)}\n`);
  }

  override logToStderr(message = ""): void {
    process.stderr.write(`${printable(message)}\n`);
  }

  override warn(input: Error | string): Error | string {
    this.logToStderr(`warning: ${oneLine(input instanceof Error ? input.message : input)}`);
    return input;
  }

  protected override logJson(json: unknown): void {
    process.stdout.write(`${printableJson(JSON.stringify(json, null, 2))}\n`);
  }

  /** Positional arguments of a command that takes one or more. */
  protected several(argv: readonly unknown[], what: string): readonly string[] {
    const values = argv.map(String);
    if (values.length === 0) throw new CLIError(`${what} is missing`);
    return values;
  }

  /** The time, RFC 3339 in UTC, whole seconds. */
  protected now(): string {
    return formatInstant(new Date());
  }

  protected override catch(error: Error): Promise<never> {
    const status = statusOf(error);
    if (this.jsonEnabled()) this.logJson(this.toErrorJson(error));
    else for (const line of explain(error)) this.logToStderr(line);
    return this.exit(status);
  }

  /** oclif's own toErrorJson serialises the parser's whole context: the configuration, the home directory, argv. */
  protected override toErrorJson(error: unknown): ErrorReport {
    return errorReport(error);
  }
}

/** What `--json` prints for any error; `schemas/error.v1.json`. */
export interface ErrorReport {
  readonly error: { readonly code: string; readonly message: string; readonly hint: string | null };
}

/** An error as `--json` prints it. */
export const errorReport = (error: unknown): ErrorReport => ({
  error: { code: codeOf(error), message: messageOf(error), hint: hintOf(error) ?? null },
});

/** Exit status that an error ends the program with. */
export function statusOf(error: unknown): number {
  return error instanceof Failure ? KINDS[error.kind].exit : (exitOf(error) ?? INTERNAL);
}

/** An error for people, a line each for what it is, its code, what to do and what is underneath. */
export function explain(error: unknown): string[] {
  const hint = hintOf(error);
  const advice = hint === undefined ? [] : [`hint:  ${oneLine(hint)}`];
  if (error instanceof Failure) {
    const lines = [`error: ${oneLine(error.message)}`, `code:  ${error.code}`, ...advice];
    for (let cause = error.cause, depth = 0; cause instanceof Error && depth < 4; cause = cause.cause, depth += 1) {
      lines.push(`cause: ${oneLine(cause.message)}`);
    }
    return lines;
  }
  if (isUsage(error)) return [`usage: ${oneLine(messageOf(error))}`, ...advice];
  return [`internal error: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`];
}

const isUsage = (error: unknown): boolean => exitOf(error) === USAGE;

function codeOf(error: unknown): string {
  if (error instanceof Failure) return error.code;
  return isUsage(error) ? "usage" : "internal";
}

function messageOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return isUsage(error) ? usageMessage(message) : message;
}

/** oclif's parser wraps its sentences in two that say nothing, and lists what is missing in columns. */
function usageMessage(message: string): string {
  return message
    .split("\n")
    .map((line) => line.trim().replaceAll(/\s{2,}/g, ", "))
    .filter((line) => line !== "" && !/^(?:The following errors? occurred:|See more help with --help)$/.test(line))
    .join("; ")
    .replaceAll(":; ", ": ");
}

function hintOf(error: unknown): string | undefined {
  if (error instanceof Failure) return error.hint;
  if (error instanceof CLIError && error.suggestions !== undefined) return error.suggestions.join("; ");
  return isUsage(error) ? "add --help to see how it is used" : undefined;
}

/** oclif's own errors carry `oclif.exit`. */
function exitOf(error: unknown): number | undefined {
  if (typeof error !== "object" || error === null || !("oclif" in error)) return undefined;
  const { oclif } = error;
  if (typeof oclif !== "object" || oclif === null || !("exit" in oclif)) return undefined;
  return typeof oclif.exit === "number" ? oclif.exit : undefined;
}

/** True once everything written so far has left the process, false where it could not. */
const written = (stream: NodeJS.WriteStream): Promise<boolean> =>
  new Promise((resolve) => stream.write("", (error) => resolve(error === undefined || error === null)));
