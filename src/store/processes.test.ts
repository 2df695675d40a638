import { spawn } from "node:child_process";
import { join } from "node:path";

import { expect, test } from "vitest";

import { auditLog } from "../log/audit.ts";
import { newTestLog } from "../testing/test-log.ts";
import { readEmbeddedLog } from "./embedded-log.ts";

const WRITER = join(import.meta.dirname, "../testing/log-writer.ts");
const PROCESSES = 8;
const ENTRIES = 40;

test("eight processes append at once, and nothing is lost", async () => {
  const { directory, lockPath } = await newTestLog();
  const answers = await Promise.all(
    Array.from({ length: PROCESSES }, (_, at) => write([directory, lockPath, `writer ${at}`, `${ENTRIES}`, "5"])),
  );
  const acknowledged = new Map(answers.flat());
  expect(acknowledged.size).toBe(PROCESSES * ENTRIES);
  expect(new Set(acknowledged.values()).size).toBe(PROCESSES * ENTRIES);
  using log = readEmbeddedLog(directory, lockPath);
  expect(await auditLog(log.ports, log)).toMatchObject({ problems: [], entries: PROCESSES * ENTRIES, pending: 0 });
});

/** Runs a writer; what it was answered: texts and indexes. */
function write(args: readonly string[]): Promise<[string, number][]> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [WRITER, ...args], { stdio: ["ignore", "pipe", "inherit"] });
    let output = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => (output += text));
    child.once("error", reject).once("close", (status) => {
      if (status !== 0) return reject(new Error(`a writer ended with status ${status}`));
      const answers = output
        .trim()
        .split(/[\n,]/)
        .map((answer) => answer.split("="));
      return resolve(answers.map(([text = "", index]) => [text, Number(index)]));
    });
  });
}
