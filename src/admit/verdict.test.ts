import fc from "fast-check";
import { Check as conforms } from "typebox/schema";
import { describe, expect, test } from "vitest";

import { type Json } from "../json/json.ts";
import { testKey } from "../testing/bundles.ts";
import {
  IMAGE_BUNDLES,
  IMAGE_REQUEST,
  MEASUREMENT,
  newLog,
  NODE,
  NODE_REQUEST,
  NOW,
  recorded,
  SBOM,
  SIGNATURE,
  statusStatement,
} from "../testing/evidence.ts";
import { withValue } from "../testing/manifests.ts";
import { type ImageRule } from "../policy/policy.ts";
import { POLICY, readTestPolicy } from "../testing/policies.ts";
import { type FoundBundle } from "./candidate.ts";
import { admitImage } from "./image.ts";
import { admitNodeImage } from "./node-image.ts";
import { VerdictSchema } from "./schema.ts";
import { NOTHING_REMEMBERED } from "./terms.ts";
import { type Check, type CheckName, CHECKS, fail, note, pass, type Verdict, verdictOf } from "./verdict.ts";

const SUBJECT = { kind: "blob", name: "a", digest: null } as const;
const NAMED = { name: "p", digest: `sha256:${"ab".repeat(32)}` };
const conclude = (required: readonly CheckName[], checks: readonly Check[]): Verdict =>
  verdictOf(SUBJECT, NAMED, NOW, required, checks, []);

const anyCheck = fc.oneof(
  fc.constantFrom(...CHECKS).map((name) => pass(name, "well")),
  fc.constantFrom(...CHECKS).map((name) => fail(name, "admit/unsigned", "not well")),
  fc.constantFrom(...CHECKS).map((name) => note(name, "tlog/unwitnessed", "who knows")),
);

describe("the conclusion", () => {
  test("nothing required admits nothing", () => {
    expect(conclude([], [])).toMatchObject({ admitted: false });
    expect(conclude([], [pass("signature", "well")])).toMatchObject({ admitted: false });
    expect(conclude(["signature"], [pass("signature", "well")])).toMatchObject({ admitted: true });
  });

  test("a note is no pass", () => {
    expect(conclude(["inclusion"], [note("inclusion", "tlog/unlogged", "")])).toMatchObject({ admitted: false });
    expect(conclude(["inclusion"], [pass("inclusion", "")])).toMatchObject({ admitted: true });
  });

  test("a failure of what nobody required denies too", () => {
    const checks = [pass("signature", ""), fail("status", "manifest/revoked", "")];
    expect(conclude(["signature"], checks)).toMatchObject({ admitted: false, reasons: ["manifest/revoked"] });
    expect(conclude(["signature"], checks.slice(0, 1))).toMatchObject({ admitted: true, reasons: [] });
  });

  test("codes are told once", () => {
    const checks = [fail("signature", "admit/unsigned", "a"), fail("attestation", "admit/unsigned", "b")];
    expect(conclude(["signature"], checks)).toMatchObject({ reasons: ["admit/unsigned"], checks });
  });

  test("the earliest end is told, and only of a yes", () => {
    const bounds = ["2026-12-03", "2026-12-01", "2026-12-02"].map((day) => ({ end: new Date(day), by: day }));
    const at = (checks: readonly Check[]) => verdictOf(SUBJECT, NAMED, NOW, ["signature"], checks, bounds);
    expect(at([pass("signature", "")])).toMatchObject({ validUntil: "2026-12-01T00:00:00Z", boundBy: "2026-12-01" });
    expect(at([])).toMatchObject({ validUntil: null, boundBy: null });
  });

  test("is yes exactly if no check failed and each required one passed", () => {
    const names = fc.uniqueArray(fc.constantFrom(...CHECKS));
    fc.assert(
      fc.property(names, fc.array(anyCheck, { maxLength: 12 }), (required, checks) => {
        const proven = required.every((name) =>
          checks.some(({ check, outcome }) => check === name && outcome === "pass"),
        );
        const failed = checks.some(({ outcome }) => outcome === "fail");
        expect(conclude(required, checks).admitted).toBe(required.length > 0 && proven && !failed);
      }),
    );
  });
});

/** Bundles good and bad, of every kind; a verdict is drawn over any of them. */
const mallory = testKey("mallory");
const UNWITNESSED = await recorded(SIGNATURE, { witnesses: [] });
const POOL: readonly FoundBundle[] = [
  ...Object.values(IMAGE_BUNDLES),
  await recorded(SIGNATURE, { key: testKey("bob") }),
  await recorded(SBOM, { key: testKey("bob") }),
  await recorded(SIGNATURE, { key: mallory }),
  await recorded(SIGNATURE, { log: null }),
  UNWITNESSED,
  await recorded(MEASUREMENT, { log: newLog("other.example.com") }),
  await recorded({ ...MEASUREMENT, predicate: {} }),
  await recorded({ ...SIGNATURE, subjects: SIGNATURE.subjects.slice(0, 1) }),
  await recorded(NODE),
  await recorded(statusStatement()),
  { source: "bytes", bytes: Uint8Array.of(1, 2, 3) },
];

