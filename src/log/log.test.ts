import { describe, expect, test } from "vitest";

import { formatLogEntry, parseLogEntry } from "../bundle/log-entry.ts";
import { toUtf8 } from "../bytes/utf8.ts";
import { leafHash } from "../merkle/hash.ts";
import { verifyInclusion } from "../merkle/inclusion.ts";
import { openCheckpoint } from "../tlog/checkpoint.ts";
import { tilesBetween } from "../tlog/tile.ts";
import { newMemoryLog, testIdentity } from "../testing/memory-log.ts";
import { fileSubmission, statementSubmission } from "../testing/submissions.ts";
import { auditLog } from "./audit.ts";
import { openLog } from "./log.ts";
import { type Submission } from "./submission.ts";

const identity = testIdentity();
const statements = (count: number): readonly Submission[] =>
  Array.from({ length: count }, (_, at) => statementSubmission(`statement ${at}`));
const audit = (ports: Awaited<ReturnType<typeof newMemoryLog>>) =>
  auditLog(ports, { key: identity.signer.key, logId: identity.logId });

describe("appending", () => {
  test("proves each entry in a published checkpoint", async () => {
    const ports = await newMemoryLog();
    const log = await openLog(ports, identity);
    const batch = statements(3);
    for (const part of [batch.slice(0, 1), batch.slice(1)]) {
      for (const { proof, body } of await log.append(part)) {
        expect(proof?.checkpoint).toBe(ports.checkpoint);
        const { rootHash, treeSize } = openCheckpoint(ports.checkpoint ?? "", identity.signer.key);
        if (proof !== null) verifyInclusion(leafHash(body), { ...proof, treeSize }, rootHash);
      }
    }
    expect((await log.status()).checkpoint.treeSize).toBe(3);
  });

  test("answers as Rekor v2 does", async () => {
    const log = await openLog(await newMemoryLog(), identity);
    const [entry] = await log.append(statements(1));
    if (entry === undefined) throw new Error("no answer");
    expect(entry).toMatchObject({ kind: "hashedrekord", version: "0.0.2", integratedTime: 0n, hasPromise: false });
    expect(parseLogEntry(toUtf8(formatLogEntry(entry)))).toEqual(entry);
  });

  test("keeps every tile of every size, until a full one takes its place", async () => {
    const ports = await newMemoryLog();
    const log = await openLog(ports, identity);
    const all = statements(300);
    for (const [start, end] of [
      [0, 1],
      [1, 200],
      [200, 300],
    ] as const)
      await log.append(all.slice(start, end));
    expect([...ports.tileBytes.keys()].toSorted()).toEqual(
      ["tile/0/000", "tile/0/001.p/44", "tile/1/000.p/1", "tile/entries/000", "tile/entries/001.p/44"].toSorted(),
    );
    expect(tilesBetween(0, 300)).toHaveLength(5);
    expect(await audit(ports)).toMatchObject({ problems: [], entries: 300, tiles: 5, disclosed: 300, pending: 0 });
  });

  test("nothing is nothing", async () => {
    const ports = await newMemoryLog();
    const before = ports.checkpoint;
    expect(await (await openLog(ports, identity)).append([])).toEqual([]);
    expect(ports.checkpoint).toBe(before);
  });
});

describe("duplicates", () => {
  test("keep their index, whenever they come, and get a fresh proof", async () => {
    const ports = await newMemoryLog();
    const log = await openLog(ports, identity);
    const batch = statements(300);
    await log.append(batch);
    const [fresh, old, again] = [statements(1)[0], batch[7], batch[7]];
    if (fresh === undefined || old === undefined || again === undefined) throw new Error("no entries");
    const answers = await log.append([old, fresh, fresh, again]);
    expect(answers.map(({ logIndex }) => logIndex)).toEqual([7, 300, 300, 7]);
    expect(answers.map(({ proof }) => proof?.treeSize)).toEqual([301, 301, 301, 301]);
    expect(ports.stored).toHaveLength(301);
  });

  test("alone sign nothing new", async () => {
    const ports = await newMemoryLog();
    const log = await openLog(ports, identity);
    const batch = statements(2);
    await log.append(batch);
    const before = ports.checkpoint;
    const [answer] = await (await openLog(ports, identity)).append(batch.slice(1));
    expect(answer?.proof).toMatchObject({ index: 1, treeSize: 2, checkpoint: before });
    expect(ports.checkpoint).toBe(before);
  });

  test("may disclose what was signed, later", async () => {
    const ports = await newMemoryLog();
    const log = await openLog(ports, identity);
    const { body, envelope } = statementSubmission("kept back");
    await log.append([{ body, envelope: null }]);
    expect(await audit(ports)).toMatchObject({ disclosed: 0, problems: [] });
    await log.append([{ body, envelope }]);
    expect(await audit(ports)).toMatchObject({ disclosed: 1, problems: [] });
  });
});

describe("reading", () => {
  test("proves any entry, and finds it by its leaf", async () => {
    const ports = await newMemoryLog();
    const log = await openLog(ports, identity);
    const batch = [...statements(270), fileSubmission("a file")];
    await log.append(batch);
    for (const index of [0, 255, 256, 270]) {
      const entry = await log.prove(index);
      expect(entry).toMatchObject({ logIndex: index, body: batch[index]?.body });
      expect(await log.findByLeaf(leafHash(entry.body))).toBe(index);
    }
    expect(await log.findByLeaf(leafHash(toUtf8("something else")))).toBeNull();
  });

  test.each([-1, 2, 0.5, Number.NaN, 2 ** 53])("has no entry %s", async (index) => {
    const log = await openLog(await newMemoryLog(), identity);
    await log.append(statements(2));
    await expect(log.prove(index)).rejects.toThrow(expect.objectContaining({ code: "log/no-entry" }));
  });

  test("finds a store and tiles that disagree", async () => {
    const ports = await newMemoryLog();
    const log = await openLog(ports, identity);
    await log.append(statements(3));
    const [first, second, third] = ports.stored;
    if (first === undefined || second === undefined || third === undefined) throw new Error("no entries");
    ports.stored.splice(0, 3, second, first, third);
    await expect(log.prove(0)).rejects.toThrow(expect.objectContaining({ code: "merkle/root-mismatch" }));
    expect((await log.prove(2)).logIndex).toBe(2);
  });
});

describe("two writers", () => {
  test("take turns, and see what the other did", async () => {
    const ports = await newMemoryLog();
    const [one, two] = [await openLog(ports, identity), await openLog(ports, identity)];
    const answers = [];
    for (let turn = 0; turn < 6; turn += 1) {
      answers.push(await Promise.all([one.append(statements(2)), two.append(statements(1))]));
    }
    expect(
      answers
        .flat(2)
        .map(({ logIndex }) => logIndex)
        .toSorted((a, b) => a - b),
    ).toEqual(Array.from({ length: 18 }, (_, at) => at));
    expect(await audit(ports)).toMatchObject({ entries: 18, problems: [] });
  });
});
