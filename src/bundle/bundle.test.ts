import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";

import { toUtf8 } from "../bytes/utf8.ts";
import { Failure, type FailureCode } from "../failure.ts";
import { isJsonObject, type Json, type JsonObject } from "../json/json.ts";
import { parseJson } from "../json/parser.ts";
import { MemoryLog, testKey } from "../testing/bundles.ts";
import { mutatedBytes, mutatedJson } from "../testing/mutation.ts";
import { type Bundle, BUNDLE_MEDIA_TYPE, formatBundle, MAX_ENTRIES, parseBundle } from "./bundle.ts";
import { formatLogEntry } from "./log-entry.ts";
import { bundleOf, signMessage, signStatement } from "./sign.ts";

const V02 = "application/vnd.dev.sigstore.bundle+json;version=0.2";
const CERTIFICATE = { rawBytes: "MAA=" };
const log = new MemoryLog();
const key = testKey();
let statementBundle: Bundle;
let messageBundle: Bundle;
let whole: JsonObject;
let material: JsonObject;

beforeAll(async () => {
  const subjects = [{ digest: { sha256: "ab".repeat(32) } }];
  const signed = await signStatement({ subjects, predicateType: "t", predicate: {} }, key);
  statementBundle = bundleOf(signed, [log.append(signed.entry)]);
  const message = signMessage(new Uint8Array(32), await key.sign(toUtf8("x")), key.publicKey);
  messageBundle = { ...bundleOf(message, [log.append(message.entry)]), timestamps: [Uint8Array.of(48, 0)] };
  whole = object(parseJson(formatBundle(statementBundle)));
  material = object(whole["verificationMaterial"]);
});

const object = (value: Json | undefined): JsonObject => {
  if (!isJsonObject(value)) throw new TypeError("not an object");
  return value;
};
const repeat = (times: number, value: Json): readonly Json[] => Array.from({ length: times }, () => value);
const parseJsonOf = (value: Json) => parseBundle(toUtf8(JSON.stringify(value)));
/** The bundle with other `verificationMaterial` fields; undefined ones are dropped. */
const withMaterial = (changes: Readonly<Record<string, Json | undefined>>, mediaType: string = BUNDLE_MEDIA_TYPE) =>
  object(parseJson(JSON.stringify({ ...whole, mediaType, verificationMaterial: { ...material, ...changes } })));