const TWO = [["images", 0, "signatures", "threshold"], 2] as const;
const DOCUMENTS: readonly Json[] = [
  POLICY,
  withValue(POLICY, ...TWO),
  withValue(POLICY, ["images", 0, "attestations"], []),
  withValue(POLICY, ["images", 0, "measurement"], { none: { because: "not yet" } }),
  withValue(POLICY, ["images", 0, "transparency"], { logs: ["log"], witnesses: "none", because: "not yet" }),
  withValue(POLICY, ["images", 1], { ...POLICY.images[0], name: "again", platforms: "referenced-only" }),
  withValue(POLICY, ["images"], []),
  withValue(POLICY, ["notAfter"], "2026-11-01T00:00:00Z"),
];
const POLICIES = await Promise.all(DOCUMENTS.map(readTestPolicy));

const asJson = (verdict: Verdict): unknown => JSON.parse(JSON.stringify(verdict));

/** Of alice and bob, how many a rule may count: without witnesses, by a bundle that none has seen too. */
function signersIn(found: readonly FoundBundle[], rule: ImageRule | undefined): number {
  const alice = [POOL[0], ...(rule?.transparency?.witnesses === null ? [UNWITNESSED] : [])];
  const isThere = (bundle: FoundBundle | undefined): boolean => bundle !== undefined && found.includes(bundle);
  return [alice.some(isThere), isThere(POOL[3])].filter(Boolean).length;
}

describe("any verdict", () => {
  const bundles = fc.shuffledSubarray([...POOL]);
  const policies = fc.constantFrom(...POLICIES);

  test("is by the published schema, and a yes has no failing check, a pass of every kind and an end to come", () => {
    fc.assert(
      fc.property(bundles, policies, fc.boolean(), (found, policy, pinned) => {
        const verdict = admitImage({ ...IMAGE_REQUEST, pinned, bundles: found }, policy, NOTHING_REMEMBERED, NOW);
        expect(conforms(VerdictSchema, asJson(verdict))).toBe(true);
        expect(verdict.reasons.length > 0).toBe(!verdict.admitted);
        if (!verdict.admitted) {
          expect(verdict.validUntil).toBeNull();
          return;
        }
        const [rule] = policy.images;
        expect(pinned && signersIn(found, rule) >= (rule?.signatures.threshold ?? 0)).toBe(true);
        if (rule?.measurement !== null) expect(found.includes(IMAGE_BUNDLES.measurement)).toBe(true);
        expect(verdict.checks.filter(({ outcome }) => outcome === "fail")).toEqual([]);
        expect(verdict.validUntil === null || verdict.validUntil >= verdict.evaluatedAt).toBe(true);
      }),
      { numRuns: 60 },
    );
  });

  test("of a node image too", () => {
    fc.assert(
      fc.property(bundles, bundles, policies, (measurements, statuses, policy) => {
        const request = { ...NODE_REQUEST, measurements, statuses };
        const verdict = admitNodeImage(request, policy, NOTHING_REMEMBERED, NOW);
        expect(conforms(VerdictSchema, asJson(verdict))).toBe(true);
        const [node, status] = [POOL[11] ?? mustBe(), POOL[12] ?? mustBe()];
        const ended = policy.notAfter !== null && policy.notAfter < NOW;
        expect(verdict.admitted).toBe(measurements.includes(node) && statuses.includes(status) && !ended);
      }),
      { numRuns: 40 },
    );
  });
});

function mustBe(): never {
  throw new RangeError("the pool is shorter than it was");
}

const yes = async () => [
  admitImage(
    { ...IMAGE_REQUEST, bundles: Object.values(IMAGE_BUNDLES) },
    await readTestPolicy(POLICY),
    NOTHING_REMEMBERED,
    NOW,
  ),
  admitNodeImage(
    { ...NODE_REQUEST, measurements: [POOL[11] ?? mustBe()], statuses: [POOL[12] ?? mustBe()] },
    await readTestPolicy(POLICY),
    NOTHING_REMEMBERED,
    NOW,
  ),
];

describe("a yes without one of its checks is a no", () => {
  test("a full policy has each kind of check made", async () => {
    const [image, node] = (await yes()).map(({ checks }) => new Set(checks.map(({ check }) => check)));
    expect(image).toEqual(
      new Set([
        "policy",
        "reference",
        "content",
        "signature",
        "inclusion",
        "witnesses",
        "measurement",
        "attestation",
        "platforms",
      ]),
    );
    expect(node).toEqual(
      new Set([
        "policy",
        "reference",
        "content",
        "signature",
        "inclusion",
        "witnesses",
        "measurement",
        "status",
        "registers",
      ]),
    );
  });

  test("whichever step is forgotten", async () => {
    for (const verdict of await yes()) {
      expect(verdict.admitted).toBe(true);
      const names = [...new Set(verdict.checks.map(({ check }) => check))];
      for (const gone of names) {
        const left = verdict.checks.filter(({ check }) => check !== gone);
        expect(verdictOf(verdict.subject, verdict.policy, NOW, names, left, [])).toMatchObject({ admitted: false });
      }
      expect(verdictOf(verdict.subject, verdict.policy, NOW, names, verdict.checks, [])).toMatchObject({
        admitted: true,
      });
    }
  });
});
