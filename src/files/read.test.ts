import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { beforeAll, describe, expect, test } from "vitest";

import { temporaryDirectory } from "../testing/temporary.ts";
import { openFileSource, readFileBounded, streamFile } from "./read.ts";

const directory = temporaryDirectory();
const file = join(directory, "ten");
const code = (wanted: string): unknown => expect.objectContaining({ code: wanted });

beforeAll(() => {
  writeFileSync(file, "0123456789");
  mkdirSync(join(directory, "folder"));
});

const drain = async (parts: AsyncIterable<Uint8Array>): Promise<string> => {
  let text = "";
  for await (const part of parts) text += Buffer.from(part).toString();
  return text;
};

describe("a bounded read", () => {
  test("gives the whole of a file that fits", async () => {
    expect(Buffer.from(await readFileBounded(file, 10)).toString()).toBe("0123456789");
  });

  test("refuses one byte more, and cuts nothing off", async () => {
    await expect(readFileBounded(file, 9)).rejects.toThrow(code("files/too-large"));
  });

  test.each([
    ["a file that is not there", "absent", "files/missing"],
    ["a path through a file", "ten/below", "files/missing"],
    ["a directory", "folder", "files/unreadable"],
  ])("of %s is a failure", async (_what, name, wanted) => {
    await expect(readFileBounded(join(directory, name), 10)).rejects.toThrow(code(wanted));
  });

  test("of something without an end stops at the bound", async () => {
    await expect(readFileBounded("/dev/zero", 100)).rejects.toThrow(code("files/too-large"));
  });
});

test("a stream is the file", async () => {
  expect(await drain(streamFile(file))).toBe("0123456789");
});

describe("a source", () => {
  test("reads inside the file", async () => {
    await using source = await openFileSource(file);
    expect(source.size).toBe(10);
    expect(Buffer.from(await source.read(8, 2)).toString()).toBe("89");
  });

  test.each([
    [9, 2],
    [-1, 1],
    [0, 11],
    [0.5, 1],
  ])("refuses offset %d, length %d", async (offset, length) => {
    await using source = await openFileSource(file);
    await expect(source.read(offset, length)).rejects.toThrow(code("bytes/out-of-range"));
  });

  test("of a file that became shorter is a failure, not zeros", async () => {
    const shrinking = join(directory, "shrinking");
    writeFileSync(shrinking, "0123456789");
    await using source = await openFileSource(shrinking);
    writeFileSync(shrinking, "01");
    await expect(source.read(0, 10)).rejects.toThrow(code("files/unreadable"));
  });
});
