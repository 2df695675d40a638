import { chmodSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { inspect } from "node:util";

import { expect, test } from "vitest";

import { toBase64 } from "../bytes/base64.ts";
import { toHex } from "../bytes/hex.ts";
import { Failure, type FailureCode } from "../failure.ts";
import { temporaryDirectory } from "../testing/temporary.ts";
import { readSeedFile } from "./seed-file.ts";

const seed = Uint8Array.from({ length: 32 }, (_, at) => at);
function file(text: string, mode = 0o600): string {
  const path = join(temporaryDirectory(), "seed");
  writeFileSync(path, text);
  chmodSync(path, mode);
  return path;
}

test.each([
  ["hex", toHex(seed)],
  ["hex and a line break", `${toHex(seed)}\n`],
  ["base64", toBase64(seed)],
  ["base64 and a line break", `${toBase64(seed)}\n`],
])("a seed is read from %s", async (_, text) => {
  expect(await readSeedFile(file(text))).toEqual(seed);
});

test.each<[string, string, FailureCode]>([
  ["a short seed", file(toHex(seed.subarray(1))), "log/malformed-seed"],
  ["a long seed in base64", file(toBase64(new Uint8Array(33))), "log/malformed-seed"],
  ["capitals", file(toHex(seed).toUpperCase()), "log/malformed-seed"],
  ["raw bytes", file(Buffer.from(seed).toString("latin1")), "log/malformed-seed"],
  ["nothing", file(""), "log/malformed-seed"],
  ["a file for others to read", file(toHex(seed), 0o640), "log/seed-too-open"],
  ["a file that is not there", join(temporaryDirectory(), "none"), "files/missing"],
])("%s is no seed", async (_, path, code) => {
  await expect(readSeedFile(path)).rejects.toThrow(expect.objectContaining({ code }));
});

test("a failure never quotes the seed", async () => {
  const failure: unknown = await readSeedFile(file(`${toHex(seed)}0`)).catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(Failure);
  expect(inspect(failure, { depth: null })).not.toContain("000102");
});
