import { compareNodeToUki, formatDifference } from "../manifest/difference.ts";
import { parseNodeMeasurement } from "../manifest/node-measurement.ts";
import { PREDICATE_TYPES } from "../manifest/predicate-type.ts";
import { matchRow, type ReportedRegisters } from "../manifest/rows.ts";
import { type NodeMeasurement, type NodeTarget } from "../manifest/schema.ts";
import { evaluateStatus, type VerifiedStatus } from "../manifest/status-evaluation.ts";
import { parseMeasurementStatus } from "../manifest/status.ts";
import { evaluateValidity, parseInstant } from "../manifest/validity.ts";
import { type Statement } from "../bundle/statement.ts";
import { Failure } from "../failure.ts";
import { type UkiMeasurement } from "../measure/uki.ts";
import { type NodeRule, type Policy } from "../policy/policy.ts";
import { type Candidate, type FoundBundle } from "./candidate.ts";
import { type Counted, countSigners, loggedAs } from "./signers.ts";
import { examinePolicy, examineTreeHeads, type Remembered } from "./terms.ts";
import { type Bound, type Check, type CheckName, fail, note, pass, type Verdict, verdictOf } from "./verdict.ts";

/** What is asked: may a machine boot this image? */
export interface NodeImageRequest {
  /** For people; usually the file's name. */
  readonly name: string;
  readonly uki: UkiMeasurement;
  /** The product that the image is to be; null where the policy knows only one. */
  readonly product: string | null;
  /** Registers that a machine reported, by platform, each of which is judged; empty before it has booted. */
  readonly reported: ReadonlyMap<string, ReportedRegisters>;
  readonly measurements: readonly FoundBundle[];
  readonly statuses: readonly FoundBundle[];
}

/** Decides whether a node image is the one that was measured, signed, logged and not taken back since. */
export function admitNodeImage(request: NodeImageRequest, policy: Policy, remembered: Remembered, now: Date): Verdict {
  const subject = { kind: "node-image", name: request.name, digest: `sha256:${request.uki.sha256}` } as const;
  const terms = examinePolicy(policy, remembered, now);
  const rule = findRule(policy, request.product);
  if (rule instanceof Failure) {
    return verdictOf(subject, policy, now, ["policy"], [...terms.checks, fail("policy", rule.code, rule.message)], []);
  }
  const product = request.product ?? rule.products[0] ?? "";
  const judged = judge(request, rule, product, remembered, now);
  const checks = [...terms.checks, pass("reference", `product ${product}, rule ${rule.name}`), ...judged.checks];
  return verdictOf(
    subject,
    policy,
    now,
    requiredBy(rule),
    [...checks, ...examineTreeHeads(checks, remembered)],
    [...terms.bounds, ...judged.bounds],
  );
}

const requiredBy = ({ transparency, registers }: NodeRule): readonly CheckName[] => [
  "policy",
  "reference",
  "content",
  "measurement",
  // Passed also where no status is demanded, for then there is the policy's own lowest sequence.
  "status",
  ...loggedAs(transparency),
  ...(registers.size === 0 ? [] : ["registers" as const]),
];

function findRule(policy: Policy, product: string | null): NodeRule | Failure {
  const products = policy.nodes.flatMap((rule) => rule.products);
  if (product === null && products.length !== 1) {
    const message = `the policy has node rules for ${products.length} products; one must be named`;
    return new Failure("admit/no-product", message);
  }
  const rule = policy.nodes.find((each) => each.products.includes(product ?? products[0] ?? ""));
  return rule ?? new Failure("admit/no-rule", `no node rule is for the product ${String(product)}`);
}

interface Judged {
  readonly checks: readonly Check[];
  readonly bounds: readonly Bound[];
}

