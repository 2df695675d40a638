import { expect, test } from "vitest";

import { type FailureCode } from "../failure.ts";
import { CompactRange } from "../merkle/compact-range.ts";
import { leafHash } from "../merkle/hash.ts";
import { MemoryLog, newMemoryLog, testIdentity } from "../testing/memory-log.ts";
import { uncheckedSubmission } from "../testing/submissions.ts";
import { auditLog } from "./audit.ts";
import { signTree } from "./commit.ts";
import { openLog } from "./log.ts";
import { restoreLog } from "./restore.ts";

const identity = testIdentity();
const log = { key: identity.signer.key, logId: identity.logId };
const entries = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, at) => uncheckedSubmission(`entry ${from + at}`));

/** A log of 257 entries that grew from 255: {@link older} is it as it was then. */
const older = await newMemoryLog();
await (await openLog(older, identity)).append(entries(0, 255));
const sound = older.clone();
await (await openLog(sound, identity)).append(entries(255, 257));

/** What a log with other entries signed at the same size. */
const otherNote = signTree(identity.signer, 257, leafHash(new Uint8Array(1)));

const hold = (ports: MemoryLog, note: string | null): void => {
  ports.held.clear();
  if (note !== null) ports.held.set(Buffer.from(log.logId).toString("hex"), note);
};
const noteOf = (ports: MemoryLog): string => ports.checkpoint ?? expect.fail("nothing is published");

test("a sound log opens, signs nothing and changes nothing", async () => {
  const ports = sound.clone();
  await openLog(ports, identity);
  expect(ports.checkpoint).toBe(sound.checkpoint);
  expect(ports.held).toEqual(sound.held);
});

test("an older published checkpoint is replaced by the one in the lock", async () => {
  const ports = sound.clone();
  for (const published of [older.checkpoint, null]) {
    ports.checkpoint = published;
    await openLog(ports, identity);
    expect(ports.checkpoint).toBe(sound.checkpoint);
  }
});

/** Each leaves a log that must not sign, and what `audit` says of it. */
const DAMAGE: readonly [string, (ports: MemoryLog) => void, FailureCode, readonly FailureCode[]][] = [
  ["no lock, as in a copied directory", (ports) => hold(ports, null), "log/no-lock", ["log/no-lock"]],
  [
    "a lock older than what is published",
    (ports) => hold(ports, noteOf(older)),
    "log/rolled-back",
    ["log/rolled-back"],
  ],
  [
    "a whole directory older than the lock",
    (ports) => {
      Object.assign(ports, { edge: older.edge, checkpoint: older.checkpoint });
      ports.stored.splice(255);
    },
    "log/rolled-back",
    ["log/rolled-back"],
  ],
  [
    "entries older than the lock",
    (ports) => {
      ports.edge = older.edge;
      ports.stored.splice(255);
    },
    "log/rolled-back",
    ["log/rolled-back"],
  ],
  ["a lock with another tree of its size", (ports) => hold(ports, otherNote), "log/forked", ["log/forked"]],
  [
    "another tree published",
    (ports) => {
      ports.checkpoint = otherNote;
    },
    "log/forked",
    ["log/forked"],
  ],
  [
    "a tile missing at the edge",
    (ports) => {
      ports.tileBytes.delete("tile/0/001.p/1");
    },
    "log/rolled-back",
    ["log/no-tile"],
  ],
  [
    "a tile damaged at the edge",
    (ports) => {
      ports.tileBytes.set("tile/1/000.p/1", new Uint8Array(32));
    },
    "log/forked",
    ["log/tile-conflict"],
  ],
  [
    "a bundle damaged at the edge",
    (ports) => {
      ports.tileBytes.set("tile/entries/001.p/1", Uint8Array.of(0, 1, 7));
    },
    "log/forked",
    ["log/tile-conflict"],
  ],
  [
    "an edge that is not the tree's",
    (ports) => {
      ports.edge = { ...ports.edge, hashes: ports.edge.hashes.toReversed() };
    },
    "log/forked",
    ["log/inconsistent"],
  ],
];

test.each(DAMAGE)("%s: nothing is signed", async (_, damage, code, found) => {
  const ports = sound.clone();
  damage(ports);
  const [held, published] = [[...ports.held.values()], ports.checkpoint];
  await expect(openLog(ports, identity)).rejects.toThrow(expect.objectContaining({ code }));
  expect([[...ports.held.values()], ports.checkpoint]).toEqual([held, published]);
  const { problems } = await auditLog(ports, log);
  expect([...new Set(problems.map((problem) => problem.code))]).toEqual(found);
});

test("a log that was open notices before it signs", async () => {
  for (const [, damage, code] of DAMAGE.slice(0, 5)) {
    const ports = sound.clone();
    const writer = await openLog(ports, identity);
    damage(ports);
    await expect(writer.append(entries(257, 258))).rejects.toThrow(expect.objectContaining({ code }));
  }
});

