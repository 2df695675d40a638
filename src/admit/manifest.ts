import { type Statement } from "../bundle/statement.ts";
import { Failure } from "../failure.ts";
import { parseImageMeasurement } from "../manifest/image-measurement.ts";
import { parseNodeMeasurement } from "../manifest/node-measurement.ts";
import { type NodeMeasurement } from "../manifest/schema.ts";
import { PREDICATE_TYPES } from "../manifest/predicate-type.ts";
import { parseMeasurementStatus } from "../manifest/status.ts";
import { evaluateValidity, parseInstant } from "../manifest/validity.ts";
import { type Policy, type SignatureDemand, type TransparencyDemand } from "../policy/policy.ts";
import { type FoundBundle, readBundle } from "./candidate.ts";
import { countSigners, loggedAs } from "./signers.ts";
import { examineTreeHeads, type Remembered } from "./terms.ts";
import { type Bound, type Check, fail, note, pass, type Verdict, verdictOf } from "./verdict.ts";

/** What is asked: is this recorded manifest signed, logged, well-formed and valid now? Not whether anything fits it. */
export interface ManifestRequest {
  readonly name: string;
  readonly bundle: FoundBundle;
}

interface Read {
  readonly checks: readonly Check[];
  readonly bounds: readonly Bound[];
}

const READERS: ReadonlyMap<string, (statement: Statement, now: Date) => Read> = new Map([
  [
    PREDICATE_TYPES.imageMeasurement,
    ({ predicate }) => {
      parseImageMeasurement(predicate);
      return { checks: [], bounds: [] };
    },
  ],
  [PREDICATE_TYPES.nodeMeasurement, ({ predicate }, now) => readNode(parseNodeMeasurement(predicate), now)],
  [PREDICATE_TYPES.measurementStatus, ({ predicate }, now) => timed(parseMeasurementStatus(predicate), now)],
]);

/** Verifies a bundle that holds one of this project's own statements. */
export function verifyManifest(
  { name, bundle }: ManifestRequest,
  policy: Pick<Policy, "name" | "digest">,
  demand: { readonly signatures: SignatureDemand; readonly transparency: TransparencyDemand | null },
  remembered: Remembered,
  now: Date,
): Verdict {
  const subject = { kind: "manifest", name, digest: null } as const;
  const read = readBundle(bundle);
  const claims = read instanceof Failure ? null : read.claims;
  const reader = claims === null ? undefined : READERS.get(claims.predicateType);
  if (claims === null || reader === undefined) {
    const message = claims === null ? "the bundle holds no statement" : `${claims.predicateType} is no manifest`;
    const { code, message: why } = read instanceof Failure ? read : { code: "admit/no-measurement" as const, message };
    return verdictOf(subject, policy, now, ["content"], [fail("content", code, why)], []);
  }
  const bounds: Bound[] = [];
  const counted = countSigners(
    [bundle],
    {
      check: "measurement",
      predicateType: claims.predicateType,
      absent: "admit/unsigned",
      subjects: [],
      signatures: demand.signatures,
      inspect: (_candidate, statement) => {
        try {
          const found = reader(statement, now);
          bounds.push(...found.bounds);
          return found.checks;
        } catch (error) {
          if (error instanceof Failure) return [fail("measurement", error.code, error.message)];
          throw error;
        }
      },
    },
    { use: "measurement", transparency: demand.transparency, now },
  );
  const checks = [...counted.checks, pass("content", claims.predicateType)];
  return verdictOf(
    subject,
    policy,
    now,
    ["content", "measurement", ...loggedAs(demand.transparency)],
    [...checks, ...examineTreeHeads(checks, remembered)],
    [...counted.bounds, ...bounds],
  );
}

/** Whether it still stands is not asked here, and whether anybody derived its values is for a policy. */
function readNode(manifest: NodeMeasurement, now: Date): Read {
  const { checks, bounds } = timed(manifest, now);
  const notes: Check[] = [
    note("measurement", "manifest/status-unknown", `no status of ${manifest.product} was asked for`),
  ];
  if (manifest.fromRecipeOnly === true) {
    const message = "recorded without the artefacts: nobody derived the values again";
    notes.push(note("measurement", "manifest/recipe-only", message));
  }
  return { checks: [...checks, ...notes], bounds };
}

function timed(manifest: { notBefore: string; notAfter: string }, now: Date): Read {
  const finding = evaluateValidity(manifest, now);
  return {
    checks: finding === null ? [] : [fail("measurement", finding.code, finding.message)],
    bounds: [{ end: parseInstant(manifest.notAfter), by: "manifest" }],
  };
}
