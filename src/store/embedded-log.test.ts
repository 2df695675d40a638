import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import Database from "better-sqlite3";
import { describe, expect, test } from "vitest";

import { parseTrustedRoot } from "../bundle/trusted-root.ts";
import { toHex } from "../bytes/hex.ts";
import { type FailureCode } from "../failure.ts";
import { auditLog } from "../log/audit.ts";
import { parseVkey } from "../note/vkey.ts";
import { openCheckpoint } from "../tlog/checkpoint.ts";
import { statementSubmission, uncheckedSubmission } from "../testing/submissions.ts";
import { temporaryDirectory } from "../testing/temporary.ts";
import { newTestLog, TEST_SEED, type TestLog } from "../testing/test-log.ts";
import { createEmbeddedLog, openEmbeddedLog, readEmbeddedLog, restoreEmbeddedLog } from "./embedded-log.ts";
import { exportLog } from "./export.ts";

const open = ({ directory, lockPath }: TestLog, seed = TEST_SEED) => openEmbeddedLog(directory, { seed, lockPath });
const entries = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, at) => uncheckedSubmission(`entry ${from + at}`));
const failing = (code: FailureCode) => expect.objectContaining({ code });

async function append(log: TestLog, from: number, to: number): Promise<readonly number[]> {
  using opened = await open(log);
  return (await opened.append(entries(from, to))).map(({ logIndex }) => logIndex);
}

async function audit({ directory, lockPath }: TestLog) {
  using log = readEmbeddedLog(directory, lockPath);
  return await auditLog(log.ports, log);
}

const treeOf = (directory: string): Record<string, string> =>
  Object.fromEntries(
    readdirSync(directory, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && !entry.name.includes(".db"))
      .map((entry) => join(entry.parentPath, entry.name))
      .map((path) => [path.slice(directory.length + 1), toHex(new Uint8Array(readFileSync(path)))]),
  );

describe("a new log", () => {
  test("has everything that its clients need, and a checkpoint of nothing", async () => {
    const { directory, lockPath } = await newTestLog();
    const text = (name: string): string => readFileSync(join(directory, name), "utf8");
    const key = parseVkey(text("log.vkey").trimEnd());
    expect(openCheckpoint(text("checkpoint"), key)).toMatchObject({ origin: "log.example.com", treeSize: 0 });
    const [trusted] = parseTrustedRoot(new Uint8Array(readFileSync(join(directory, "trusted_root.json")))).logs;
    expect(trusted).toMatchObject({ origin: "log.example.com", key, validFrom: new Date("2026-01-01T00:00:00Z") });
    expect(text("log.pub")).toMatch(/^-----BEGIN PUBLIC KEY-----\n/);
    expect(JSON.parse(text("signing_config.json"))).toMatchObject({
      rekorTlogUrls: [{ url: "https://log.example.com" }],
    });
    expect(text("seed")).toBe("SEED");
    expect(statSync(join(directory, "seed")).mode % 0o1000).toBe(0o600);
    using log = readEmbeddedLog(directory, lockPath);
    expect(await log.status()).toMatchObject({ lockedSize: 0, pending: 0 });
  });

  test("has the key that its seed gives: the same in every release", async () => {
    const { directory } = await newTestLog();
    expect(readFileSync(join(directory, "log.vkey"), "utf8")).toBe(VKEY);
  });

  test("is made with the directories above it, or in an empty one", async () => {
    const root = temporaryDirectory();
    await newTestLog(join(root, "a", "b"));
    mkdirSync(join(root, "c", "log"), { recursive: true });
    await newTestLog(join(root, "c"));
  });

  test("is not made over anything", async () => {
    const root = temporaryDirectory();
    mkdirSync(join(root, "log"));
    writeFileSync(join(root, "log", "mine"), "");
    await expect(newTestLog(root)).rejects.toThrow(failing("log/exists"));
    expect(readdirSync(join(root, "log"))).toEqual(["mine"]);
  });

  test("is not made twice from one seed", async () => {
    const { lockPath } = await newTestLog();
    const again = { origin: "log.example.com", seed: TEST_SEED, encryptedSeed: null, now: new Date(0), lockPath };
    const elsewhere = join(temporaryDirectory(), "log");
    await expect(createEmbeddedLog(elsewhere, again)).rejects.toThrow(failing("log/lock-exists"));
    expect(existsSync(elsewhere)).toBe(false);
    await createEmbeddedLog(elsewhere, { ...again, origin: "other.example.com" });
  });

  test.each<[string, { origin?: string; seed?: Uint8Array }, FailureCode]>([
    ["an origin nobody would find", { origin: "log.example.com:80" }, "log/malformed-origin"],
    ["a short seed", { seed: new Uint8Array(31) }, "log/malformed-seed"],
  ])("is not made with %s", async (_, wrong, code) => {
    const root = temporaryDirectory();
    const options = { origin: "log.example.com", seed: TEST_SEED, encryptedSeed: null, now: new Date(0), ...wrong };
    const made = createEmbeddedLog(join(root, "log"), { ...options, lockPath: join(root, "locks.db") });
    await expect(made).rejects.toThrow(failing(code));
    expect(readdirSync(root)).toEqual([]);
  });
});

