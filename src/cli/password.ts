/** Passwords: from standard input where told so, else from a variable, else from a person; never from a flag. */
import { Failure } from "../failure.ts";
import { type PasswordSource } from "../keys/password-source.ts";
import { askSecret } from "./terminal.ts";

/** What the flags of `src/cli/flags.ts` say about passwords. */
export interface PasswordFlags {
  readonly "password-stdin": boolean;
}

/** Where a password may come from, besides a terminal. */
export interface PasswordOptions {
  /** Names of environment variables, first choice first. A variable set to nothing is the empty password. */
  readonly variables: readonly string[];
  /** Lines of standard input, or null where they are for something else. */
  readonly lines: PasswordLines | null;
  /** A new password is typed twice. */
  readonly isNew: boolean;
}

const KEY_VARIABLES = ["ASSAY_PASSWORD", "COSIGN_PASSWORD"];
const LOG_VARIABLES = ["ASSAY_LOG_PASSWORD", ...KEY_VARIABLES];
/** All passwords of one run, on standard input. */
const MAX_STDIN_BYTES = 64 * 1024;

/** Password of an existing key: `--password-stdin`, `ASSAY_PASSWORD`, `COSIGN_PASSWORD`, or the terminal. */
export const keyPassword = (flags: PasswordFlags): PasswordSource =>
  passwordSource({ variables: KEY_VARIABLES, lines: linesFor(flags), isNew: false });

/** Password for a key that is made now: as {@link keyPassword}, typed twice on a terminal. */
export const newKeyPassword = (flags: PasswordFlags): PasswordSource =>
  passwordSource({ variables: KEY_VARIABLES, lines: linesFor(flags), isNew: true });

/** Password of a log's seed: as {@link keyPassword}, but `ASSAY_LOG_PASSWORD` is asked first. */
export const logPassword = (flags: PasswordFlags): PasswordSource =>
  passwordSource({ variables: LOG_VARIABLES, lines: linesFor(flags), isNew: false });

/** Password for a log that is made now: as {@link logPassword}, typed twice on a terminal. */
export const newLogPassword = (flags: PasswordFlags): PasswordSource =>
  passwordSource({ variables: LOG_VARIABLES, lines: linesFor(flags), isNew: true });

/** Old and new password: two lines of standard input, `ASSAY_PASSWORD` and `ASSAY_NEW_PASSWORD`, or the terminal. */
export function changedKeyPasswords(flags: PasswordFlags): { old: PasswordSource; fresh: PasswordSource } {
  const lines = linesFor(flags);
  return {
    old: passwordSource({ variables: KEY_VARIABLES, lines, isNew: false }),
    fresh: passwordSource({ variables: ["ASSAY_NEW_PASSWORD"], lines, isNew: true }),
  };
}

/**
 * A source of passwords. Only a variable that is set to nothing gives the empty password: a key pressed too early or
 * a secret that did not arrive must not leave a key unprotected.
 *
 * @returns a source that throws keys/no-password where there is none, keys/password-mismatch where two typings differ
 */
export function passwordSource({ variables, lines, isNew }: PasswordOptions): PasswordSource {
  return async (subject) => {
    if (lines !== null) return notEmpty(await lines.next(), subject);
    for (const name of variables) {
      const value = process.env[name];
      if (value !== undefined) return value;
    }
    const typed = await askSecret(isNew ? `New password for ${subject}: ` : `Password for ${subject}: `);
    if (typed === null) throw noPassword(`no password was given for ${subject}`, variables);
    if (isNew && typed !== (await askSecret("The same again: "))) {
      throw new Failure("keys/password-mismatch", "the two passwords typed are not the same");
    }
    return notEmpty(typed, subject);
  };

  function notEmpty(password: string | undefined, subject: string): string {
    if (password === undefined || password === "") {
      throw noPassword(`the password given for ${subject} is empty`, variables);
    }
    return password;
  }
}

/** Standard input as passwords, one a line, in the order they are asked for. */
export class PasswordLines {
  readonly #input: AsyncIterable<unknown>;
  #lines: string[] | null = null;

  constructor(input: AsyncIterable<unknown>) {
    this.#input = input;
  }

  async next(): Promise<string | undefined> {
    this.#lines ??= await readLines(this.#input);
    return this.#lines.shift();
  }
}

async function readLines(input: AsyncIterable<unknown>): Promise<string[]> {
  let text = "";
  for await (const chunk of input) {
    text += String(chunk);
    if (text.length > MAX_STDIN_BYTES) {
      throw new Failure("keys/no-password", `standard input has more than ${MAX_STDIN_BYTES} bytes`);
    }
  }
  return text.split("\n").map((line) => line.replace(/\r$/, ""));
}

/** The lines of one run: whoever asks next gets the next one. */
const linesOf = new WeakMap<PasswordFlags, PasswordLines>();

function linesFor(flags: PasswordFlags): PasswordLines | null {
  if (!flags["password-stdin"]) return null;
  const lines = linesOf.get(flags) ?? new PasswordLines(process.stdin.setEncoding("utf8"));
  linesOf.set(flags, lines);
  return lines;
}

const noPassword = (message: string, variables: readonly string[]): Failure =>
  new Failure("keys/no-password", message, {
    hint: `set ${variables.join(" or ")} (to nothing for the empty password), or give --password-stdin`,
  });
