import { chmodSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { expect, test } from "vitest";

import { temporaryDirectory } from "../testing/temporary.ts";
import { createFile, replaceFile } from "./write.ts";

const code = (wanted: string): unknown => expect.objectContaining({ code: wanted });
const modeOf = (path: string): number => statSync(path).mode % 0o1000;

test("a file is created with the mode asked for", async () => {
  const directory = temporaryDirectory();
  await createFile(join(directory, "secret"), "s", 0o600);
  await createFile(join(directory, "public"), "p");
  expect([modeOf(join(directory, "secret")), modeOf(join(directory, "public"))]).toEqual([0o600, 0o644]);
});

test("an existing file is never created over, and nothing is left beside it", async () => {
  const directory = temporaryDirectory();
  const path = join(directory, "kept");
  writeFileSync(path, "old");
  await expect(createFile(path, "new")).rejects.toThrow(code("files/exists"));
  expect(readFileSync(path, "utf8")).toBe("old");
  expect(readdirSync(directory)).toEqual(["kept"]);
});

test("a file is replaced whole", async () => {
  const directory = temporaryDirectory();
  const path = join(directory, "replaced");
  writeFileSync(path, "old and longer");
  await replaceFile(path, "new");
  expect(readFileSync(path, "utf8")).toBe("new");
  expect(readdirSync(directory)).toEqual(["replaced"]);
});

test("a directory that is not there is a failure", async () => {
  await expect(replaceFile(join(temporaryDirectory(), "absent", "file"), "x")).rejects.toThrow(
    code("files/unwritable"),
  );
});

test.skipIf(process.getuid?.() === 0)("a directory that may not be written is a failure", async () => {
  const directory = temporaryDirectory();
  chmodSync(directory, 0o500);
  await expect(replaceFile(join(directory, "file"), "x")).rejects.toThrow(code("files/unwritable"));
});
