import { existsSync, readFileSync } from "node:fs";
import { glob } from "node:fs/promises";
import { join } from "node:path";

import { expect, test } from "vitest";

import { Failure, FAILURES, KINDS, NOTES } from "./failure.ts";
import { codesPage, folderOf } from "./testing/codes.ts";
import { ROOT } from "./testing/source.ts";

const CODES = Object.keys(FAILURES);

/** Expected by no test, and why. */
const UNTESTED: Readonly<Record<string, string>> = {};

const program: string[] = [];
const expectations: string[] = [];
for await (const path of glob(["{src,commands}/**/*.ts", "testdata/**/*.{json,txt}"], { cwd: ROOT })) {
  const isTest = /\.(?:test|contract)\.ts$|\.json$|\.txt$/.test(path) || path.startsWith("src/testing/");
  if (path !== "src/failure.ts" && path !== "src/failure.test.ts") {
    (isTest ? expectations : program).push(readFileSync(join(ROOT, path), "utf8"));
  }
}
/** Whether one of `texts` holds `code`, not as a part of a longer one. */
const isNamed = (code: string, texts: readonly string[]): boolean =>
  texts.some((text) => new RegExp(`(?<![a-z0-9/-])${code}(?![a-z0-9/-])`).test(text));

test("docs/codes.md is the table; `npm run codes` writes it", () => {
  expect(readFileSync(join(ROOT, "docs/codes.md"), "utf8")).toBe(codesPage());
});

test("a code is the name of a folder and what went wrong there", () => {
  const codes = [...CODES, ...Object.keys(NOTES)];
  expect(codes.filter((code) => !/^[a-z0-9]+\/[a-z0-9]+(?:-[a-z0-9]+)*$/.test(code))).toEqual([]);
  expect(CODES.filter((code) => !existsSync(join(ROOT, "src", folderOf(code))))).toEqual([]);
});

test("the codes of a folder stand together", () => {
  const folders = CODES.map(folderOf);
  const starts = folders.filter((folder, index) => folder !== folders[index - 1]);
  expect(starts).toEqual([...new Set(folders)]);
});

test("every code is reported somewhere", () => {
  expect([...CODES, ...Object.keys(NOTES)].filter((code) => !isNamed(code, program))).toEqual([]);
});

test("every code is expected by some test, or it is said why not", () => {
  expect(CODES.filter((code) => !isNamed(code, expectations))).toEqual(Object.keys(UNTESTED));
});

test("kinds have exit statuses of their own, and none is yes, a bug or usage", () => {
  const statuses = Object.values(KINDS).map(({ exit }) => exit);
  expect(statuses).toEqual([3, 4, 5, 6, 7]);
});

test("a failure knows its kind and keeps what caused it", () => {
  const cause = new Error("underneath");
  const failure = new Failure("files/missing", "a is not there", { cause, hint: "look elsewhere" });
  expect(failure).toMatchObject({ code: "files/missing", kind: "missing", hint: "look elsewhere", cause });
  expect(new Failure("files/missing", "a is not there")).not.toHaveProperty("cause");
});
