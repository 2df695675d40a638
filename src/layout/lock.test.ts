import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { expect, test } from "vitest";

import { temporaryDirectory } from "../testing/temporary.ts";
import { withLock } from "./lock.ts";

/** The file that stands for this process while it has the lock. */
async function ownFile(): Promise<string> {
  const directory = temporaryDirectory();
  const [name = ""] = await withLock(directory, async () => readdirSync(directory));
  return name;
}

test("one at a time, and nothing is left behind", async () => {
  const directory = temporaryDirectory();
  let inside = 0;
  let most = 0;
  const enter = () =>
    withLock(directory, async () => {
      inside += 1;
      most = Math.max(most, inside);
      await new Promise((resolve) => setTimeout(resolve, 2));
      inside -= 1;
    });
  await Promise.all(Array.from({ length: 8 }, enter));
  expect(most).toBe(1);
  expect(readdirSync(directory)).toEqual([]);
});

test("a failure inside frees the lock", async () => {
  const directory = temporaryDirectory();
  await expect(withLock(directory, () => Promise.reject(new Error("inside")))).rejects.toThrow("inside");
  expect(await withLock(directory, async () => "again")).toBe("again");
});

test.each([
  ["of a process that is gone", (fields: string[]) => fields.with(3, String(spawnSync("true").pid))],
  ["of an elder process with this one's number", (fields: string[]) => fields.with(4, "1")],
])("a file %s is swept away", async (_, change) => {
  const directory = temporaryDirectory();
  const stale = change((await ownFile()).split(".")).join(".");
  writeFileSync(join(directory, stale), "");
  expect(await withLock(directory, async () => existsSync(join(directory, stale)))).toBe(false);
});

test("a file of this process is not taken away, nor one that cannot be judged", async () => {
  const own = await ownFile();
  for (const name of [`${own}0`, own.split(".").with(2, "0123456789abcdef").join(".")]) {
    const directory = temporaryDirectory();
    writeFileSync(join(directory, name), "");
    // The lock is waited for; it is free once its holder is done.
    const waiting = withLock(directory, async () => readdirSync(directory));
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(readdirSync(directory)).toContain(name);
    spawnSync("rm", [join(directory, name)]);
    expect(await waiting).toHaveLength(1);
  }
});

test("whoever never ends is a conflict that names the file", async () => {
  const directory = temporaryDirectory();
  const other = (await ownFile()).split(".").with(2, "0123456789abcdef").join(".");
  writeFileSync(join(directory, other), "");
  await expect(withLock(directory, async () => undefined, 50)).rejects.toMatchObject({
    code: "layout/conflict",
    hint: expect.stringContaining(other),
  });
});
