import { readFileSync } from "node:fs";
import { join } from "node:path";

import { Config } from "@oclif/core/config";
import { expect, test } from "vitest";

import { ROOT, sourceOptions } from "./testing/source.ts";

const config = await Config.load(sourceOptions(["completion"]));

/** The `assay …` lines of README's code blocks, and of the commands' own examples. */
function shownCommands(): readonly string[] {
  const blocks = [...readFileSync(join(ROOT, "README.md"), "utf8").matchAll(/^```[a-z]*\n([^]*?)^```/gm)];
  const lines = blocks.flatMap(([, block = ""]) => block.replaceAll(/\\\n\s*/g, "").split("\n"));
  const examples = config.commands.flatMap(({ id, examples = [] }) =>
    examples.map((example) =>
      (typeof example === "string" ? example : example.command)
        .replaceAll("<%= config.bin %>", "assay")
        .replaceAll("<%= command.id %>", id.replaceAll(":", " ")),
    ),
  );
  return [...lines, ...examples].flatMap((line) => /\bassay [a-z][^#|>)]*/.exec(line)?.[0].trim() ?? []);
}

/** What is wrong with a command line, as far as its names go. */
function complaints(line: string): string[] {
  const [, ...words] = line.match(/(?:'[^']*'|"[^"]*"|[^\s'"]+)+/g) ?? [];
  const command = config.commands
    .filter(({ id }) => ` ${words.join(" ")} `.startsWith(` ${id.replaceAll(":", " ")} `))
    .toSorted((a, b) => b.id.length - a.id.length)[0];
  if (command === undefined) return ["names no command"];
  const rest = words.slice(command.id.split(":").length);
  const found: string[] = [];
  let positional = 0;
  for (let at = 0; at < rest.length; at += 1) {
    const word = rest[at] ?? "";
    const flag = Object.values(command.flags).find(({ name, char }) => word === `--${name}` || word === `-${char}`);
    if (flag !== undefined) at += flag.type === "option" ? 1 : 0;
    else if (word.startsWith("-")) found.push(`has no flag ${word}`);
    else if (word !== "…") positional += 1;
  }
  const most = command.strict === false ? Infinity : Object.keys(command.args).length;
  return positional > most ? [...found, `takes ${most} arguments, not ${positional}`] : found;
}

test.each(shownCommands())("%s", (line) => {
  expect(complaints(line)).toEqual([]);
});

test("what is wrong is seen", () => {
  expect(complaints("assay log prove log 7")).toEqual(["takes 1 arguments, not 2"]);
  expect(complaints("assay log prove log --number 7")).toContain("has no flag --number");
  expect(complaints("assay lgo")).toEqual(["names no command"]);
});
