import { type Statement } from "../bundle/statement.ts";
import { Failure, type FailureCode } from "../failure.ts";
import { canonicalJson } from "../json/canonical.ts";
import { type SignatureDemand, type TransparencyDemand } from "../policy/policy.ts";
import {
  type Candidate,
  type Demand,
  examineStatement,
  type FoundBundle,
  isGood,
  readBundle,
  rejected,
} from "./candidate.ts";
import { type Bound, type Check, type CheckName, fail, pass } from "./verdict.ts";

/** The statements looked for, and what each must say besides being signed and logged. */
export interface Sought {
  readonly check: CheckName;
  readonly predicateType: string;
  /** Reported where there is no such statement at all. */
  readonly absent: FailureCode;
  /** Digests (hex SHA-256) of which every counted statement must name each. */
  readonly subjects: readonly string[];
  readonly signatures: SignatureDemand;
  /** Failures of a statement that is about the right thing but says something wrong. */
  readonly inspect?: (candidate: Candidate, statement: Statement) => readonly Check[];
}

/** The checks that whatever counts under `transparency` has passed. */
export function loggedAs(transparency: TransparencyDemand | null): readonly CheckName[] {
  if (transparency === null) return [];
  return transparency.witnesses === null ? ["inclusion"] : ["inclusion", "witnesses"];
}

/** What came of counting signers. */
export interface Counted {
  readonly checks: readonly Check[];
  readonly bounds: readonly Bound[];
  /** The candidates that count; empty unless the threshold is met. */
  readonly good: readonly Candidate[];
}

/**
 * Counts distinct signers of the statement sought. Bundles of other kinds, broken or foreign, neither hide good ones
 * nor deny; what is wrong with the candidates is reported only where they do not suffice.
 */
export function countSigners(found: readonly FoundBundle[], sought: Sought, terms: Omit<Demand, "keys">): Counted {
  const demand: Demand = { ...terms, keys: sought.signatures.of };
  const others: string[] = [];
  const candidates: Candidate[] = [];
  for (const each of found) {
    const read = readBundle(each);
    if (read instanceof Failure) {
      candidates.push(rejected(each.source, "content", read));
    } else if (read.claims === null || read.claims.predicateType !== sought.predicateType) {
      others.push(read.claims?.predicateType ?? "a file's signature");
    } else {
      candidates.push(inspect(examineStatement(each.source, read.bundle, demand), sought));
    }
  }
  return conclude(candidates, others, sought);
}

/** Adds what the statement itself gets wrong. Only a statement that a trusted key signed is read further. */
function inspect(candidate: Candidate, sought: Sought): Candidate {
  if (candidate.signed?.kind !== "statement") return candidate;
  const { statement } = candidate.signed;
  const named = new Set(
    statement.subjects.flatMap(({ digest }) => (digest["sha256"] === undefined ? [] : [digest["sha256"]])),
  );
  const missing = sought.subjects.filter((digest) => !named.has(digest));
  const [root] = sought.subjects;
  const checks: Check[] = [];
  if (root !== undefined && missing.includes(root)) {
    const message = `the statement is about sha256:${[...named].join(", sha256:")}, not sha256:${root}`;
    checks.push(fail(sought.check, "admit/subject-mismatch", message, { source: candidate.source }));
  } else if (missing.length > 0) {
    const message = `the statement does not name sha256:${missing.join(", sha256:")}`;
    checks.push(fail("platforms", "admit/platform-not-covered", message, { source: candidate.source }));
  }
  return { ...candidate, checks: [...candidate.checks, ...checks, ...(sought.inspect?.(candidate, statement) ?? [])] };
}

/**
 * Signers are counted per predicate: two keys that say different things do not make a threshold of two. Every predicate
 * that has enough signers counts.
 */
function conclude(candidates: readonly Candidate[], others: readonly string[], sought: Sought): Counted {
  const { threshold } = sought.signatures;
  const groups = [...Map.groupBy(candidates.filter(isGood), predicateOf).values()].map(distinctSigners);
  const enough = groups.filter((group) => group.length >= threshold);
  if (enough.length === 0) return { checks: shortfall(candidates, groups, others, sought), bounds: [], good: [] };
  const good = enough.flat();
  const names = good.map(({ signer }) => signer?.name ?? "").join(", ");
  const summary = pass(sought.check, `${threshold} of ${sought.signatures.of.length} needed: ${names}`, {
    predicateType: sought.predicateType,
  });
  return {
    checks: [...good.flatMap(({ checks }) => checks), summary],
    bounds: good.flatMap(({ bounds }) => bounds),
    good,
  };
}

const predicateOf = ({ signed }: Candidate): string =>
  signed?.kind === "statement" ? canonicalJson(signed.statement.predicate) : "";

/** One candidate a key, by the key itself and not by the names that it goes by. */
function distinctSigners(candidates: readonly Candidate[]): readonly Candidate[] {
  const bySigner = new Map<string, Candidate>();
  for (const candidate of candidates) {
    const keyId = candidate.signer?.key.keyId;
    if (keyId !== undefined && !bySigner.has(keyId)) bySigner.set(keyId, candidate);
  }
  return [...bySigner.values()];
}

/** Why there are too few: what is wrong with each candidate, or that there is none. */
function shortfall(
  candidates: readonly Candidate[],
  groups: readonly (readonly Candidate[])[],
  others: readonly string[],
  { check, predicateType, absent, signatures: { threshold, of } }: Sought,
): readonly Check[] {
  const failures = candidates.flatMap(({ checks }) => checks.filter(({ outcome }) => outcome === "fail"));
  const most = Math.max(0, ...groups.map((group) => group.length));
  if (failures.length === 0 && most === 0) {
    const beside = others.length === 0 ? "" : `; found only ${[...new Set(others)].slice(0, 5).join(", ")}`;
    return [fail(check, absent, `no statement ${predicateType}${beside}`)];
  }
  if (threshold === 1) return failures;
  const names = of.map(({ name }) => name).join(", ");
  return [...failures, fail(check, "admit/threshold", `${most} of ${threshold} distinct signers of ${names}`)];
}
