import { createHash, generateKeyPairSync } from "node:crypto";
import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { fromBase64, toBase64 } from "../bytes/base64.ts";
import { toUtf8 } from "../bytes/utf8.ts";
import { Failure } from "../failure.ts";
import { isJsonObject, type Json, type JsonObject } from "../json/json.ts";
import { parseJson } from "../json/parser.ts";
import { makeVerifierKey } from "../note/vkey.ts";
import { MemoryLog, TEST_LOG_START } from "../testing/bundles.ts";
import { mutatedBytes, mutatedJson } from "../testing/mutation.ts";
import { formatSigningConfig } from "./signing-config.ts";
import { formatTrustedRoot, parseTrustedRoot } from "./trusted-root.ts";

const log = new MemoryLog("log.example.com");
const ROOT = object(parseJson(log.trustedRoot));
const LOG = object(Array.isArray(ROOT["tlogs"]) ? ROOT["tlogs"][0] : undefined);
const KEY = object(LOG["publicKey"]);
const SPKI = new Uint8Array(
  generateKeyPairSync("ec", { namedCurve: "P-256" }).publicKey.export({ type: "spki", format: "der" }),
);
const ECDSA_ID = { keyId: toBase64(new Uint8Array(createHash("sha256").update(SPKI).digest())) };
const ECDSA_KEY = { ...KEY, rawBytes: toBase64(SPKI), keyDetails: "PKIX_ECDSA_P256_SHA_256" };
const ECDSA_LOG = { ...LOG, publicKey: ECDSA_KEY, logId: ECDSA_ID, checkpointKeyId: null };
const OTHER = object(parseJson(new MemoryLog("other.example.com").trustedRoot))["tlogs"];

function object(value: Json | undefined): JsonObject {
  if (!isJsonObject(value)) throw new TypeError("not an object");
  return value;
}
function text(value: Json | undefined): string {
  if (typeof value !== "string") throw new TypeError("not a string");
  return value;
}
const parseJsonOf = (value: Json) => parseTrustedRoot(toUtf8(JSON.stringify(value)));
const withLogs = (...tlogs: readonly Json[]) => parseJsonOf({ ...ROOT, tlogs });
const withKey = (changes: JsonObject) => withLogs({ ...LOG, publicKey: { ...KEY, ...changes } });

const logOf = (origin: string) => ({
  origin,
  logKey: makeVerifierKey(origin, "ed25519", log.key.publicKey),
  validFrom: TEST_LOG_START,
});

