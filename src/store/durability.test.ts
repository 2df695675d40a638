import { cpSync } from "node:fs";
import { join } from "node:path";

import { expect, test } from "vitest";

import { toHex } from "../bytes/hex.ts";
import { auditLog } from "../log/audit.ts";
import { walkEntries } from "../log/walk.ts";
import { DiskModel } from "../testing/disk-model.ts";
import { describeProgram } from "../testing/require.ts";
import { bytesOf, trace, type Traced } from "../testing/strace.ts";
import { uncheckedSubmission } from "../testing/submissions.ts";
import { temporaryDirectory } from "../testing/temporary.ts";
import { TEST_SEED } from "../testing/test-log.ts";
import { openEmbeddedLog, readEmbeddedLog } from "./embedded-log.ts";

const WRITER = join(import.meta.dirname, "../testing/durability-writer.ts");
const MUTATE = join(import.meta.dirname, "../testing/mutate.ts");
/** Singly, to just below a full tile, over its end, and singly again. */
const BATCHES = ["1", "2", "251", "4", "1"];

/** What a writer said before the power went. */
interface Promised {
  readonly created: boolean;
  /** Entries acknowledged, and the roots of the trees that were shown. */
  readonly entries: number;
  readonly roots: ReadonlyMap<number, string>;
}

const NOTHING: Promised = { created: false, entries: 0, roots: new Map() };

function hear(before: Promised, line: string): Promised {
  const [word, entries, root] = line.trim().split(" ");
  if (word === "created") return { ...before, created: true };
  if (word !== "acknowledged" || root === undefined) return before;
  return { created: true, entries: Number(entries), roots: new Map(before.roots).set(Number(entries), root) };
}

/** Never written through a descriptor that counts: SQLite's shared memory, and a file that is only locked. */
const isExempt = (path: string): boolean => path.endsWith("-shm") || path.endsWith("/mutex.db");

/**
 * Follows a trace, and says at each acknowledgement what was not synced; and at each step, what the next process would
 * find had the power gone there.
 *
 * @param root     where it was made
 * @param model    the directory as it was when the trace began
 * @param isPoint  which calls are followed by a power cut
 */
async function follow(
  root: string,
  model: DiskModel,
  { calls }: Traced,
  start: Promised,
  isPoint: (call: number) => boolean,
) {
  const problems: string[] = [];
  let promised = start;
  for (const [at, call] of calls.entries()) {
    const speaks = call.name === "write" && call.args[0] === "1";
    if (speaks) {
      const line = Buffer.from(bytesOf(call.args[1])).toString().trim();
      promised = hear(promised, line);
      problems.push(...tooEarly(root, model, line, promised));
    } else model.apply(call);
    // Only a sync changes what is certain; what is uncertain is most of all between names.
    const cuts = speaks ? [never, sometimes(at)] : isPoint(at) ? (CUTS[call.name] ?? []).map((cut) => cut(at)) : [];
    for (const survives of cuts) {
      const left = temporaryDirectory();
      model.materialize(left, survives);
      const problem = await reopen(left, promised).catch((error: unknown) => String(error));
      if (problem !== null) problems.push(`after call ${at}, ${call.name}: ${problem}`);
    }
  }
  return { problems, promised };
}

/** What is not on the disk yet when a line is said that rests on it. */
function tooEarly(root: string, model: DiskModel, line: string, promised: Promised): string[] {
  if (line.startsWith("failed")) return [];
  const unsynced = model.unsynced(isExempt).map((path) => `"${line}" was said before ${path} was synced`);
  const published = model.durable(join(root, "log", "checkpoint")) ?? new Uint8Array();
  const isPublished = line === "created" || shows(published, promised);
  return isPublished ? unsynced : [...unsynced, `"${line}" was said before it was published`];
}

const CUTS: Readonly<Record<string, readonly ((seed: number) => () => boolean)[]>> = {
  fsync: [() => never],
  fdatasync: [() => never],
  link: [sometimes],
  rename: [sometimes],
};

/** Whether a published checkpoint is of the tree that was promised last. */
function shows(published: Uint8Array, { entries, roots }: Promised): boolean {
  const [, size, root = ""] = Buffer.from(published).toString().split("\n");
  return size === String(entries) && Buffer.from(root, "base64").toString("hex") === roots.get(entries);
}

const never = (): boolean => false;
/** Half of what was not synced survives: always the same half for one seed. */
function sometimes(seed: number): () => boolean {
  let state = seed + 1;
  return () => {
    state = (state * 48_271) % 2_147_483_647;
    return state % 2 === 0;
  };
}

