import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { expect, test } from "vitest";

import { assay } from "../../src/testing/assay.ts";
import { temporaryDirectory } from "../../src/testing/temporary.ts";
import { TEST_SEED } from "../../src/testing/test-log.ts";

const SEED = Buffer.from(TEST_SEED).toString("hex");
const create = (cwd: string, argv: readonly string[], env: Record<string, string> = {}) =>
  assay(["log", "create", "log", "--origin", "log.example.com", "--lock", "locks.db", ...argv], { cwd, env });
const sign = (cwd: string, argv: readonly string[], env: Record<string, string>) =>
  assay(["sign", "blob", "file", "--key", "assay.key", "--log", "log", "--lock", "locks.db", ...argv], { cwd, env });

test("a seed that is kept elsewhere is not kept in the log", async () => {
  const cwd = temporaryDirectory();
  writeFileSync(join(cwd, "seed.hex"), `${SEED}\n`, { mode: 0o600 });
  const { status, stdout, stderr } = await create(cwd, ["--seed-file", "seed.hex", "--json"]);
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
  expect(JSON.parse(stdout)).toMatchObject({ seed: "seed.hex", directory: "log" });
  expect(existsSync(join(cwd, "log", "seed"))).toBe(false);
  writeFileSync(join(cwd, "file"), "contents");
  await assay(["key", "create"], { cwd, env: { ASSAY_PASSWORD: "key" } });
  expect(await sign(cwd, ["--seed-file", "seed.hex"], { ASSAY_PASSWORD: "key" })).toMatchObject({ status: 0 });
  const without = await sign(cwd, [], { ASSAY_PASSWORD: "key" });
  expect(without).toMatchObject({ status: 5, stderr: expect.stringContaining("files/missing") });
});

test("the seed never leaves the directory in clear", async () => {
  const cwd = temporaryDirectory();
  writeFileSync(join(cwd, "seed.hex"), SEED, { mode: 0o600 });
  const outputs = [await create(cwd, ["--seed-file", "seed.hex"])];
  for (const argv of [["status"], ["audit"], ["export", "--out", "copy"]]) {
    outputs.push(await assay(["log", argv[0] ?? "", "log", ...argv.slice(1), "--lock", "locks.db", "--json"], { cwd }));
  }
  expect(outputs.map(({ status }) => status)).toEqual([0, 0, 0, 0]);
  const files = ["log", "copy"].flatMap((directory) =>
    readdirSync(join(cwd, directory), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => readFileSync(join(entry.parentPath, entry.name))),
  );
  expect(files.length).toBeGreaterThan(10);
  const said = outputs.map(({ stdout, stderr }) => Buffer.from(stdout + stderr));
  for (const bytes of [...files, ...said]) {
    expect(bytes.includes(SEED)).toBe(false);
    expect(bytes.includes(Buffer.from(TEST_SEED))).toBe(false);
  }
});

test("a log has a password of its own, or else that of the key", async () => {
  const cwd = temporaryDirectory();
  writeFileSync(join(cwd, "file"), "contents");
  await assay(["key", "create"], { cwd, env: { ASSAY_PASSWORD: "key" } });
  expect(await create(cwd, [], { ASSAY_LOG_PASSWORD: "log" })).toMatchObject({ status: 0 });
  expect(await sign(cwd, [], { ASSAY_PASSWORD: "key", ASSAY_LOG_PASSWORD: "log" })).toMatchObject({ status: 0 });
  const wrong = await sign(cwd, [], { ASSAY_PASSWORD: "key" });
  expect(wrong).toMatchObject({ status: 4, stderr: expect.stringContaining("keys/wrong-password") });
});

test("nothing is asked for a log that cannot be made", async () => {
  const cwd = temporaryDirectory();
  writeFileSync(join(cwd, "log"), "");
  // No password anywhere: it would fail for that otherwise.
  expect(await create(cwd, [])).toMatchObject({ status: 6, stderr: expect.stringContaining("log/exists") });
  const readable = join(cwd, "seed.hex");
  writeFileSync(readable, SEED, { mode: 0o644 });
  const open = await assay(["log", "create", "l", "--origin", "a.example", "--seed-file", readable], { cwd });
  expect(open).toMatchObject({ status: 4, stderr: expect.stringContaining("log/seed-too-open") });
});
