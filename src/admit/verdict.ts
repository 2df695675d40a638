/**
 * The verdict: what was asked, what was checked, and the answer. It starts as "denied"; only {@link verdictOf}, given a
 * pass for every check that the decision requires and no failure, makes it "admitted".
 */
import { type FailureCode, type NoteCode } from "../failure.ts";
import { type Json } from "../json/json.ts";
import { formatInstant } from "../manifest/validity.ts";

/** What is checked, in the order of evaluation. Each is one idea, so that its mutant breaks one test. */
export const CHECKS = [
  "reference",
  "policy",
  "state",
  "content",
  "signature",
  "inclusion",
  "witnesses",
  "platforms",
  "measurement",
  "attestation",
  "status",
  "registers",
] as const;
export type CheckName = (typeof CHECKS)[number];

/** One thing checked. A `note` neither admits nor denies; it is said so that nobody assumes more than was proven. */
export type Check =
  | ({ readonly check: CheckName; readonly outcome: "pass"; readonly code: null } & Finding)
  | ({ readonly check: CheckName; readonly outcome: "fail"; readonly code: FailureCode } & Finding)
  | ({ readonly check: CheckName; readonly outcome: "note"; readonly code: NoteCode } & Finding);

interface Finding {
  readonly message: string;
  /** What the check looked at: log id, index, digest … Values are public. */
  readonly evidence: { readonly [key: string]: Json };
}

/** What is judged. */
export interface Subject {
  readonly kind: "image" | "node-image" | "blob" | "manifest";
  readonly name: string;
  /** `sha256:` and hex; null where it could not be found out. */
  readonly digest: string | null;
}

/** When a yes ends, and what ends it. */
export interface Bound {
  readonly end: Date;
  readonly by: string;
}

/** The answer; `schemas/verdict.v1.json`. */
export interface Verdict {
  readonly admitted: boolean;
  readonly subject: Subject;
  readonly policy: { readonly name: string; readonly digest: string };
  /** RFC 3339, UTC. */
  readonly evaluatedAt: string;
  readonly checks: readonly Check[];
  /** Codes of the failing checks, each once. */
  readonly reasons: readonly FailureCode[];
  readonly notes: readonly NoteCode[];
  /** A yes is a lease: the earliest end among everything it rests on, or null where nothing ends. */
  readonly validUntil: string | null;
  readonly boundBy: string | null;
}

export const pass = (check: CheckName, message: string, evidence: Check["evidence"] = {}): Check => ({
  check,
  outcome: "pass",
  code: null,
  message,
  evidence,
});

export const fail = (
  check: CheckName,
  code: FailureCode,
  message: string,
  evidence: Check["evidence"] = {},
): Check => ({
  check,
  outcome: "fail",
  code,
  message,
  evidence,
});

export const note = (check: CheckName, code: NoteCode, message: string, evidence: Check["evidence"] = {}): Check => ({
  check,
  outcome: "note",
  code,
  message,
  evidence,
});

/**
 * Draws the conclusion.
 *
 * @param required  every check that must have passed at least once; a step that was forgotten therefore denies
 */
export function verdictOf(
  subject: Subject,
  policy: { readonly name: string; readonly digest: string },
  now: Date,
  required: readonly CheckName[],
  checks: readonly Check[],
  bounds: readonly Bound[],
): Verdict {
  const failed = checks.some(({ outcome }) => outcome === "fail");
  const proven = required.every((name) => checks.some(({ check, outcome }) => check === name && outcome === "pass"));
  const admitted = required.length > 0 && proven && !failed;
  const first = admitted ? earliest(bounds) : null;
  return {
    admitted,
    subject,
    policy: { name: policy.name, digest: policy.digest },
    evaluatedAt: formatInstant(now),
    checks,
    reasons: distinct(checks.flatMap((each) => (each.outcome === "fail" ? [each.code] : []))),
    notes: distinct(checks.flatMap((each) => (each.outcome === "note" ? [each.code] : []))),
    validUntil: first === null ? null : formatInstant(first.end),
    boundBy: first?.by ?? null,
  };
}

const earliest = (bounds: readonly Bound[]): Bound | null =>
  bounds.reduce<Bound | null>((first, each) => (first === null || each.end < first.end ? each : first), null);

const distinct = <Value>(values: readonly Value[]): readonly Value[] => [...new Set(values)];
