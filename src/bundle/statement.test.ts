import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { fromUtf8, toUtf8 } from "../bytes/utf8.ts";
import { Failure } from "../failure.ts";
import { type Json } from "../json/json.ts";
import { mutatedBytes, mutatedJson } from "../testing/mutation.ts";
import { formatStatement, MAX_SUBJECTS, parseStatement, type Statement } from "./statement.ts";

const SHA256 = "ab".repeat(32);
const STATEMENT = {
  subjects: [
    { digest: { sha256: SHA256 } },
    { name: "pkg:oci/app", digest: { sha256: SHA256, sha512: "cd".repeat(64) }, annotations: { stage: "prod" } },
  ],
  predicateType: "https://sigstore.dev/cosign/sign/v1",
  predicate: { b: [1, null], a: "ü" },
} satisfies Statement;
const JSON_STATEMENT = {
  _type: "https://in-toto.io/Statement/v1",
  subject: [{ name: "app", digest: { sha256: SHA256 }, annotations: { a: "b" } }],
  predicateType: "https://slsa.dev/provenance/v1",
  predicate: {},
} as const satisfies Json;

const parseJsonOf = (value: Json) => parseStatement(toUtf8(JSON.stringify(value)));
const subjects = (count: number) => Array.from({ length: count }, () => ({ digest: { sha256: SHA256 } }));
const digests = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, at) => [`x${at}`, "1"]));

describe("a statement", () => {
  test("is written in canonical form", () => {
    expect(fromUtf8(formatStatement(STATEMENT))).toBe(
      `{"_type":"https://in-toto.io/Statement/v1","predicate":{"a":"ü","b":[1,null]},` +
        `"predicateType":"https://sigstore.dev/cosign/sign/v1","subject":[{"digest":{"sha256":"${SHA256}"}},` +
        `{"annotations":{"stage":"prod"},"digest":{"sha256":"${SHA256}","sha512":"${"cd".repeat(64)}"},"name":"pkg:oci/app"}]}`,
    );
  });

  test("reads what is written", () => {
    expect(parseStatement(formatStatement(STATEMENT))).toEqual(STATEMENT);
  });

  test("leaves out digests that are not there", () => {
    const sparse = { ...STATEMENT, subjects: [{ digest: { sha256: SHA256, sha512: undefined } }] };
    expect(parseStatement(formatStatement(sparse)).subjects).toEqual([{ digest: { sha256: SHA256 } }]);
  });

  test.each<[string, Json]>([
    ["any other statement", JSON_STATEMENT],
    ["version 0.1, as cosign attests", { ...JSON_STATEMENT, _type: "https://in-toto.io/Statement/v0.1" }],
    ["no predicate", { ...JSON_STATEMENT, predicate: null }],
    [
      "the fields of a resource descriptor",
      { ...JSON_STATEMENT, subject: [{ ...JSON_STATEMENT.subject[0], uri: "u" }] },
    ],
    ["a digest of another kind", { ...JSON_STATEMENT, subject: [{ digest: { gitCommit: "abc" } }] }],
    [`${MAX_SUBJECTS} subjects`, { ...JSON_STATEMENT, subject: subjects(MAX_SUBJECTS) }],
    ["32 digests", { ...JSON_STATEMENT, subject: [{ digest: digests(32) }] }],
    ["a subject called __proto__", { ...JSON_STATEMENT, subject: [{ digest: JSON.parse(`{"__proto__":"1"}`) }] }],
  ])("accepted: %s", (_, value) => {
    expect(() => parseJsonOf(value)).not.toThrow();
  });

  test.each<[string, Json]>([
    ["another type", { ...JSON_STATEMENT, _type: "https://in-toto.io/Statement/v0.2" }],
    ["an unknown field", { ...JSON_STATEMENT, time: "now" }],
    ["no subject", { ...JSON_STATEMENT, subject: [] }],
    ["a subject that is null", { ...JSON_STATEMENT, subject: [null] }],
    ["an unknown field of a subject", { ...JSON_STATEMENT, subject: [{ ...JSON_STATEMENT.subject[0], hash: "x" }] }],
    ["no predicate type", { ...JSON_STATEMENT, predicateType: "" }],
    ["a predicate that is a list", { ...JSON_STATEMENT, predicate: [] }],
    ["a subject without digest", { ...JSON_STATEMENT, subject: [{ name: "app" }] }],
    ["an upper-case digest", { ...JSON_STATEMENT, subject: [{ digest: { sha256: SHA256.toUpperCase() } }] }],
    ["a short digest", { ...JSON_STATEMENT, subject: [{ digest: { sha256: SHA256.slice(2) } }] }],
    ["an empty digest", { ...JSON_STATEMENT, subject: [{ digest: { gitCommit: "" } }] }],
    ["a digest that is a number", { ...JSON_STATEMENT, subject: [{ digest: { sha256: 1 } }] }],
    ["33 digests", { ...JSON_STATEMENT, subject: [{ digest: digests(33) }] }],
    [`${MAX_SUBJECTS + 1} subjects`, { ...JSON_STATEMENT, subject: subjects(MAX_SUBJECTS + 1) }],
    ["an annotation that is a number", { ...JSON_STATEMENT, subject: [{ digest: { a: "b" }, annotations: { a: 1 } }] }],
    ["a list", []],
  ])("refused: %s", (_, value) => {
    expect(() => parseJsonOf(value)).toThrow(expect.objectContaining({ code: "bundle/malformed-statement" }));
  });

  test("a million subjects are refused", () => {
    expect(() => parseJsonOf({ ...JSON_STATEMENT, subject: Array(1_000_000).fill(0) })).toThrow(
      expect.objectContaining({ code: "bundle/malformed-statement" }),
    );
  });

  test("a field that is there twice is refused", () => {
    const text = JSON.stringify(JSON_STATEMENT).replace(`"predicate":{}`, `"predicate":{},"predicate":{"a":1}`);
    expect(() => parseStatement(toUtf8(text))).toThrow(
      expect.objectContaining({ code: "bundle/malformed-statement", cause: expect.any(Failure) }),
    );
  });

  test("any bytes at all are a statement or a Failure, and a statement is written and read again", () => {
    const seed = formatStatement(STATEMENT);
    const inputs = fc.oneof(
      fc.uint8Array(),
      mutatedBytes(seed),
      mutatedJson(JSON_STATEMENT).map((value) => toUtf8(JSON.stringify(value))),
    );
    fc.assert(
      fc.property(inputs, (bytes) => {
        let statement: Statement;
        try {
          statement = parseStatement(bytes);
        } catch (error) {
          expect(error).toBeInstanceOf(Failure);
          return;
        }
        expect(parseStatement(formatStatement(statement))).toEqual(statement);
      }),
      { numRuns: 1000 },
    );
  });
});