function judge(request: NodeImageRequest, rule: NodeRule, product: string, remembered: Remembered, now: Date): Judged {
  const counted = countSigners(
    request.measurements,
    {
      check: "measurement",
      predicateType: PREDICATE_TYPES.nodeMeasurement,
      absent: "admit/unsigned",
      subjects: [request.uki.sha256],
      signatures: rule.signatures,
      inspect: (_candidate, statement) => inspectMeasurement(statement, request.uki, rule, product, now),
    },
    { use: "measurement", transparency: rule.transparency, now },
  );
  const content = pass("content", `measured ${request.uki.size} bytes`, {
    sha256: request.uki.sha256,
    authenticode: request.uki.authenticode,
  });
  const manifests = counted.good.map(manifestOf);
  const statuses = readStatuses(request.statuses, rule, now);
  const standing = manifests.map((manifest) => judgeStatus(manifest, statuses.statuses, rule, remembered, now));
  return {
    checks: [
      content,
      ...counted.checks,
      ...statuses.checks,
      ...standing.flatMap(({ checks }) => checks),
      ...manifests.flatMap((manifest) => judgeRegisters(manifest, rule, request.reported)),
    ],
    bounds: [
      ...counted.bounds,
      ...statuses.bounds,
      ...standing.flatMap(({ bounds }) => bounds),
      ...manifests.map(({ notAfter }) => ({ end: parseInstant(notAfter), by: "manifest" })),
    ],
  };
}

/** Everything that the manifest itself can get wrong; it is parsed from the bytes that were signed. */
function inspectMeasurement(
  statement: Statement,
  uki: UkiMeasurement,
  rule: NodeRule,
  product: string,
  now: Date,
): readonly Check[] {
  let manifest: NodeMeasurement;
  try {
    manifest = parseNodeMeasurement(statement.predicate);
  } catch (error) {
    if (error instanceof Failure) return [fail("measurement", error.code, error.message)];
    throw error;
  }
  const evidence = { product: manifest.product, version: manifest.version, sequence: manifest.sequence };
  const checks: Check[] = compareNodeToUki(manifest, uki).map((difference) =>
    fail("measurement", "admit/measurement-mismatch", formatDifference(difference), evidence),
  );
  if (manifest.product !== product) {
    const message = `the manifest is of ${manifest.product}, not of ${product}`;
    checks.push(fail("measurement", "admit/no-rule", message, evidence));
  }
  const validity = evaluateValidity(manifest, now);
  if (validity !== null) checks.push(fail("measurement", validity.code, validity.message, evidence));
  if (manifest.fromRecipeOnly === true) {
    const message = "recorded without the artefacts: nobody derived the values again";
    checks.push(
      rule.acceptRecipeOnly
        ? note("measurement", "manifest/recipe-only", message, evidence)
        : fail("measurement", "admit/recipe-only", message, evidence),
    );
  }
  return checks;
}

const manifestOf = ({ signed }: Candidate): NodeMeasurement => {
  if (signed?.kind !== "statement") throw new RangeError("a counted candidate has a statement");
  return parseNodeMeasurement(signed.statement.predicate);
};

interface ReadStatuses extends Judged {
  readonly statuses: readonly VerifiedStatus[];
}

/** The statuses that count. What is wrong with the others matters only where none does. */
function readStatuses(found: readonly FoundBundle[], rule: NodeRule, now: Date): ReadStatuses {
  if (rule.status === null) return { statuses: [], checks: [], bounds: [] };
  const { good, checks, bounds } = countStatuses(found, rule, rule.status.signatures, now);
  return { statuses: good.map(verifiedStatus), checks, bounds };
}

function countStatuses(
  found: readonly FoundBundle[],
  rule: NodeRule,
  signatures: NodeRule["signatures"],
  now: Date,
): Counted {
  return countSigners(
    found,
    {
      check: "status",
      predicateType: PREDICATE_TYPES.measurementStatus,
      absent: "admit/status-missing",
      subjects: [],
      signatures,
      inspect: (_candidate, statement) => {
        try {
          parseMeasurementStatus(statement.predicate);
          return [];
        } catch (error) {
          if (error instanceof Failure) return [fail("status", error.code, error.message)];
          throw error;
        }
      },
    },
    { use: "status", transparency: rule.transparency, now },
  );
}