describe("a trusted root", () => {
  test("is written for cosign and sigstore-js alike", () => {
    const { keyId } = object(LOG["logId"]);
    expect(ROOT).toEqual({
      mediaType: "application/vnd.dev.sigstore.trustedroot+json;version=0.1",
      tlogs: [
        {
          baseUrl: "https://log.example.com",
          hashAlgorithm: "SHA2_256",
          publicKey: {
            rawBytes: expect.stringMatching(/^MCowBQYDK2VwAyEA/),
            keyDetails: "PKIX_ED25519",
            validFor: { start: "2026-01-01T00:00:00Z" },
          },
          logId: { keyId },
          checkpointKeyId: { keyId },
          operator: "log.example.com",
        },
      ],
      certificateAuthorities: [],
      ctlogs: [],
      timestampAuthorities: [],
    });
  });

  // c2sp.org/signed-note: key hash = SHA-256(name || LF || 0x01 || key).
  test("names the log by its note key hash", () => {
    const raw = fromBase64(text(KEY["rawBytes"])).subarray(12);
    const hash = createHash("sha256").update("log.example.com\n\u0001").update(raw).digest("base64");
    expect(LOG["logId"]).toEqual({ keyId: hash });
  });

  test("is read as it is written", () => {
    expect(parseTrustedRoot(toUtf8(log.trustedRoot)).logs).toEqual([
      {
        origin: "log.example.com",
        baseUrl: "https://log.example.com",
        logId: log.trusted.logId,
        key: log.key,
        validFrom: TEST_LOG_START,
        validTo: null,
        operator: "log.example.com",
      },
    ]);
  });

  test.each<[string, () => object, object]>([
    [
      "several logs",
      () => parseJsonOf({ ...ROOT, tlogs: [LOG, ...(Array.isArray(OTHER) ? OTHER : [])] }),
      { length: 2 },
    ],
    ["an ECDSA log", () => withLogs(ECDSA_LOG), [{ key: { type: "ecdsa" } }]],
    ["no logs", () => withLogs(), []],
    ["no checkpoint key id", () => withLogs({ ...LOG, checkpointKeyId: null }), [{ origin: "log.example.com" }]],
    ["no operator", () => withLogs({ ...LOG, operator: null }), [{ operator: null }]],
    [
      "a port and a path",
      () => withLogs({ ...LOG, baseUrl: "http://log.example.com:3000/a" }),
      [{ origin: "log.example.com" }],
    ],
    [
      "an end",
      () => withKey({ validFor: { start: "2026-01-01T00:00:00.500Z", end: "2026-02-28T23:59:59Z" } }),
      [
        {
          validFrom: new Date(Date.UTC(2026, 0, 1, 0, 0, 0, 500)),
          validTo: new Date(Date.UTC(2026, 1, 28, 23, 59, 59)),
        },
      ],
    ],
  ])("accepted: %s", (_, parse, expected) => {
    expect(parse()).toMatchObject({ logs: expected });
  });

  test("authorities are kept as they are", () => {
    const authority = { uri: "https://fulcio.example.com", anything: [1] };
    const root = parseJsonOf({ ...ROOT, certificateAuthorities: [authority], ctlogs: [1], timestampAuthorities: null });
    expect(root).toMatchObject({ certificateAuthorities: [authority], ctlogs: [1], timestampAuthorities: [] });
  });

  test.each<[string, () => unknown]>([
    ["another media type", () => parseJsonOf({ ...ROOT, mediaType: `${text(ROOT["mediaType"])}0` })],
    ["an unknown field", () => parseJsonOf({ ...ROOT, rekors: [] })],
    ["authorities that are an object", () => parseJsonOf({ ...ROOT, ctlogs: {} })],
    ["the same log twice", () => withLogs(LOG, LOG)],
    ["the same log under two addresses", () => withLogs(LOG, { ...LOG, baseUrl: "https://log.example.com/shard" })],
    ["an unknown field of a log", () => withLogs({ ...LOG, url: "x" })],
    ["no address", () => withLogs({ ...LOG, baseUrl: null })],
    ["an address without scheme", () => withLogs({ ...LOG, baseUrl: "log.example.com" })],
    ["an address of another scheme", () => withLogs({ ...LOG, baseUrl: "ftp://log.example.com" })],
    ["an address with a user", () => withLogs({ ...LOG, baseUrl: "https://a@log.example.com" })],
    ["an address with a password", () => withLogs({ ...LOG, baseUrl: "https://a:b@log.example.com" })],
    ["an address with a query", () => withLogs({ ...LOG, baseUrl: "https://log.example.com/?a" })],
    ["an address with a fragment", () => withLogs({ ...LOG, baseUrl: "https://log.example.com/#a" })],
    ["an address in capitals", () => withLogs({ ...LOG, baseUrl: "https://LOG.example.com" })],
    ["an address of another host", () => withLogs({ ...LOG, baseUrl: "https://evil.example.com" })],
    ["another hash", () => withLogs({ ...LOG, hashAlgorithm: "SHA2_512" })],
    ["no log id", () => withLogs({ ...LOG, logId: null })],
    ["another log id", () => withLogs({ ...LOG, logId: ECDSA_ID })],
    ["another checkpoint key id", () => withLogs({ ...LOG, checkpointKeyId: ECDSA_ID })],
    ["no key", () => withLogs({ ...LOG, publicKey: null })],
    ["a key that is none", () => withKey({ rawBytes: "AAAA" })],
    ["a raw Ed25519 key", () => withKey({ rawBytes: toBase64(fromBase64(text(KEY["rawBytes"])).slice(12)) })],
    ["a kind that is not the key's", () => withKey({ keyDetails: "PKIX_ECDSA_P256_SHA_256" })],
    ["a kind that signs no notes", () => withKey({ keyDetails: "PKIX_RSA_PKCS1V15_2048_SHA256" })],
    ["no validity", () => withKey({ validFor: null })],
    ["no start", () => withKey({ validFor: {} })],
    ["no start but an end", () => withKey({ validFor: { end: "2027-01-01T00:00:00Z" } })],
    ["a start in local time", () => withKey({ validFor: { start: "2026-01-01T00:00:00+01:00" } })],
    ["a start on no day", () => withKey({ validFor: { start: "2026-02-30T00:00:00Z" } })],
    [
      "an end before the start",
      () => withKey({ validFor: { start: "2026-01-02T00:00:00Z", end: "2026-01-01T00:00:00Z" } }),
    ],
  ])("refused: %s", (_, parse) => {
    expect(parse).toThrow(expect.objectContaining({ code: "bundle/malformed-trusted-root" }));
  });

  test("any bytes at all are a trusted root or a Failure", () => {
    const seed: Json = { ...ROOT, tlogs: [LOG, ECDSA_LOG] };
    const inputs = fc.oneof(
      fc.uint8Array(),
      mutatedBytes(toUtf8(log.trustedRoot)),
      mutatedJson(seed).map((value) => toUtf8(JSON.stringify(value))),
    );
    fc.assert(
      fc.property(inputs, (bytes) => {
        try {
          const { logs } = parseTrustedRoot(bytes);
          for (const { key, origin } of logs) expect(key.name).toBe(origin);
        } catch (error) {
          expect(error).toBeInstanceOf(Failure);
        }
      }),
      { numRuns: 1000 },
    );
  });
});

