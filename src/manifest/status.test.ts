import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { Failure } from "../failure.ts";
import { canonicalJson } from "../json/canonical.ts";
import { type Json } from "../json/json.ts";
import { parseJson } from "../json/parser.ts";
import { hashOf, STATUS_PREDICATE, withValue } from "../testing/manifests.ts";
import { mutatedJson } from "../testing/mutation.ts";
import { formatMeasurementStatus, parseMeasurementStatus } from "./status.ts";

type Path = readonly (string | number)[];
const revoked = (text: string) => ({ digest: `sha256:${hashOf(text)}`, reason: "stolen" });

const ACCEPTED: readonly (readonly [name: string, path: Path, value: Json | undefined])[] = [
  ["as it is", ["product"], "acme-node"],
  ["nothing revoked", ["revoked"], []],
  ["two revoked", ["revoked"], [revoked("a"), revoked("b")]],
  ["only the latest stands", ["minSequence"], 42],
  ["the first release", ["minSequence"], 0],
];

test.each(ACCEPTED)("accepted: %s, and written back the same", (_, path, value) => {
  const predicate = withValue(STATUS_PREDICATE, path, value);
  expect(formatMeasurementStatus(parseMeasurementStatus(predicate))).toBe(canonicalJson(predicate));
});

const REFUSED: readonly (readonly [name: string, path: Path, value: Json | undefined, message: RegExp])[] = [
  ["no product", ["product"], undefined, /required/],
  ["an unknown property", ["maxSequence"], 1, /\/maxSequence is not a property/],
  ["an unknown property of a revocation", ["revoked", 0, "until"], "x", /until is not a property/],
  ["latest as text", ["latest"], "42", /\/latest/],
  ["no minSequence", ["minSequence"], undefined, /required/],
  ["no minSvn", ["minSvn"], undefined, /required/],
  ["nothing said of revocations", ["revoked"], undefined, /required/],
  ["a minimum above the latest", ["minSequence"], 43, /minSequence 43 is above latest 42/],
  ["revoked by hex alone", ["revoked", 0, "digest"], hashOf("x"), /\/revoked\/0\/digest/],
  ["revoked by SHA-1", ["revoked", 0, "digest"], `sha1:${"ab".repeat(20)}`, /\/revoked\/0\/digest/],
  ["revoked without reason", ["revoked", 0, "reason"], "", /\/revoked\/0\/reason/],
  ["revoked twice", ["revoked"], [revoked("a"), revoked("a")], /more than once/],
  ["over before it begins", ["notAfter"], "2026-11-19T00:00:00Z", /is not before/],
  ["a day that the calendar lacks", ["notAfter"], "2026-11-31T00:00:00Z", /is not a time/],
];

test.each(REFUSED)("refused: %s", (_, path, value, message) => {
  expect(() => parseMeasurementStatus(withValue(STATUS_PREDICATE, path, value))).toThrow(
    expect.objectContaining({ code: "manifest/malformed", message: expect.stringMatching(message) }),
  );
});

describe("any document is a status or a Failure", () => {
  test("one to three fields away from a good one", () => {
    fc.assert(
      fc.property(mutatedJson(STATUS_PREDICATE), (predicate) => {
        try {
          const status = parseMeasurementStatus(predicate);
          expect(parseMeasurementStatus(parseJson(formatMeasurementStatus(status)))).toEqual(status);
        } catch (error) {
          expect(error).toBeInstanceOf(Failure);
        }
      }),
      { numRuns: 1000 },
    );
  });
});