function verifiedStatus({ signed, trustedTime }: Candidate): VerifiedStatus {
  if (signed?.kind !== "statement") throw new RangeError("a counted candidate has a statement");
  return { status: parseMeasurementStatus(signed.statement.predicate), evidenceTime: trustedTime };
}

function judgeStatus(
  manifest: NodeMeasurement,
  statuses: readonly VerifiedStatus[],
  rule: NodeRule,
  remembered: Remembered,
  now: Date,
): Judged {
  const before = remembered.products.get(manifest.product);
  const { findings, notes, validUntil, latest } = evaluateStatus(manifest, statuses, now, {
    required: rule.status !== null,
    maxAgeSeconds: rule.status?.maxAgeSeconds ?? null,
    minSequence: rule.minSequence,
    rememberedSequence: before?.sequence ?? null,
    rememberedLatest: before?.latest ?? null,
  });
  const evidence = { product: manifest.product, sequence: manifest.sequence, latest };
  return {
    checks: [
      ...findings.map(({ code, message }) => fail("status", code, message, evidence)),
      ...notes.map(({ message }) => note("status", "manifest/status-unknown", message, evidence)),
      ...(findings.length === 0 ? [pass("status", `sequence ${manifest.sequence} stands`, evidence)] : []),
    ],
    bounds: validUntil === null ? [] : [{ end: validUntil, by: "status" }],
  };
}

/** The policy names the registers, never the manifest; a row must match whole. */
function judgeRegisters(
  { targets }: NodeMeasurement,
  rule: NodeRule,
  reported: ReadonlyMap<string, ReportedRegisters>,
): readonly Check[] {
  const unasked = [...reported.keys()].filter((platform) => !rule.registers.has(platform));
  const pointless = unasked.map((platform) =>
    fail("registers", "admit/register-missing", `a report of ${platform}, for which the policy names no registers`, {
      platform,
    }),
  );
  const judged = [...rule.registers].flatMap(([platform, required]) => {
    const matching = targets.filter((target) => target.platform === platform);
    if (matching.length === 0) {
      const message = `the manifest has no target for ${platform}, of which the policy wants ${required.join(", ")}`;
      return [fail("registers", "admit/register-missing", message, { platform })];
    }
    const report = reported.get(platform);
    return report === undefined ? stated(matching, platform, required) : matched(matching, platform, required, report);
  });
  return [...pointless, ...judged];
}

/** Before a machine has booted: one target must at least say, in every row, all that will be wanted. */
function stated(targets: readonly NodeTarget[], platform: string, required: readonly string[]): readonly Check[] {
  const [missing = required] = targets
    .map(({ rows }) => required.filter((name) => !rows.every(({ registers }) => statesRegister(registers, name))))
    .toSorted((a, b) => a.length - b.length);
  if (missing.length === 0) return [pass("registers", `${platform} states ${required.join(", ")}`, { platform })];
  const message = `no target for ${platform} states ${missing.join(", ")} in every row`;
  return [fail("registers", "admit/register-missing", message, { platform })];
}

/** SHA-1 never counts. */
const statesRegister = (registers: NodeTarget["rows"][number]["registers"], name: string): boolean =>
  Object.hasOwn(registers, name) && registers[name]?.startsWith("sha1:") === false;

function matched(
  targets: readonly NodeTarget[],
  platform: string,
  required: readonly string[],
  report: ReportedRegisters,
): readonly Check[] {
  const results = targets.map((target) => ({ target, match: matchRow(target, report, required) }));
  const found = results.find(({ match }) => match.kind === "matched");
  if (found !== undefined) {
    return [
      pass("registers", `${platform} is row ${found.match.row} of ${found.target.id}`, {
        platform,
        row: found.match.row,
      }),
    ];
  }
  return results.flatMap(({ target, match }) =>
    match.kind === "matched"
      ? []
      : match.differences.map((difference) =>
          fail(
            "registers",
            difference.code === "manifest/register-missing" ? "admit/register-missing" : "admit/register-mismatch",
            `${platform}, nearest row ${match.row} of ${target.id}: ${formatDifference(difference)}`,
            { platform, row: match.row },
          ),
        ),
  );
}
