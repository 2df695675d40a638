import { describe, expect, test } from "vitest";

import { NODE_PREDICATE, STATUS_PREDICATE } from "../testing/manifests.ts";
import { nodeMeasurementDigest, parseNodeMeasurement } from "./node-measurement.ts";
import { type MeasurementStatus } from "./schema.ts";
import { parseMeasurementStatus } from "./status.ts";
import { evaluateStatus, type StatusDemands, type VerifiedStatus } from "./status-evaluation.ts";
import { evaluateValidity } from "./validity.ts";

const NOW = new Date("2026-11-22T10:00:00Z");
const DAY = 86_400;

/** Sequence 41, svn 7. */
const MANIFEST = parseNodeMeasurement(NODE_PREDICATE);

/** Latest 42, minSequence 40, minSvn 6, from 20 November to 20 December, with changes. */
function statusOf(change: Partial<MeasurementStatus> = {}, evidenceTime: Date | null = null): VerifiedStatus {
  return { status: parseMeasurementStatus({ ...STATUS_PREDICATE, ...change }), evidenceTime };
}
const REVOKED = { digest: nodeMeasurementDigest(MANIFEST), reason: "the key was stolen" };

const LENIENT: StatusDemands = {
  required: false,
  maxAgeSeconds: null,
  minSequence: null,
  rememberedSequence: null,
  rememberedLatest: null,
};
const REQUIRED: StatusDemands = { ...LENIENT, required: true };

const codesOf = (findings: readonly { readonly code: string }[]): readonly string[] => findings.map(({ code }) => code);

interface Case {
  readonly name: string;
  readonly statuses: readonly VerifiedStatus[];
  readonly demands: StatusDemands;
  readonly findings?: readonly string[];
  readonly notes?: readonly string[];
  readonly validUntil?: string;
}

const EXPIRED = { notBefore: "2026-10-01T00:00:00Z", notAfter: "2026-11-01T00:00:00Z" };
const COMING = { notBefore: "2026-11-23T00:00:00Z", notAfter: "2026-12-23T00:00:00Z" };