describe("a log that is made", () => {
  test.each(["log.example.com", "localhost", "rekor-local", "127.0.0.1"])("can be called %s", (origin) => {
    expect(parseTrustedRoot(toUtf8(formatTrustedRoot(logOf(origin)))).logs).toMatchObject([{ origin }]);
    expect(object(parseJson(formatSigningConfig(logOf(origin))))["rekorTlogUrls"]).toMatchObject([
      { operator: origin },
    ]);
  });

  test.each([
    "example.com/log",
    "example.com:3000",
    "https://example.com",
    "LOG.example.com",
    "example.com.",
    "[::1]",
    "127.1",
    "a@b",
    "ü.example.com",
    "a..b",
    "",
  ])("cannot be called %j", (origin) => {
    const refusal = expect.objectContaining({ code: "bundle/unfindable-origin" });
    expect(() => formatTrustedRoot({ ...logOf("x"), origin })).toThrow(refusal);
    expect(() => formatSigningConfig({ origin, validFrom: TEST_LOG_START })).toThrow(refusal);
  });

  test("has an Ed25519 key under its own name", () => {
    expect(() => formatTrustedRoot({ ...logOf("a.example.com"), origin: "b.example.com" })).toThrow(RangeError);
    const logKey = makeVerifierKey("a.example.com", "ecdsa", SPKI);
    expect(() => formatTrustedRoot({ ...logOf("a.example.com"), logKey })).toThrow(RangeError);
  });

  test("gets a signing config that sends entries there and nothing elsewhere", () => {
    expect(parseJson(formatSigningConfig(logOf("log.example.com")))).toEqual({
      mediaType: "application/vnd.dev.sigstore.signingconfig.v0.2+json",
      caUrls: [],
      oidcUrls: [],
      rekorTlogUrls: [
        {
          url: "https://log.example.com",
          majorApiVersion: 2,
          validFor: { start: "2026-01-01T00:00:00Z" },
          operator: "log.example.com",
        },
      ],
      rekorTlogConfig: { selector: "ANY" },
      tsaUrls: [],
      tsaConfig: {},
    });
  });
});