describe("an embedded log", () => {
  test("goes on where it was, from process to process", async () => {
    const log = await newTestLog();
    expect(await append(log, 0, 2)).toEqual([0, 1]);
    expect(await append(log, 1, 300)).toHaveLength(299);
    expect(await append(log, 299, 301)).toEqual([299, 300]);
    expect(await audit(log)).toMatchObject({ problems: [], entries: 301, pending: 0 });
  });

  test("is laid out as tlog-tiles says, to be served as it is", async () => {
    const log = await newTestLog();
    await append(log, 0, 100);
    await append(log, 100, 300);
    expect(readdirSync(join(log.directory, "tile"), { recursive: true }).map(String).toSorted()).toEqual(
      ["0", "0/000", "0/001.p", "0/001.p/44", "1", "1/000.p", "1/000.p/1"].concat([
        "entries",
        "entries/000",
        "entries/001.p",
        "entries/001.p/44",
      ]),
    );
    expect(statSync(join(log.directory, "tile/0/000")).mode % 0o1000).toBe(0o444);
  });

  test("keeps envelopes", async () => {
    const log = await newTestLog();
    using opened = await open(log);
    await opened.append([statementSubmission("kept")]);
    expect(await audit(log)).toMatchObject({ disclosed: 1, problems: [] });
  });

  test.each<[string, (log: TestLog) => void, FailureCode]>([
    ["a directory without a log", ({ directory }) => rmSync(directory, { recursive: true }), "log/missing"],
    [
      "a database that is none",
      ({ directory }) => writeFileSync(join(directory, "log.db"), "x".repeat(4096)),
      "log/malformed",
    ],
    [
      "a database of another kind",
      ({ directory, lockPath }) => cpSync(lockPath, join(directory, "log.db")),
      "log/malformed",
    ],
    [
      "a database of a newer release",
      ({ directory }) => {
        const database = new Database(join(directory, "log.db"));
        database.pragma("user_version = 99");
        database.close();
      },
      "log/unsupported-version",
    ],
    ["a copied directory", ({ lockPath }) => rmSync(lockPath), "log/no-lock"],
  ])("is not opened from %s", async (_, damage, code) => {
    const log = await newTestLog();
    damage(log);
    await expect(open(log)).rejects.toThrow(failing(code));
  });

  test("is not opened with another seed", async () => {
    await expect(open(await newTestLog(), new Uint8Array(32))).rejects.toThrow(failing("log/wrong-seed"));
  });

  test("is read without a lock file being made", async () => {
    const log = await newTestLog();
    rmSync(log.lockPath);
    using reader = readEmbeddedLog(log.directory, log.lockPath);
    expect(await reader.status()).toMatchObject({ lockedSize: null });
    expect(existsSync(log.lockPath)).toBe(false);
  });

  test("put back from a backup refuses to sign a second history", async () => {
    const log = await newTestLog();
    await append(log, 0, 3);
    cpSync(log.directory, `${log.directory}.backup`, { recursive: true });
    await append(log, 3, 5);
    rmSync(log.directory, { recursive: true });
    cpSync(`${log.directory}.backup`, log.directory, { recursive: true });
    await expect(append(log, 5, 6)).rejects.toThrow(failing("log/rolled-back"));
    expect((await audit(log)).problems.map(({ code }) => code)).toEqual(["log/rolled-back"]);
  });
});

describe("the drill", () => {
  test("an exported log is restored with a client's checkpoint, and goes on", async () => {
    const log = await newTestLog();
    await append(log, 0, 300);
    const copy = { directory: join(temporaryDirectory(), "copy"), lockPath: join(temporaryDirectory(), "locks.db") };
    expect(await exportLog(log.directory, log.lockPath, copy.directory, false)).toEqual({
      treeSize: 300,
      tiles: 5,
      withSeed: false,
    });
    const { seed, ...published } = treeOf(log.directory);
    expect(seed).toBeDefined();
    expect(treeOf(copy.directory)).toEqual(published);

    const client = readFileSync(join(log.directory, "checkpoint"), "utf8");
    rmSync(log.directory, { recursive: true });
    await expect(open(copy)).rejects.toThrow(failing("log/no-lock"));
    expect(await restoreEmbeddedLog(copy.directory, copy.lockPath, client)).toMatchObject({ lockCreated: true });
    expect(await append(copy, 299, 302)).toEqual([299, 300, 301]);
    expect(await audit(copy)).toMatchObject({ problems: [], entries: 302 });
  });

  test("the seed is exported where that is asked for", async () => {
    const log = await newTestLog();
    const target = join(temporaryDirectory(), "copy");
    expect(await exportLog(log.directory, log.lockPath, target, true)).toMatchObject({ withSeed: true });
    expect(readFileSync(join(target, "seed"), "utf8")).toBe("SEED");
    expect(statSync(join(target, "seed")).mode % 0o1000).toBe(0o600);
  });

  test("nothing is exported over anything", async () => {
    const log = await newTestLog();
    const exported = exportLog(log.directory, log.lockPath, log.directory, false);
    await expect(exported).rejects.toThrow(failing("log/exists"));
  });
});

/** Computed with Python's hmac and OpenSSL: HKDF-SHA256 of {@link TEST_SEED} under `assay/log/ed25519/v1`. */
const VKEY = "log.example.com+6da74ba5+AYrS0teI3CotVBIlv/I1YuKtT64IxL2ubitEHNJzfHpo\n";
