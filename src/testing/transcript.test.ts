import { expect, test } from "vitest";

import { fits, parseTranscript } from "./transcript.ts";

test("prose, commands and what they print are told apart", () => {
  const text = "Prose.\n\n$ assay a \\\n    --b\none\ntwo\n\nMore.\n$ cp x y\n\n$ assay c\nexit 4: json/malformed";
  expect(parseTranscript(text)).toEqual([
    { line: 3, command: "assay a --b", expected: ["one", "two"] },
    { line: 9, command: "cp x y", expected: [] },
    { line: 11, command: "assay c", expected: ["exit 4: json/malformed"] },
  ]);
});

test.each([
  ["the same", ["a", "b"], ["a", "b"], true],
  ["another line", ["a"], ["b"], false],
  ["a line more", ["a"], ["a", "b"], false],
  ["a line less", ["a", "b"], ["a"], false],
  ["nothing where something is expected", ["a"], [], false],
  ["something where nothing is expected", [], ["a"], false],
  ["any text in a line", ["a … c"], ["a b c"], true],
  ["no other line for it", ["a …"], ["a", "b"], false],
  ["any lines", ["a", "…", "d"], ["a", "b", "c", "d"], true],
  ["none of them too", ["a", "…", "d"], ["a", "d"], true],
  ["dots as they are", ["a.c"], ["abc"], false],
  ["a status and its code", ["exit 4: json/malformed"], ["error: x", "exit 4: json/malformed"], true],
  ["another code", ["exit 4: json/malformed"], ["error: x", "exit 4: json/too-deep"], false],
  ["a code more", ["exit 3: a/b"], ["exit 3: a/b, c/d"], false],
  ["success where a refusal is expected", ["exit 4: json/malformed"], ["fine"], false],
  ["a refusal where success is expected", ["fine"], ["fine", "exit 4: json/malformed"], false],
])("%s", (_, expected, printed, result) => {
  expect(fits(expected, printed)).toBe(result);
});