/** Opens what is left and compares it with what was promised; says what is wrong. */
async function reopen(root: string, promised: Promised): Promise<string | null> {
  if (!promised.created) return null;
  const [directory, lockPath] = [join(root, "log"), join(root, "state", "locks.db")];
  using log = await openEmbeddedLog(directory, { seed: TEST_SEED, lockPath });
  using reader = readEmbeddedLog(directory, lockPath);
  const { problems, entries } = await auditLog(reader.ports, log);
  if (problems.length > 0) return JSON.stringify(problems);
  if (entries < promised.entries) return `${entries} entries are left of ${promised.entries}`;
  for (let index = 0; index < promised.entries; index += 1) {
    const [entry] = await reader.ports.entries.readEntries(index, index + 1);
    if (toHex(entry?.body ?? new Uint8Array()) !== toHex(uncheckedSubmission(`entry ${index}`).body)) {
      return `entry ${index} is another one`;
    }
  }
  for await (const { growth } of walkEntries(reader.ports.entries, promised.entries, [...promised.roots.keys()])) {
    const root = promised.roots.get(growth.frontier.treeSize);
    if (root !== undefined && root !== toHex(growth.rootHash)) return "a tree that was shown is not this log's";
  }
  return null;
}

describeProgram("strace")("durability", () => {
  test("everything is synced before it is acknowledged, and survives a power cut at any step", async () => {
    const root = temporaryDirectory();
    const model = new DiskModel(root);
    const traced = await trace([WRITER, root, ...BATCHES]);
    expect(traced.status).toBe(0);
    const { problems, promised } = await follow(root, model, traced, NOTHING, () => true);
    expect(problems).toEqual([]);
    expect([...promised.roots.keys()]).toEqual([1, 3, 254, 258, 259]);
  });

  /** Where each mutant is, what it changes, and into what. */
  test.each<[string, string, string, string]>([
    ["the database not synced", "/store/database.ts", "synchronous = FULL", "synchronous = OFF"],
    ["tiles not synced", "/store/tile-directory.ts", "await file.sync();", ""],
    ["names of tiles not synced", "/store/tile-directory.ts", "syncDirectory(directory)", "Promise.resolve()"],
    ["names of new directories not synced", "/store/directory.ts", "await syncDirectory(directory)", ""],
    ["the checkpoint not synced", "/files/write.ts", "await file.sync();", ""],
    ["the checkpoint's name not synced", "/files/write.ts", "await syncDirectory(dirname(path));", ""],
    [
      "an answer before the entries are stored",
      "/store/sqlite-entries.ts",
      "this.#guarded(() => store.immediate());",
      "setTimeout(() => store.immediate(), 60_000).unref();",
    ],
    [
      "an answer before the lock is swapped",
      "/log/commit.ts",
      "await lock.swapCheckpoint(logId, state.note, note);",
      "setTimeout(() => void lock.swapCheckpoint(logId, state.note, note), 60_000).unref();",
    ],
    [
      "an answer before the checkpoint is published",
      "/log/commit.ts",
      "await tiles.publishCheckpoint(note);",
      "void tiles.publishCheckpoint(note);",
    ],
  ])("a mutant is caught: %s", async (_, ...mutant) => {
    const root = temporaryDirectory();
    const model = new DiskModel(root);
    const env = { ASSAY_MUTANT: JSON.stringify(mutant) };
    const traced = await trace(["--import", MUTATE, WRITER, root, "2", "1"], [], env);
    expect(traced.output).toMatch(/^acknowledged 2 /m);
    const { problems } = await follow(root, model, traced, NOTHING, () => false);
    expect(problems).not.toEqual([]);
  });

  /** A log of 254 entries, to fail on the way over the end of a tile. */
  const prepared = (async (): Promise<{ root: string; promised: Promised }> => {
    const root = temporaryDirectory();
    const { output } = await trace([WRITER, root, "254"]);
    return { root, promised: output.split("\n").reduce(hear, NOTHING) };
  })();

  /** Each fault strikes the first, the second, … call of its kind: every step of a batch has its turn. */
  test.each([
    ["fsync:error=EIO", 8],
    ["pwrite64:error=ENOSPC", 5],
    ["link:error=EIO", 3],
    ["rename:error=ENOSPC", 2],
  ])("%s at any moment is an error, and never acknowledged", async (fault, moments) => {
    const { root: original, promised } = await prepared;
    for (let at = 1; at <= moments; at += 1) {
      const root = temporaryDirectory();
      cpSync(original, root, { recursive: true });
      const model = new DiskModel(root);
      const traced = await trace([WRITER, root, "1", "3"], [`${fault}:when=${at}`]);
      expect(traced.output).toMatch(/^failed (?:log\/unavailable|files\/unwritable)$/m);
      const { problems } = await follow(root, model, traced, promised, () => false);
      expect(problems).toEqual([]);
    }
  });
});
