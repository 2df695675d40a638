import { mkdirSync, rmSync } from "node:fs";
import { open } from "node:fs/promises";
import { join } from "node:path";

import Database from "better-sqlite3";

import { checkSubmission, type Submission } from "../../src/log/submission.ts";
import { leafHash } from "../../src/merkle/hash.ts";
import { createEmbeddedLog, openEmbeddedLog } from "../../src/store/embedded-log.ts";
import { fileSubmission, statementSubmission } from "../../src/testing/submissions.ts";
import { interleave, medianOf, MIN_RUNS, type Row, type Subject, timed } from "./measurement.ts";
import { type Workplace } from "./workplace.ts";

const ENTRIES = 10_000;
/** Where one entry takes milliseconds, fewer are appended: the table gives the time of one, and says how many it was. */
const FEWER = 1000;
const BATCH = 256;
const FSYNCS = 200;
const SEED = new Uint8Array(32).fill(7);

/**
 * Appending to the embedded log, against the same bytes inserted into plain SQLite, as durably and in the same batches.
 * Checking signatures is part of appending, and measured by itself too: with an envelope OpenSSL does it, from a digest
 * alone @noble/curves.
 */
export async function measureAppend({ directory }: Workplace): Promise<readonly Row[]> {
  const statements = Array.from({ length: ENTRIES }, (_, at) => statementSubmission(`entry ${at}`));
  const files = Array.from({ length: FEWER }, (_, at) => fileSubmission(`entry ${at}`));
  const fsync = medianOf(await fsyncs(join(directory, "fsync")));
  const note = `one write and fsync: ${(fsync * 1e6).toFixed(0)} µs`;
  return [
    ...(await compare(directory, "envelopes", statements, BATCH, note)),
    ...(await compare(directory, "digests alone", files, BATCH, note)),
    ...(await compare(directory, "envelopes", statements.slice(0, FEWER), 1, note)),
  ];
}

async function compare(
  directory: string,
  kind: string,
  submissions: readonly Submission[],
  batch: number,
  note: string,
): Promise<readonly Row[]> {
  const batches = inBatches(submissions, batch);
  const [ours, checks, peer] = await interleave(MIN_RUNS, [
    logSubject(join(directory, "append"), batches),
    { name: "checks", run: () => timed(() => submissions.map(checkSubmission)) },
    sqliteSubject(join(directory, "plain"), batches),
  ]);
  if (ours === undefined || checks === undefined || peer === undefined) throw new RangeError("nothing was measured");
  const how = batch === 1 ? "singly" : `by ${batch}`;
  const row = {
    against: `SQLite, ${how}`,
    peerSeconds: peer.seconds / submissions.length,
    runs: ours.runs,
  };
  const total = `${submissions.length} entries`;
  return [
    { ...row, what: `append ${how}, ${kind}`, seconds: ours.seconds / submissions.length, note: `${total}; ${note}` },
    { ...row, what: "  of which signatures", seconds: checks.seconds / submissions.length, note: `${total}; CPU` },
  ];
}

const logSubject = (directory: string, batches: readonly (readonly Submission[])[]): Subject => ({
  name: "log",
  async run() {
    rmSync(directory, { recursive: true, force: true });
    const lockPath = join(directory, "state/locks.db");
    const log = join(directory, "log");
    mkdirSync(directory);
    const identity = { origin: "log.example.test", encryptedSeed: null, now: new Date() };
    await createEmbeddedLog(log, { ...identity, seed: SEED, lockPath });
    using opened = await openEmbeddedLog(log, { seed: SEED, lockPath });
    return await timed(async () => {
      for (const batch of batches) await opened.append(batch);
    });
  },
});

const sqliteSubject = (directory: string, batches: readonly (readonly Submission[])[]): Subject => ({
  name: "SQLite",
  async run() {
    rmSync(directory, { recursive: true, force: true });
    mkdirSync(directory);
    const database = new Database(join(directory, "plain.db"));
    try {
      database.pragma("journal_mode = WAL");
      database.pragma("synchronous = FULL");
      database.exec("CREATE TABLE entries (id INTEGER PRIMARY KEY, hash BLOB UNIQUE, body BLOB, envelope BLOB) STRICT");
      const insert = database.prepare("INSERT INTO entries (hash, body, envelope) VALUES (?, ?, ?)");
      const insertAll = database.transaction((batch: readonly Submission[]) => {
        for (const { body, envelope } of batch) insert.run(leafHash(body), body, envelope);
      });
      return await timed(() => {
        for (const batch of batches) insertAll(batch);
      });
    } finally {
      database.close();
    }
  },
});

/** Seconds of each of many writes of 4 KiB that have reached the disk: what durability costs here at least. */
async function fsyncs(path: string): Promise<number[]> {
  const file = await open(path, "w");
  try {
    const block = new Uint8Array(4096);
    const times: number[] = [];
    for (let at = 0; at < FSYNCS; at++) {
      times.push(
        await timed(async () => {
          await file.write(block);
          await file.sync();
        }),
      );
    }
    return times;
  } finally {
    await file.close();
  }
}

function inBatches<Item>(items: readonly Item[], size: number): readonly (readonly Item[])[] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, at) => items.slice(at * size, (at + 1) * size));
}