test("a stored leaf hash that is not its entry's is not signed", async () => {
  const ports = sound.clone();
  const added = [{ body: new Uint8Array([1]), leafHash: leafHash(new Uint8Array([2])), envelope: null }];
  const range = CompactRange.from(257, ports.edge.hashes);
  range.append(leafHash(new Uint8Array([2])));
  await ports.entries.append(added, { treeSize: 258, hashes: range.hashes }, new Map());
  await expect(openLog(ports, identity)).rejects.toThrow(expect.objectContaining({ code: "log/inconsistent" }));
});

/** A flipped bit between memory and disk, in each kind of file. */
test.each(["tile/entries/001.p/2", "tile/0/001.p/2"])(
  "what is read back of %s is checked before signing",
  async (path) => {
    const ports = sound.clone();
    const writer = await openLog(ports, identity);
    const { tiles } = ports;
    const writeTiles: typeof tiles.writeTiles = async (files, replace) => {
      await tiles.writeTiles(files, replace);
      ports.tileBytes.set(
        path,
        (ports.tileBytes.get(path) ?? expect.fail(path)).map((byte, at) => (at === 40 ? byte ^ 1 : byte)),
      );
    };
    const flipping = await openLog({ ...portsOf(ports), tiles: { ...tiles, writeTiles } }, identity);
    await expect(flipping.append(entries(257, 258))).rejects.toThrow(
      expect.objectContaining({ code: "log/inconsistent" }),
    );
    expect(ports.checkpoint).toBe(sound.checkpoint);
    // The entry was stored; the next writer writes its tiles again, and signs.
    const [again] = await writer.append(entries(257, 258));
    expect(again?.logIndex).toBe(257);
    expect((await auditLog(ports, log)).problems).toEqual([]);
  },
);

test("a lost race in the lock signs nothing twice", async () => {
  const ports = sound.clone();
  const writer = await openLog(ports, identity);
  // Another machine, with a mutex of its own.
  const swapCheckpoint: typeof ports.lock.swapCheckpoint = async (logId, held, note) => {
    hold(ports, otherNote);
    await ports.lock.swapCheckpoint(logId, held, note);
  };
  const racing = await openLog({ ...portsOf(ports), lock: { ...ports.lock, swapCheckpoint } }, identity);
  await expect(racing.append(entries(257, 258))).rejects.toThrow(expect.objectContaining({ code: "log/lost-race" }));
  await expect(writer.append(entries(257, 258))).rejects.toThrow(expect.objectContaining({ code: "log/forked" }));
});

const restore = (ports: MemoryLog, note: string) => restoreLog(ports, log, note);

test.each([
  ["the newest checkpoint", noteOf(sound)],
  ["an older one", noteOf(older)],
])("a copied directory signs again after it was shown %s", async (_, note) => {
  const ports = sound.clone();
  hold(ports, null);
  expect(await restore(ports, note)).toMatchObject({
    lockCreated: true,
    tilesWritten: 0,
    checkpoint: { treeSize: 257 },
  });
  const [next] = await (await openLog(ports, identity)).append(entries(257, 258));
  expect(next?.logIndex).toBe(257);
  expect((await auditLog(ports, log)).problems).toEqual([]);
});

test("missing and damaged tiles are written from the entries", async () => {
  const ports = sound.clone();
  ports.tileBytes.set("tile/0/000", new Uint8Array(8192));
  ports.tileBytes.delete("tile/entries/001.p/1");
  expect(await restore(ports, noteOf(sound))).toMatchObject({ tilesWritten: 2, lockCreated: false });
  expect((await auditLog(ports, log)).problems).toEqual([]);
});

test("a lock behind what was published is brought forward", async () => {
  const ports = sound.clone();
  hold(ports, noteOf(older));
  await restore(ports, noteOf(older));
  expect([...ports.held.values()]).toEqual([sound.checkpoint]);
});

test.each<[string, MemoryLog, string, FailureCode]>([
  ["a checkpoint newer than the entries", older, noteOf(sound), "log/rolled-back"],
  ["a checkpoint of another tree", sound, otherNote, "log/forked"],
  [
    "another log's checkpoint",
    sound,
    signTree(testIdentity("b.example").signer, 257, leafHash(new Uint8Array())),
    "note/unknown-key",
  ],
  ["a checkpoint with a broken signature", sound, noteOf(sound).replace("\n257\n", "\n256\n"), "note/bad-signature"],
])("%s restores nothing", async (_, from, note, code) => {
  const ports = from.clone();
  hold(ports, null);
  ports.tileBytes.delete("tile/0/000");
  const before = ports.tileBytes.size;
  await expect(restore(ports, note)).rejects.toThrow(expect.objectContaining({ code }));
  expect(ports.held.size).toBe(0);
  expect(ports.tileBytes.size).toBe(before);
});

const portsOf = ({ entries: store, tiles, lock, mutex }: MemoryLog) => ({ entries: store, tiles, lock, mutex });