const CASES: readonly Case[] = [
  { name: "it stands", statuses: [statusOf()], demands: REQUIRED, validUntil: "2026-12-20T00:00:00.000Z" },
  {
    name: "it stands, and nobody asked",
    statuses: [statusOf()],
    demands: LENIENT,
    validUntil: "2026-12-20T00:00:00.000Z",
  },
  { name: "no status, and nobody asked", statuses: [], demands: LENIENT, notes: ["manifest/status-unknown"] },
  { name: "no status", statuses: [], demands: REQUIRED, findings: ["manifest/status-unknown"] },
  {
    name: "a status of another product",
    statuses: [statusOf({ product: "acme-router", revoked: [REVOKED], latest: 99, minSequence: 99 })],
    demands: REQUIRED,
    findings: ["manifest/status-unknown"],
  },
  {
    name: "the latest there is",
    statuses: [statusOf({ latest: 41, minSequence: 41, minSvn: 7 })],
    demands: { ...REQUIRED, minSequence: 41, rememberedSequence: 41, rememberedLatest: 41 },
    validUntil: "2026-12-20T00:00:00.000Z",
  },

  {
    name: "revoked",
    statuses: [statusOf({ revoked: [REVOKED] })],
    demands: REQUIRED,
    findings: ["manifest/revoked"],
    validUntil: "2026-12-20T00:00:00.000Z",
  },
  {
    name: "revoked by one of two statuses, the older",
    statuses: [statusOf(), statusOf({ revoked: [REVOKED], latest: 41 })],
    demands: REQUIRED,
    findings: ["manifest/revoked"],
    validUntil: "2026-12-20T00:00:00.000Z",
  },
  {
    name: "revoked by a status that is over",
    statuses: [statusOf(), statusOf({ ...EXPIRED, revoked: [REVOKED] })],
    demands: REQUIRED,
    findings: ["manifest/revoked"],
    validUntil: "2026-12-20T00:00:00.000Z",
  },
  {
    name: "to be revoked tomorrow",
    statuses: [statusOf(), statusOf({ ...COMING, revoked: [REVOKED] })],
    demands: REQUIRED,
    validUntil: "2026-12-20T00:00:00.000Z",
  },
  {
    name: "revoked, and no status was asked for",
    statuses: [statusOf({ ...EXPIRED, revoked: [REVOKED] })],
    demands: LENIENT,
    findings: ["manifest/revoked"],
    notes: ["manifest/status-expired"],
  },

  {
    name: "below the status's sequence",
    statuses: [statusOf({ minSequence: 42 })],
    demands: REQUIRED,
    findings: ["manifest/superseded"],
    validUntil: "2026-12-20T00:00:00.000Z",
  },
  {
    name: "below the sequence of a status that is over",
    statuses: [statusOf({ ...EXPIRED, minSequence: 42 })],
    demands: LENIENT,
    findings: ["manifest/superseded"],
    notes: ["manifest/status-expired"],
  },
  {
    name: "below the status's svn",
    statuses: [statusOf({ minSvn: 8 })],
    demands: REQUIRED,
    findings: ["manifest/superseded"],
    validUntil: "2026-12-20T00:00:00.000Z",
  },
  {
    name: "below both",
    statuses: [statusOf({ minSequence: 42, minSvn: 8 })],
    demands: REQUIRED,
    findings: ["manifest/superseded", "manifest/superseded"],
    validUntil: "2026-12-20T00:00:00.000Z",
  },
  {
    name: "below the policy's sequence",
    statuses: [statusOf()],
    demands: { ...REQUIRED, minSequence: 42 },
    findings: ["manifest/superseded"],
    validUntil: "2026-12-20T00:00:00.000Z",
  },
  {
    name: "below the policy's sequence, without status",
    statuses: [],
    demands: { ...LENIENT, minSequence: 42 },
    findings: ["manifest/superseded"],
    notes: ["manifest/status-unknown"],
  },

  {
    name: "an older sequence than was admitted",
    statuses: [statusOf()],
    demands: { ...REQUIRED, rememberedSequence: 42 },
    findings: ["manifest/rolled-back"],
    validUntil: "2026-12-20T00:00:00.000Z",
  },
  {
    name: "an older status than was read",
    statuses: [statusOf()],
    demands: { ...LENIENT, rememberedLatest: 43 },
    findings: ["manifest/status-rolled-back"],
    validUntil: "2026-12-20T00:00:00.000Z",
  },
  {
    name: "an older status beside the one that was read",
    statuses: [statusOf(), statusOf({ latest: 43 })],
    demands: { ...LENIENT, rememberedLatest: 43 },
    validUntil: "2026-12-20T00:00:00.000Z",
  },
  {
    name: "no status where one was read",
    statuses: [],
    demands: { ...LENIENT, rememberedLatest: 0 },
    findings: ["manifest/status-rolled-back"],
    notes: ["manifest/status-unknown"],
  },

  {
    name: "a status that is over",
    statuses: [statusOf(EXPIRED)],
    demands: REQUIRED,
    findings: ["manifest/status-expired"],
  },
  {
    name: "a status at its last moment",
    statuses: [statusOf({ notAfter: "2026-11-22T10:00:00Z" })],
    demands: REQUIRED,
    validUntil: "2026-11-22T10:00:00.000Z",
  },
  {
    name: "a status after its last moment",
    statuses: [statusOf({ notAfter: "2026-11-22T09:59:59Z" })],
    demands: REQUIRED,
    findings: ["manifest/status-expired"],
  },
  {
    name: "a status of tomorrow",
    statuses: [statusOf(COMING)],
    demands: REQUIRED,
    findings: ["manifest/status-not-yet-valid"],
  },
  {
    name: "a status at its first moment",
    statuses: [statusOf({ notBefore: "2026-11-22T10:00:00Z" })],
    demands: REQUIRED,
    validUntil: "2026-12-20T00:00:00.000Z",
  },
  {
    name: "a status from before the release",
    statuses: [statusOf({ latest: 40 })],
    demands: REQUIRED,
    findings: ["manifest/status-unknown"],
  },
  {
    name: "a status from before the release, and nobody asked",
    statuses: [statusOf({ latest: 40 })],
    demands: LENIENT,
    notes: ["manifest/status-unknown"],
  },

  {
    name: "a status as old as it may be: it began two days and ten hours ago",
    statuses: [statusOf()],
    demands: { ...REQUIRED, maxAgeSeconds: 2 * DAY + 36_000 },
    validUntil: "2026-11-22T10:00:00.000Z",
  },
  {
    name: "a status that is too old by a second",
    statuses: [statusOf()],
    demands: { ...REQUIRED, maxAgeSeconds: 2 * DAY + 35_999 },
    findings: ["manifest/status-stale"],
  },
  {
    name: "a fresh proof makes no old status young",
    statuses: [statusOf({}, NOW)],
    demands: { ...REQUIRED, maxAgeSeconds: DAY },
    findings: ["manifest/status-stale"],
  },
  {
    name: "a status that existed before it began is as old as its evidence",
    statuses: [statusOf({ notBefore: "2026-11-22T09:00:00Z" }, new Date("2026-11-20T10:00:00Z"))],
    demands: { ...REQUIRED, maxAgeSeconds: DAY },
    findings: ["manifest/status-stale"],
  },
  {
    name: "a fresh status beside an old one",
    statuses: [statusOf(EXPIRED), statusOf({ notBefore: "2026-11-22T09:00:00Z" }, NOW)],
    demands: { ...REQUIRED, maxAgeSeconds: DAY },
    validUntil: "2026-11-23T09:00:00.000Z",
  },
  {
    name: "the end of the status comes before its age",
    statuses: [statusOf()],
    demands: { ...REQUIRED, maxAgeSeconds: 365 * DAY },
    validUntil: "2026-12-20T00:00:00.000Z",
  },
];

