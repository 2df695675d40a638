import { describe, expect, test } from "vitest";

import { Failure } from "../failure.ts";
import { openCheckpoint } from "../tlog/checkpoint.ts";
import { MemoryLog, newMemoryLog, testIdentity } from "../testing/memory-log.ts";
import { uncheckedSubmission } from "../testing/submissions.ts";
import { auditLog } from "./audit.ts";
import { openLog } from "./log.ts";
import { type LogPorts } from "./ports.ts";
import { type Submission } from "./submission.ts";

const identity = testIdentity();
const log = { key: identity.signer.key, logId: identity.logId };
/** Entries that are there from the start: just below the end of a tile, so that few more cross it. */
const START = 254;
/** Sizes of the batches: to the end of a tile, and past it. */
const BATCHES = [2, 1, 2] as const;
const TOTAL = START + BATCHES.reduce((sum, size) => sum + size, 0);
const ENTRIES: readonly Submission[] = Array.from({ length: TOTAL }, (_, at) => uncheckedSubmission(`entry ${at}`));

/** How a step fails: before it did anything, half-way where it can, or after it was done and before it said so. */
type Manner = "before" | "halfway" | "after";
/** What comes after: nothing works any more, or everything does. */
type Sequel = "death" | "recovery";

/** A log's ports of which one call fails. Everything that was ever signed and left the writer is noted. */
class Faults {
  readonly signed: string[] = [];
  readonly #failing: number;
  readonly #manner: Manner;
  readonly #sequel: Sequel;
  #calls = 0;

  constructor(failing: number, manner: Manner, sequel: Sequel) {
    [this.#failing, this.#manner, this.#sequel] = [failing, manner, sequel];
  }

  /** Whether the run was long enough for the fault to happen. */
  get happened(): boolean {
    return this.#calls > this.#failing;
  }

  ports(inner: MemoryLog): LogPorts {
    const call = this.#call.bind(this);
    const { entries, tiles, lock } = inner;
    return {
      mutex: inner.mutex,
      entries: {
        readEdge: () => call(() => entries.readEdge()),
        findLeaves: (hashes) => call(() => entries.findLeaves(hashes)),
        readEntries: (start, end) => call(() => entries.readEntries(start, end)),
        append: (...batch) => call(() => entries.append(...batch)),
        settle: () => call(() => entries.settle()),
      },
      tiles: {
        readTile: (tile) => call(() => tiles.readTile(tile)),
        writeTiles: (files, replace) =>
          call(
            () => tiles.writeTiles(files, replace),
            () => tiles.writeTiles(files.slice(0, Math.ceil(files.length / 2)), replace),
          ),
        removePartials: (full) =>
          call(
            () => tiles.removePartials(full),
            () => tiles.removePartials(full.slice(0, 1)),
          ),
        readCheckpoint: () => call(() => tiles.readCheckpoint()),
        publishCheckpoint: (note) => call(() => this.#leaving(note, () => tiles.publishCheckpoint(note))),
      },
      lock: {
        readCheckpoint: (logId) => call(() => lock.readCheckpoint(logId)),
        createCheckpoint: (logId, note) => call(() => lock.createCheckpoint(logId, note)),
        swapCheckpoint: (logId, held, note) =>
          call(() => this.#leaving(note, () => lock.swapCheckpoint(logId, held, note))),
      },
    };
  }

  async #call<Result>(whole: () => Promise<Result>, half: () => Promise<unknown> = whole): Promise<Result> {
    const call = this.#calls;
    this.#calls += 1;
    if (call < this.#failing || (call > this.#failing && this.#sequel === "recovery")) return whole();
    if (call === this.#failing && this.#manner === "halfway") await half();
    if (call === this.#failing && this.#manner === "after") await whole();
    throw new Failure("log/unavailable", `call ${call} fails`);
  }

  #leaving(note: string, leave: () => Promise<void>): Promise<void> {
    this.signed.push(note);
    return leave();
  }
}

/** Appends all batches, each once; returns the index of each entry that was answered for. */
async function appendAll(ports: LogPorts, retries: boolean): Promise<Map<number, number>> {
  const acknowledged = new Map<number, number>();
  let from = START;
  let writer = await openLog(ports, identity).catch(() => null);
  for (const size of BATCHES) {
    const batch = ENTRIES.slice(from, from + size);
    for (let attempt = 0; attempt < (retries ? 2 : 1); attempt += 1) {
      writer ??= await openLog(ports, identity).catch(() => null);
      const answers = await writer?.append(batch).catch(() => null);
      if (answers === null || answers === undefined) continue;
      for (const [at, { logIndex }] of answers.entries()) acknowledged.set(from + at, logIndex);
      break;
    }
    from += size;
  }
  return acknowledged;
}

function requireOneHistory(notes: readonly string[]): void {
  const roots = new Map<number, string>();
  for (const note of notes) {
    const { treeSize, rootHash } = openCheckpoint(note, log.key);
    const root = Buffer.from(rootHash).toString("hex");
    expect(roots.get(treeSize) ?? root).toBe(root);
    roots.set(treeSize, root);
  }
}

const BASE = await newMemoryLog();
await (await openLog(BASE, identity)).append(ENTRIES.slice(0, START));

describe.each(["before", "halfway", "after"] as const)("a step that fails %s it is done", (manner) => {
  test.each(["death", "recovery"] as const)(
    "then %s: nothing acknowledged is lost, and there is one history",
    async (sequel) => {
      for (let failing = 0; ; failing += 1) {
        const inner = BASE.clone();
        const faults = new Faults(failing, manner, sequel);
        const acknowledged = await appendAll(faults.ports(inner), sequel === "recovery");
        // The next process, on the same storage.
        const again = new Faults(Number.POSITIVE_INFINITY, "before", "recovery");
        const reopened = await openLog(again.ports(inner), identity);
        const found = await auditLog(inner, log);
        expect(found.problems).toEqual([]);
        expect(found.pending).toBe(0);
        for (const [entry, index] of acknowledged) expect(inner.stored[index]?.body).toEqual(ENTRIES[entry]?.body);
        if (sequel === "recovery") expect(acknowledged.size).toBe(TOTAL - START);
        await reopened.append(ENTRIES.slice(START - 2));
        requireOneHistory([...faults.signed, ...again.signed]);
        expect(await auditLog(inner, log)).toMatchObject({ problems: [], entries: TOTAL });
        if (!faults.happened) break;
        expect(failing).toBeLessThan(1000);
      }
    },
  );
});

test("a writer that dies while it repairs is repaired by the next", async () => {
  const left = BASE.clone();
  await storeOnly(left, ENTRIES.slice(START));
  expect(await auditLog(left, log)).toMatchObject({ problems: [], entries: TOTAL, pending: TOTAL - START });
  for (let failing = 0; ; failing += 1) {
    const inner = left.clone();
    const repair = new Faults(failing, "halfway", "death");
    await openLog(repair.ports(inner), identity).catch(() => null);
    await openLog(inner, identity);
    expect(await auditLog(inner, log)).toMatchObject({ problems: [], entries: TOTAL, pending: 0 });
    if (!repair.happened) break;
  }
});

const dies = (): Promise<never> => Promise.reject(new Failure("log/unavailable", "dies here"));

/** What a writer leaves that dies right after its entries were stored. */
async function storeOnly(inner: MemoryLog, batch: readonly Submission[]): Promise<void> {
  const { entries, lock, mutex } = inner;
  const writer = await openLog({ entries, lock, mutex, tiles: { ...inner.tiles, writeTiles: dies } }, identity);
  await expect(writer.append(batch)).rejects.toThrow("dies here");
}
