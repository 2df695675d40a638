import { expect, test } from "vitest";

import { Failure, type FailureCode } from "../failure.ts";
import { type StoredEntry } from "./entry-store.ts";
import { MemoryLog, newMemoryLog, testIdentity } from "../testing/memory-log.ts";
import { statementSubmission, uncheckedSubmission } from "../testing/submissions.ts";
import { auditLog, MAX_PROBLEMS } from "./audit.ts";
import { openLog } from "./log.ts";

const identity = testIdentity();
const audit = (ports: MemoryLog, key = identity.signer.key) => auditLog(ports, { key, logId: identity.logId });
const sound = await newMemoryLog();
await (
  await openLog(sound, identity)
).append([
  ...Array.from({ length: 256 }, (_, at) => uncheckedSubmission(`entry ${at}`)),
  statementSubmission("one"),
  statementSubmission("two"),
]);

test("a sound log has no problems", async () => {
  expect(await audit(sound)).toMatchObject({
    problems: [],
    checkpoint: { treeSize: 258 },
    lockedSize: 258,
    entries: 258,
    disclosed: 2,
    pending: 0,
    tiles: 5,
  });
});

test("progress goes to the end", async () => {
  const seen: number[] = [];
  await auditLog(sound, { key: identity.signer.key, logId: identity.logId }, (done, total) => {
    expect(total).toBe(258);
    seen.push(done);
  });
  expect(seen).toEqual([256, 258]);
});

const edit = (ports: MemoryLog, index: number, change: (entry: StoredEntry) => StoredEntry): void => {
  const entry = ports.stored[index];
  if (entry !== undefined) ports.stored[index] = change(entry);
};
const flip = (bytes: Uint8Array): Uint8Array => bytes.map((byte, at) => (at === 9 ? (byte + 1) % 256 : byte));

test.each<[string, (ports: MemoryLog) => void, FailureCode]>([
  [
    "an entry changed",
    (ports) => edit(ports, 3, (entry) => ({ ...entry, body: flip(entry.body) })),
    "log/inconsistent",
  ],
  ["an entry gone", (ports) => ports.stored.splice(7, 1), "log/inconsistent"],
  ["two entries swapped", (ports) => ports.stored.splice(0, 2, ...ports.stored.slice(0, 2).toReversed()), "log/forked"],
  [
    "an envelope of another entry",
    (ports) => edit(ports, 256, (entry) => ({ ...entry, envelope: ports.stored[257]?.envelope ?? null })),
    "log/invalid-entry",
  ],
  [
    "an envelope under another digest",
    (ports) =>
      edit(ports, 256, (entry) => ({
        ...entry,
        envelope: entry.envelope && { ...entry.envelope, paeDigest: new Uint8Array(32) },
      })),
    "log/inconsistent",
  ],
  ["a full tile changed", (ports) => ports.tileBytes.set("tile/0/000", new Uint8Array(8192)), "log/tile-conflict"],
  [
    "a full bundle cut short",
    (ports) => ports.tileBytes.set("tile/entries/000", new Uint8Array(9)),
    "log/tile-conflict",
  ],
  ["a partial tile gone", (ports) => ports.tileBytes.delete("tile/1/000.p/1"), "log/no-tile"],
  ["nothing published", (ports) => Object.assign(ports, { checkpoint: null }), "log/missing"],
  ["a published text that is no note", (ports) => Object.assign(ports, { checkpoint: "hello" }), "note/malformed"],
  ["no lock", (ports) => ports.held.clear(), "log/no-lock"],
])("%s is found", async (_, damage, code) => {
  const ports = sound.clone();
  damage(ports);
  const { problems } = await audit(ports);
  expect(problems.map((problem) => problem.code)).toContain(code);
});

test("a partial tile may have been dropped for the full one", async () => {
  const ports = sound.clone();
  const edge = ports.tileBytes.get("tile/0/001.p/2") ?? expect.fail("no partial tile");
  ports.tileBytes.delete("tile/0/001.p/2");
  ports.tileBytes.set("tile/0/001", new Uint8Array([...edge, ...new Uint8Array(8192 - edge.length)]));
  expect((await audit(ports)).problems).toEqual([]);
});

test("another key than the log's finds nothing signed", async () => {
  const { problems } = await audit(sound, testIdentity("other.example").signer.key);
  expect(problems.map((problem) => problem.code)).toEqual(["note/unknown-key", "note/unknown-key"]);
});

test("so many problems are not all told", async () => {
  const ports = sound.clone();
  const ruined = ports.stored.map((entry) => ({
    ...entry,
    envelope: { paeDigest: new Uint8Array(32), bytes: new Uint8Array() },
  }));
  ports.stored.splice(0, ruined.length, ...ruined);
  expect((await audit(ports)).problems).toHaveLength(MAX_PROBLEMS);
});

const readTile = (): Promise<never> => Promise.reject(new Failure("log/unavailable", "the disk does not answer"));

test("what cannot be looked at is no finding", async () => {
  const ports = sound.clone();
  const broken = { entries: ports.entries, lock: ports.lock, tiles: { ...ports.tiles, readTile } };
  const audited = auditLog(broken, { key: identity.signer.key, logId: identity.logId });
  await expect(audited).rejects.toThrow(expect.objectContaining({ code: "log/unavailable" }));
});
