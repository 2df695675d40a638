import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { toBase64 } from "../bytes/base64.ts";
import { toUtf8 } from "../bytes/utf8.ts";
import { Failure } from "../failure.ts";
import { type Json } from "../json/json.ts";
import { parseJson } from "../json/parser.ts";
import { MemoryLog } from "../testing/bundles.ts";
import { mutatedBytes, mutatedJson } from "../testing/mutation.ts";
import { formatLogEntry, type LogEntry, parseLogEntry } from "./log-entry.ts";

const log = new MemoryLog();
log.append(Uint8Array.of(1));
log.append(Uint8Array.of(2));
const ENTRY = log.prove(0);
const HASH = toBase64(new Uint8Array(32));
const PROOF = { logIndex: "7", rootHash: HASH, treeSize: "9", hashes: [HASH], checkpoint: { envelope: "note" } };
const JSON_ENTRY = {
  logIndex: "7",
  logId: { keyId: HASH },
  kindVersion: { kind: "hashedrekord", version: "0.0.2" },
  integratedTime: "0",
  inclusionPromise: null,
  inclusionProof: PROOF,
  canonicalizedBody: "e30=",
};
const parseJsonOf = (value: Json) => parseLogEntry(toUtf8(JSON.stringify(value)));
const without = (name: string): Json => Object.fromEntries(Object.entries(JSON_ENTRY).filter(([key]) => key !== name));

describe("a log entry", () => {
  test("is read as it is written", () => {
    expect(parseLogEntry(toUtf8(formatLogEntry(ENTRY)))).toEqual(ENTRY);
    expect(parseLogEntry(toUtf8(formatLogEntry({ ...ENTRY, proof: null, integratedTime: 5n })))).toEqual({
      ...ENTRY,
      proof: null,
      integratedTime: 5n,
    });
  });

  test("is written without the time and promise that Rekor v2 does not give", () => {
    expect(Object.keys(JSON.parse(formatLogEntry(ENTRY)))).toEqual([
      "logIndex",
      "logId",
      "kindVersion",
      "inclusionProof",
      "canonicalizedBody",
    ]);
  });

  test("with a promise is not written", () => {
    expect(() => formatLogEntry({ ...ENTRY, hasPromise: true })).toThrow(RangeError);
  });

  test("keeps what Rekor says", () => {
    expect(parseJsonOf(JSON_ENTRY)).toMatchObject({ logIndex: 7, hasPromise: false, proof: { index: 7, treeSize: 9 } });
  });

  test.each<[string, Json, Partial<LogEntry>]>([
    ["a promise", { ...JSON_ENTRY, inclusionPromise: { signedEntryTimestamp: "AA==" } }, { hasPromise: true }],
    ["a time", { ...JSON_ENTRY, integratedTime: "1700000000" }, { integratedTime: 1700000000n }],
    ["no proof", { ...JSON_ENTRY, inclusionProof: null }, { proof: null }],
    ["no time", without("integratedTime"), { integratedTime: 0n }],
    ["no index, which is index 0 in Go's JSON", without("logIndex"), { logIndex: 0 }],
    ["the greatest index", { ...JSON_ENTRY, logIndex: "9007199254740991" }, { logIndex: Number.MAX_SAFE_INTEGER }],
  ])("accepted: %s", (_, value, expected) => {
    expect(parseJsonOf(value)).toMatchObject(expected);
  });

  test("a proof without hashes and checkpoint is read", () => {
    const inclusionProof = { rootHash: HASH, treeSize: "1" };
    expect(parseJsonOf({ ...JSON_ENTRY, inclusionProof }).proof).toMatchObject({ index: 0, path: [], checkpoint: "" });
  });

  test.each<[string, Json]>([
    ["an index that is a number", { ...JSON_ENTRY, logIndex: 7 }],
    ["a negative index", { ...JSON_ENTRY, logIndex: "-1" }],
    ["an index with a leading zero", { ...JSON_ENTRY, logIndex: "07" }],
    ["an index in hex", { ...JSON_ENTRY, logIndex: "0x7" }],
    ["an index with a fraction", { ...JSON_ENTRY, logIndex: "7.0" }],
    ["an index of 2^53", { ...JSON_ENTRY, logIndex: "9007199254740992" }],
    ["a time of 2^63", { ...JSON_ENTRY, integratedTime: "9223372036854775808" }],
    ["no log id", without("logId")],
    ["a log id of 31 bytes", { ...JSON_ENTRY, logId: { keyId: toBase64(new Uint8Array(31)) } }],
    ["no kind", { ...JSON_ENTRY, kindVersion: { version: "0.0.2" } }],
    ["no body", without("canonicalizedBody")],
    ["an empty promise", { ...JSON_ENTRY, inclusionPromise: {} }],
    ["a root of 33 bytes", { ...JSON_ENTRY, inclusionProof: { ...PROOF, rootHash: toBase64(new Uint8Array(33)) } }],
    ["a hash that is a number", { ...JSON_ENTRY, inclusionProof: { ...PROOF, hashes: [7] } }],
    ["a hash of no bytes", { ...JSON_ENTRY, inclusionProof: { ...PROOF, hashes: [""] } }],
    ["65 hashes", { ...JSON_ENTRY, inclusionProof: { ...PROOF, hashes: Array(65).fill(HASH) } }],
    ["a checkpoint that is text", { ...JSON_ENTRY, inclusionProof: { ...PROOF, checkpoint: "note" } }],
    ["an unknown field", { ...JSON_ENTRY, createdAt: "now" }],
    ["an unknown field of the proof", { ...JSON_ENTRY, inclusionProof: { ...PROOF, size: "9" } }],
  ])("refused: %s", (_, value) => {
    expect(() => parseJsonOf(value)).toThrow(expect.objectContaining({ code: "bundle/malformed-entry" }));
  });

  test("any bytes at all are an entry or a Failure, and an entry is written and read again", () => {
    const seed = toUtf8(formatLogEntry(ENTRY));
    const inputs = fc.oneof(
      fc.uint8Array(),
      mutatedBytes(seed),
      mutatedJson(JSON_ENTRY).map((value) => toUtf8(JSON.stringify(value))),
      mutatedJson(parseJson(seed)).map((value) => toUtf8(JSON.stringify(value))),
    );
    fc.assert(
      fc.property(inputs, (bytes) => {
        let entry: LogEntry;
        try {
          entry = parseLogEntry(bytes);
        } catch (error) {
          expect(error).toBeInstanceOf(Failure);
          return;
        }
        const kept = { ...entry, hasPromise: false };
        expect(parseLogEntry(toUtf8(formatLogEntry(kept)))).toEqual(kept);
      }),
      { numRuns: 1000 },
    );
  });
});