describe("a bundle", () => {
  test("is read as it is written", () => {
    for (const bundle of [statementBundle, messageBundle, { ...messageBundle, entries: [], timestamps: [] }]) {
      const text = formatBundle(bundle);
      expect(parseBundle(toUtf8(text))).toEqual(bundle);
      expect(formatBundle(parseBundle(toUtf8(text)))).toBe(text);
    }
  });

  test("of a certificate is read as it is written", () => {
    const bundle = { ...statementBundle, material: { kind: "certificate", der: Uint8Array.of(48, 0) } } as const;
    expect(parseBundle(toUtf8(formatBundle(bundle)))).toEqual(bundle);
  });

  test("has the fields that cosign's have, and no other", () => {
    expect(Object.keys(whole)).toEqual(["mediaType", "verificationMaterial", "dsseEnvelope"]);
    expect(Object.keys(material)).toEqual(["publicKey", "tlogEntries"]);
    expect(Object.keys(object(parseJson(formatBundle(messageBundle))))).toContain("messageSignature");
  });

  test("of an older form is not written", () => {
    const chain = parseJsonOf(
      withMaterial({ publicKey: undefined, x509CertificateChain: { certificates: [CERTIFICATE] } }, V02),
    );
    expect(() => formatBundle(chain)).toThrow(RangeError);
    expect(() => formatBundle({ ...chain, mediaType: BUNDLE_MEDIA_TYPE })).toThrow(RangeError);
  });

  test.each<[string, () => Json, object]>([
    [
      "the other name of v0.3",
      () => ({ ...whole, mediaType: "application/vnd.dev.sigstore.bundle+json;version=0.3" }),
      {},
    ],
    ["no entries", () => withMaterial({ tlogEntries: undefined }), { entries: [] }],
    ["timestamps that are empty", () => withMaterial({ timestampVerificationData: {} }), { timestamps: [] }],
    ["a hint that is empty", () => withMaterial({ publicKey: {} }), { material: { kind: "publicKey", hint: "" } }],
    [
      "a certificate",
      () => withMaterial({ publicKey: undefined, certificate: CERTIFICATE }),
      { material: { kind: "certificate" } },
    ],
    [
      "a chain in v0.2",
      () =>
        withMaterial({ publicKey: undefined, x509CertificateChain: { certificates: [CERTIFICATE, CERTIFICATE] } }, V02),
      { material: { kind: "chain" } },
    ],
    ["a key in v0.2", () => withMaterial({}, V02), { material: { kind: "publicKey" } }],
    [
      "entries up to the limit",
      () => withMaterial({ tlogEntries: repeat(MAX_ENTRIES, parseJson(formatLogEntry(log.prove(0)))) }),
      {},
    ],
  ])("accepted: %s", (_, value, expected) => {
    expect(parseJsonOf(value())).toMatchObject(expected);
  });

  test.each<[string, FailureCode, () => Json]>([
    ["no media type", "bundle/malformed", () => ({ ...whole, mediaType: null })],
    [
      "a media type of the future",
      "bundle/malformed",
      () => ({ ...whole, mediaType: BUNDLE_MEDIA_TYPE.replace("3", "4") }),
    ],
    ["an unknown field", "bundle/malformed", () => ({ ...whole, createdAt: "2026-01-01T00:00:00Z" })],
    ["an unknown field of the material", "bundle/malformed", () => withMaterial({ createdAt: "now" })],
    ["no material", "bundle/malformed", () => ({ ...whole, verificationMaterial: null })],
    ["neither key nor certificate", "bundle/malformed", () => withMaterial({ publicKey: undefined })],
    ["key and certificate", "bundle/malformed", () => withMaterial({ certificate: CERTIFICATE })],
    [
      "a chain in v0.3",
      "bundle/malformed",
      () => withMaterial({ publicKey: undefined, x509CertificateChain: { certificates: [CERTIFICATE] } }),
    ],
    [
      "a certificate in v0.2",
      "bundle/malformed",
      () => withMaterial({ publicKey: undefined, certificate: CERTIFICATE }, V02),
    ],
    [
      "an empty chain",
      "bundle/malformed",
      () => withMaterial({ publicKey: undefined, x509CertificateChain: { certificates: [] } }, V02),
    ],
    [
      "a chain of 100",
      "bundle/malformed",
      () =>
        withMaterial({ publicKey: undefined, x509CertificateChain: { certificates: repeat(100, CERTIFICATE) } }, V02),
    ],
    [
      "a certificate of 100 KB",
      "bundle/malformed",
      () => withMaterial({ publicKey: undefined, certificate: { rawBytes: "AAAA".repeat(34_000) } }),
    ],
    ["33 entries", "bundle/malformed", () => withMaterial({ tlogEntries: repeat(33, {}) })],
    ["an entry that is empty", "bundle/malformed-entry", () => withMaterial({ tlogEntries: [{}] })],
    [
      "33 timestamps",
      "bundle/malformed",
      () => withMaterial({ timestampVerificationData: { rfc3161Timestamps: repeat(33, { signedTimestamp: "MAA=" }) } }),
    ],
    [
      "a timestamp that is empty",
      "bundle/malformed",
      () => withMaterial({ timestampVerificationData: { rfc3161Timestamps: [{}] } }),
    ],
    ["no content", "bundle/malformed", () => ({ ...whole, dsseEnvelope: null })],
    ["two contents", "bundle/malformed", () => ({ ...object(parseJson(formatBundle(messageBundle))), ...whole })],
    [
      "an envelope without signature",
      "bundle/malformed-envelope",
      () => ({ ...whole, dsseEnvelope: { payload: "AA==" } }),
    ],
  ])("refused: %s", (_, code, value) => {
    expect(() => parseJsonOf(value())).toThrow(expect.objectContaining({ code }));
  });

  test.each([
    ["another length", (text: string) => text.replace("SHA2_256", "SHA2_384")],
    ["an unknown algorithm", (text: string) => text.replace("SHA2_256", "SHA3_256")],
    ["no digest", (text: string) => text.replace(/"messageDigest":\{[^}]*\},/, "")],
    ["the signature twice", (text: string) => text.replace(/"messageSignature":\{/, `$&"signature":"AA==",`)],
  ])("refused: a file's digest with %s", (_, change) => {
    const text = formatBundle(messageBundle);
    expect(change(text)).not.toBe(text);
    expect(() => parseBundle(toUtf8(change(text)))).toThrow(expect.objectContaining({ code: "bundle/malformed" }));
  });

  test("deep JSON is refused", () => {
    const text = `${"[".repeat(100_000)}${"]".repeat(100_000)}`;
    expect(() => parseBundle(toUtf8(text))).toThrow(expect.objectContaining({ code: "bundle/malformed" }));
  });

  test("any bytes at all are a bundle or a Failure, and what can be written is read again", () => {
    const seeds = [formatBundle(statementBundle), formatBundle(messageBundle)];
    const inputs = fc.oneof(
      fc.uint8Array(),
      ...seeds.map((seed) => mutatedBytes(toUtf8(seed))),
      ...seeds.map((seed) => mutatedJson(parseJson(seed)).map((value) => toUtf8(JSON.stringify(value)))),
    );
    fc.assert(
      fc.property(inputs, (bytes) => {
        let bundle: Bundle;
        try {
          bundle = parseBundle(bytes);
        } catch (error) {
          expect(error).toBeInstanceOf(Failure);
          return;
        }
        if (bundle.mediaType !== BUNDLE_MEDIA_TYPE || bundle.entries.some(({ hasPromise }) => hasPromise)) return;
        expect(parseBundle(toUtf8(formatBundle(bundle)))).toEqual(bundle);
      }),
      { numRuns: 1000 },
    );
  });
});
