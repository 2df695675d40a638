import { openSync, writeSync } from "node:fs";
import { isatty, ReadStream } from "node:tty";

import { oneLine } from "./output.ts";

/** What one key press, or one paste, made of a line that is typed unseen. */
export type LineState = "open" | "entered" | "ended" | "interrupted";

const INTERRUPT = "\u0003";
const END = "\u0004";
const ERASE = new Set(["\u007f", "\b"]);
const ERASE_LINE = "\u0015";
const ENTER = new Set(["\r", "\n"]);
/** Passwords are shorter; a line that never ends is not one. */
const MAX_CHARACTERS = 4096;

/** A line typed in raw mode, with the editing that the terminal's own line discipline would have offered. */
export class SecretLine {
  #characters: string[] = [];

  get text(): string {
    return this.#characters.join("");
  }

  /** Takes what was typed, up to the character that ends the line. */
  type(input: string): LineState {
    for (const character of input) {
      if (ENTER.has(character)) return "entered";
      if (character === INTERRUPT) return "interrupted";
      if (character === END) return this.#characters.length === 0 ? "ended" : "entered";
      if (character === ERASE_LINE) this.#characters = [];
      else if (ERASE.has(character)) this.#characters.pop();
      else if (character >= " " && this.#characters.length < MAX_CHARACTERS) this.#characters.push(character);
    }
    return "open";
  }
}

/** Whether a person is there to be asked: somebody sees standard error, or types standard input. */
export const hasTerminal = (): boolean => process.stderr.isTTY || process.stdin.isTTY;

/**
 * Asks on the controlling terminal, whatever the standard streams are, without echo. Ctrl-C restores the terminal and
 * ends the process as it would have outside the prompt.
 *
 * @returns what was typed, or null where there is no terminal or it was closed
 */
export async function askSecret(question: string): Promise<string | null> {
  if (!hasTerminal()) return null;
  const terminal = openTerminal();
  if (terminal === null) return null;
  const input = new ReadStream(terminal).setEncoding("utf8");
  const line = new SecretLine();
  let state: LineState;
  input.setRawMode(true);
  try {
    writeSync(terminal, oneLine(question));
    state = await typed(input, line);
    writeSync(terminal, "\n");
  } finally {
    input.setRawMode(false);
    input.destroy();
  }
  if (state === "interrupted") process.kill(process.pid, "SIGINT");
  return state === "entered" ? line.text : null;
}

const typed = (input: ReadStream, line: SecretLine): Promise<LineState> =>
  new Promise((resolve) => {
    input.on("data", (text) => {
      const state = line.type(String(text));
      if (state !== "open") resolve(state);
    });
    // A terminal that hangs up has typed nothing.
    input.once("error", () => resolve("ended"));
    input.once("end", () => resolve("ended"));
  });

function openTerminal(): number | null {
  try {
    const file = openSync("/dev/tty", "r+");
    return isatty(file) ? file : null;
  } catch {
    // No controlling terminal: ENXIO, ENOENT or EACCES. The caller reports what else it could have used.
    return null;
  }
}
