import { spawn } from "node:child_process";
import { join } from "node:path";

import fc from "fast-check";
import { expect, test } from "vitest";

import { describeProgram } from "../testing/require.ts";
import { SecretLine } from "./terminal.ts";

test.each([
  ["a line", ["secret\r"], "entered", "secret"],
  ["a line in pieces", ["se", "cr", "et\n"], "entered", "secret"],
  ["letters of any script", ["pässwörd😀\r"], "entered", "pässwörd😀"],
  ["an erased letter", ["secrey\u007ft\r"], "entered", "secret"],
  ["an erased letter of two units", ["secret😀\b\r"], "entered", "secret"],
  ["more erased than typed", ["x\u007f\u007f\u007fsecret\r"], "entered", "secret"],
  ["an erased line", ["wrong\u0015secret\r"], "entered", "secret"],
  ["controls between", ["sec\u0000\u001bret\r"], "entered", "secret"],
  ["nothing", ["\r"], "entered", ""],
  ["what follows the end of the line", ["secret\rmore"], "entered", "secret"],
  ["the end of input after letters", ["secret\u0004"], "entered", "secret"],
  ["the end of input at once", ["\u0004"], "ended", ""],
  ["an interrupt", ["sec\u0003ret\r"], "interrupted", "sec"],
  ["a line still open", ["secret"], "open", "secret"],
] as const)("typing %s", (_, inputs, state, text) => {
  const line = new SecretLine();
  expect(inputs.map((input) => line.type(input)).at(-1)).toBe(state);
  expect(line.text).toBe(text);
});

test("a line without end stays bounded", () => {
  const line = new SecretLine();
  line.type("x".repeat(100_000));
  expect(line.text.length).toBeLessThan(10_000);
});

test("text without controls is kept as it is typed, however it is cut", () => {
  fc.assert(
    fc.property(fc.array(fc.string({ unit: "grapheme-ascii" })), (pieces) => {
      const line = new SecretLine();
      for (const piece of pieces) line.type(piece);
      expect(line.text).toBe(pieces.join(""));
    }),
  );
});

/** Prints what was typed. */
const ASK = `
  const { askSecret } = await import(${JSON.stringify(join(import.meta.dirname, "terminal.ts"))});
  console.log(JSON.stringify(await askSecret("Secret: ")));
`;

/** What a terminal shows while `keys` are pressed at the prompt, then the exit status and whether it echoes again. */
function onTerminal(keys: string): Promise<string[]> {
  const command = `'${process.execPath}' --input-type=module --eval "$ASK"; echo $?; stty -a | grep -ow -e '-*echo'`;
  const child = spawn("script", ["-qc", command, "/dev/null"], { env: { ...process.env, ASK }, stdio: "pipe" });
  let shown = "";
  child.stdout.on("data", (chunk) => {
    shown += String(chunk);
    // Not before the prompt: until then the terminal still echoes, as it does for a person who types ahead.
    if (shown.endsWith("Secret: ")) child.stdin.write(keys);
  });
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", () => resolve(shown.trimEnd().split(/[\r\n]+/)));
  });
}

describeProgram("script")("at a terminal", () => {
  test.each([
    ["what is typed is not shown", "p\u00e4ss\r", ["Secret: ", '"p\u00e4ss"', "0", "echo"]],
    ["closing it is typing nothing", "\u0004", ["Secret: ", "null", "0", "echo"]],
    // 128 + SIGINT, as a shell reports it.
    ["Ctrl-C gives it back and ends the process", "half\u0003", ["Secret: ", "130", "echo"]],
  ])("%s", async (_, keys, shown) => {
    expect(await onTerminal(keys)).toEqual(shown);
  });
});
