import { formatInstant } from "../manifest/validity.ts";
import { type Policy } from "../policy/policy.ts";
import { type Bound, type Check, fail, note, pass } from "./verdict.ts";

/** What a verifier remembers from earlier runs; all null or empty without `--state`. */
export interface Remembered {
  /** Highest version of this policy that was used. */
  readonly policyVersion: number | null;
  /** By product: the highest sequence admitted and the highest `latest` read in a status. */
  readonly products: ReadonlyMap<string, { readonly sequence: number | null; readonly latest: number | null }>;
  /** Root hash (hex) by {@link treeHeadKey}: one size of one log has one root, ever. */
  readonly roots: ReadonlyMap<string, string>;
}

export const NOTHING_REMEMBERED: Remembered = { policyVersion: null, products: new Map(), roots: new Map() };

/** The tree of `logId` (hex) at `treeSize` entries. */
export const treeHeadKey = (logId: string, treeSize: number): string => `${logId}/${treeSize}`;

const EXPIRES_SOON_MS = 14 * 86_400_000;

/** Whether the policy itself may still decide: it ends, and an older version than was used before is a rollback. */
export function examinePolicy(policy: Policy, remembered: Remembered, now: Date): { checks: Check[]; bounds: Bound[] } {
  const evidence = { policy: policy.name, version: policy.version, digest: policy.digest };
  const checks: Check[] = [];
  if (remembered.policyVersion !== null && policy.version < remembered.policyVersion) {
    const message = `version ${policy.version} is older than version ${remembered.policyVersion}, which was used before`;
    checks.push(fail("state", "admit/policy-rolled-back", message, evidence));
  }
  if (policy.notAfter === null)
    return { checks: [...checks, pass("policy", `policy ${policy.name}`, evidence)], bounds: [] };
  if (now > policy.notAfter) {
    checks.push(
      fail("policy", "admit/policy-expired", `the policy ended at ${formatInstant(policy.notAfter)}`, evidence),
    );
    return { checks, bounds: [] };
  }
  checks.push(pass("policy", `policy ${policy.name}, version ${policy.version}`, evidence));
  if (policy.notAfter.getTime() - now.getTime() < EXPIRES_SOON_MS) {
    checks.push(
      note("policy", "policy/expires-soon", `the policy ends at ${formatInstant(policy.notAfter)}`, evidence),
    );
  }
  return { checks, bounds: [{ end: policy.notAfter, by: "policy" }] };
}

/**
 * A tree of a size seen before must have the root seen before, in this verdict or in an earlier run: otherwise the log
 * has shown two histories.
 */
export function examineTreeHeads(checks: readonly Check[], remembered: Remembered): readonly Check[] {
  const roots = new Map(remembered.roots);
  return checks.flatMap(({ check, outcome, evidence }) => {
    const { logId, treeSize, rootHash } = evidence;
    if (check !== "inclusion" || outcome !== "pass") return [];
    if (typeof logId !== "string" || typeof treeSize !== "number" || typeof rootHash !== "string") return [];
    const head = treeHeadKey(logId, treeSize);
    const before = roots.get(head) ?? rootHash;
    roots.set(head, before);
    if (before === rootHash) return [];
    const message = `the log had the root ${before} at ${treeSize} entries, and now shows ${rootHash}`;
    return [fail("state", "tlog/forked", message, { logId, treeSize, rootHash, remembered: before })];
  });
}