test.each(CASES)("$name", ({ statuses, demands, findings = [], notes = [], validUntil }) => {
  const evaluation = evaluateStatus(MANIFEST, statuses, NOW, demands);
  expect(codesOf(evaluation.findings)).toEqual(findings);
  expect(codesOf(evaluation.notes)).toEqual(notes);
  expect(evaluation.validUntil?.toISOString()).toBe(validUntil);
});

test("the order of the statuses changes nothing", () => {
  const statuses = [statusOf(EXPIRED), statusOf({ latest: 43 }), statusOf(COMING), statusOf({ revoked: [REVOKED] })];
  const evaluation = evaluateStatus(MANIFEST, statuses, NOW, REQUIRED);
  expect(evaluateStatus(MANIFEST, statuses.toReversed(), NOW, REQUIRED)).toEqual(evaluation);
});

test("the highest latest is there to be remembered", () => {
  expect(evaluateStatus(MANIFEST, [], NOW, LENIENT).latest).toBe(null);
  expect(evaluateStatus(MANIFEST, [statusOf({ latest: 50 }), statusOf()], NOW, LENIENT).latest).toBe(50);
});

test("the reason of a revocation is told", () => {
  const [finding] = evaluateStatus(MANIFEST, [statusOf({ revoked: [REVOKED] })], NOW, LENIENT).findings;
  expect(finding?.message).toBe(`acme-node 1.9.0 (${REVOKED.digest}) is revoked: the key was stolen`);
});

describe("a manifest's own validity, 2026-11-01 to 2027-05-01", () => {
  test.each([
    ["2026-10-31T23:59:59.999Z", "manifest/not-yet-valid"],
    ["2026-11-01T00:00:00.000Z", null],
    ["2026-11-22T10:00:00.000Z", null],
    ["2027-05-01T00:00:00.000Z", null],
    ["2027-05-01T00:00:00.001Z", "manifest/expired"],
  ])("%s: %s", (now, code) => {
    expect(evaluateValidity(MANIFEST, new Date(now))?.code ?? null).toBe(code);
  });
});
