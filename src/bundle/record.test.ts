import { expect, test } from "vitest";

import { MemoryLog, testKey } from "../testing/bundles.ts";
import { parseEntryBody } from "./entry.ts";
import { type LogEntry } from "./log-entry.ts";
import { type Recorder, recordSigned } from "./record.ts";
import { signStatement } from "./sign.ts";
import { type Statement } from "./statement.ts";

const key = testKey();
const statement = (name: string): Statement => ({
  subjects: [{ name, digest: { sha256: "0".repeat(64) } }],
  predicateType: "https://example.com/p",
  predicate: {},
});
const signed = [await signStatement(statement("a"), key), await signStatement(statement("b"), key)];

/** A log that answers with what `twist` makes of its true answer. */
function recorder(twist: (entries: readonly LogEntry[], log: MemoryLog) => readonly LogEntry[]): Recorder {
  const log = new MemoryLog();
  return {
    log: log.trusted,
    append: (batch) =>
      Promise.resolve(
        twist(
          batch.map(({ body }) => log.append(body)),
          log,
        ),
      ),
  };
}

test("each bundle has the entry of its own signature", async () => {
  const bundles = await recordSigned(
    signed,
    recorder((entries) => entries),
  );
  expect(bundles.map(({ entries }) => entries.map(({ logIndex }) => logIndex))).toEqual([[0], [1]]);
});

test("without a log the bundles have no entry", async () => {
  const bundles = await recordSigned(signed, null);
  expect(bundles.map(({ entries }) => entries)).toEqual([[], []]);
});

test.each<[string, Parameters<typeof recorder>[0]]>([
  ["nothing", () => []],
  ["one entry for two", (entries) => entries.slice(0, 1)],
  ["the entries in another order", (entries) => entries.toReversed()],
  ["no proof", (entries) => entries.map((entry) => ({ ...entry, proof: null }))],
  [
    "the entries of another log",
    (entries) => entries.map(({ body }) => new MemoryLog("other.example.com").append(body)),
  ],
  [
    "a proof for another entry",
    (entries, log) => entries.map((entry, at) => ({ ...log.prove(1 - at), body: entry.body })),
  ],
  [
    "an entry of another signature",
    (entries, log) => entries.map(({ body }) => log.append({ ...parseEntryBody(body), signature: Uint8Array.of(1) })),
  ],
])("an answer of %s is not believed", async (_, twist) => {
  await expect(recordSigned(signed, recorder(twist))).rejects.toMatchObject({ code: "bundle/unproven-entry" });
});
