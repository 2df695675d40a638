import fc from "fast-check";
import { expect, test } from "vitest";

import { distance, unknownCommand } from "./unknown-command.ts";

const config = {
  commandIDs: ["inspect", "key:create", "key:show", "log:audit", "log:create", "record"],
  topics: [{ name: "key" }, { name: "log" }],
};

test.each([
  ["a topic mistyped", ["lgo"], 'there is no command "lgo"', 'did you mean "log"?'],
  ["a topic mistyped before its command", ["lgo", "audit"], 'there is no command "lgo"', 'did you mean "log audit"?'],
  ["a command mistyped", ["key", "shwo", "a.pub"], 'there is no command "key shwo"', 'did you mean "key show"?'],
  ["a command without topic mistyped", ["reocrd", "m.json"], 'there is no command "reocrd"', 'did you mean "record"?'],
  ["flags behind it", ["inspct", "--json"], 'there is no command "inspct"', 'did you mean "inspect"?'],
  ["nothing alike", ["wibble"], 'there is no command "wibble"', "add --help to see the commands"],
  ["a topic is no answer to itself", ["log", "x"], 'there is no command "log x"', "add --help to see the commands"],
])("%s", (_, argv, message, hint) => {
  expect(unknownCommand(config, argv)).toMatchObject({ message, suggestions: [hint], oclif: { exit: 2 } });
});

test.each([[["inspect", "a"]], [["log", "create", "x"]], [["log"]], [["--version"]], [[]]])("%j is known", (argv) => {
  expect(unknownCommand(config, argv)).toBeUndefined();
});

test.each([
  ["", "", 0],
  ["log", "log", 0],
  ["lgo", "log", 1],
  ["lo", "log", 1],
  ["logs", "log", 1],
  ["kog", "log", 1],
  ["kitten", "sitting", 3],
  ["ca", "abc", 3],
])("from %j to %j are %i mistakes", (from, to, mistakes) => {
  expect(distance(from, to)).toBe(mistakes);
});

test("the number of mistakes is the same both ways, and never more than the longer word has letters", () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 20 }), fc.string({ maxLength: 20 }), (a, b) => {
      expect(distance(a, b)).toBe(distance(b, a));
      expect(distance(a, b)).toBeLessThanOrEqual(Math.max(a.length, b.length));
      expect(distance(a, b) === 0).toBe(a === b);
    }),
  );
});
