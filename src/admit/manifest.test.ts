import { describe, expect, test } from "vitest";

import { signMessage } from "../bundle/sign.ts";
import { type Statement } from "../bundle/statement.ts";
import { toUtf8 } from "../bytes/utf8.ts";
import { policyOf } from "../policy/given-trust.ts";
import { MemoryLog, testKey } from "../testing/bundles.ts";
import {
  MEASUREMENT,
  NODE,
  NODE_MEASUREMENT,
  nodeStatement,
  NOW,
  recorded,
  recordedAs,
  SBOM,
  SIGNATURE,
  statusStatement,
} from "../testing/evidence.ts";
import { STATUS_PREDICATE, withValue } from "../testing/manifests.ts";
import { type FoundBundle } from "./candidate.ts";
import { verifyManifest } from "./manifest.ts";
import { NOTHING_REMEMBERED } from "./terms.ts";

const POLICY = policyOf({
  keys: [{ name: "alice.pub", key: testKey().publicKey }],
  threshold: 1,
  logs: [new MemoryLog().trusted],
  witnesses: null,
});
const judge = (bundle: FoundBundle) => verifyManifest({ name: "m", bundle }, POLICY, POLICY, NOTHING_REMEMBERED, NOW);
const node = (path: string, value: string): Statement => nodeStatement(withValue(NODE_MEASUREMENT, [path], value));
const status = (path: string, value: string): Statement => statusStatement(withValue(STATUS_PREDICATE, [path], value));

describe("manifests of each type are verified, until they end", () => {
  test.each<[string, Statement, readonly string[], string | null]>([
    ["an image measurement", MEASUREMENT, ["tlog/unwitnessed"], null],
    ["a node measurement", NODE, ["tlog/unwitnessed", "manifest/status-unknown"], "2027-05-01T00:00:00Z"],
    ["a status", statusStatement(), ["tlog/unwitnessed"], "2026-12-20T00:00:00Z"],
    [
      "a node measurement that nobody derived",
      nodeStatement(withValue(NODE_MEASUREMENT, ["fromRecipeOnly"], true)),
      ["tlog/unwitnessed", "manifest/status-unknown", "manifest/recipe-only"],
      "2027-05-01T00:00:00Z",
    ],
  ])("%s", async (_name, statement, notes, validUntil) => {
    const verdict = judge(await recorded(statement));
    expect(verdict).toMatchObject({ admitted: true, reasons: [], notes, validUntil });
  });
});

const fileSignature = async (): Promise<FoundBundle> => {
  const digest = new Uint8Array(32);
  return recordedAs(signMessage(digest, await testKey().sign(digest), testKey().publicKey));
};

describe("refused", () => {
  /** The codes expected of what is refused, and what differs in that alone. */
  test.each<[string, readonly string[], () => Promise<FoundBundle>, Statement]>([
    ["no bundle", ["bundle/malformed"], async () => ({ source: "x", bytes: toUtf8("[]") }), NODE],
    ["a signature over a file", ["admit/no-measurement"], fileSignature, NODE],
    ["an image's signature", ["admit/no-measurement"], () => recorded(SIGNATURE), MEASUREMENT],
    ["a statement of others", ["admit/no-measurement"], () => recorded(SBOM), MEASUREMENT],
    [
      "a type that every object has",
      ["admit/no-measurement"],
      () => recorded({ ...SBOM, predicateType: "constructor" }),
      MEASUREMENT,
    ],
    ["a stranger's", ["admit/wrong-key"], () => recorded(NODE, { key: testKey("mallory") }), NODE],
    ["one in no log", ["admit/unlogged"], () => recorded(NODE, { log: null }), NODE],
    ["one without a shape", ["manifest/malformed"], () => recorded({ ...NODE, predicate: {} }), NODE],
    [
      "an image measurement without a shape",
      ["manifest/malformed"],
      () => recorded({ ...MEASUREMENT, predicate: {} }),
      MEASUREMENT,
    ],
    [
      "a measurement that is not valid yet",
      ["manifest/not-yet-valid"],
      () => recorded(node("notBefore", "2026-11-22T10:00:01Z")),
      node("notBefore", "2026-11-22T10:00:00Z"),
    ],
    [
      "a measurement that has ended",
      ["manifest/expired"],
      () => recorded(node("notAfter", "2026-11-22T09:59:59Z")),
      node("notAfter", "2026-11-22T10:00:00Z"),
    ],
    [
      "a status that has ended",
      ["manifest/expired"],
      () => recorded(status("notAfter", "2026-11-22T09:59:59Z")),
      status("notAfter", "2026-11-22T10:00:00Z"),
    ],
  ])("%s", async (_name, codes, refused, accepted) => {
    expect(judge(await refused())).toMatchObject({ admitted: false, reasons: codes, validUntil: null });
    expect(judge(await recorded(accepted))).toMatchObject({ admitted: true, reasons: [] });
  });
});
