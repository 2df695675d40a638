import { type Statement } from "../bundle/statement.ts";
import { Failure } from "../failure.ts";
import { formatDifference } from "../manifest/difference.ts";
import { compareImage } from "../manifest/image-difference.ts";
import { parseImageMeasurement } from "../manifest/image-measurement.ts";
import { type ImageContents } from "../measure/image.ts";
import { PREDICATE_TYPES } from "../manifest/predicate-type.ts";
import { matchesPattern } from "../policy/pattern.ts";
import { type ImageRule, type Policy, type PolicyException, type SignatureDemand } from "../policy/policy.ts";
import { type FoundBundle } from "./candidate.ts";
import { type Counted, countSigners, loggedAs, type Sought } from "./signers.ts";
import { examinePolicy, examineTreeHeads, type Remembered } from "./terms.ts";
import { type Bound, type Check, type CheckName, fail, note, pass, type Verdict, verdictOf } from "./verdict.ts";

/** Predicate type of cosign's image signatures, which say nothing but "this image". */
export const IMAGE_SIGNATURE = "https://sigstore.dev/cosign/sign/v1";

/** What is asked: may this image run under this name? */
export interface ImageRequest {
  /** Normalised name that the rules match: `registry/repository`, or `oci:PATH`. */
  readonly name: string;
  /** Whether the reference carried the digest, or a tag was resolved. */
  readonly pinned: boolean;
  /** `sha256:` and hex of the manifest or index that the reference stands for. */
  readonly digest: string;
  /** What the manifests and configurations say; every one of them has been checked against its digest. */
  readonly contents: ImageContents;
  /** What could not be verified in the image itself, a blob that is not its digest for instance. */
  readonly broken: readonly Failure[];
  readonly bundles: readonly FoundBundle[];
}

/** Decides whether an image is signed, logged and measured as every rule that matches its name demands. */
export function admitImage(request: ImageRequest, policy: Policy, remembered: Remembered, now: Date): Verdict {
  const subject = { kind: "image", name: request.name, digest: request.digest } as const;
  const terms = examinePolicy(policy, remembered, now);
  const rules = policy.images.filter(({ match }) => match.some((pattern) => matchesPattern(pattern, request.name)));
  const checks: Check[] = [...terms.checks, ...examineContent(request)];
  const bounds: Bound[] = [...terms.bounds];
  const required = new Set<CheckName>(["policy", "reference", "content", "signature", "platforms"]);
  if (rules.length === 0) checks.push(fail("reference", "admit/no-rule", `no rule matches the name ${request.name}`));
  for (const rule of rules) {
    const judged = judge(request, rule, policy.exceptions, now);
    checks.push(...judged.checks);
    bounds.push(...judged.bounds);
    for (const name of judged.required) required.add(name);
  }
  return verdictOf(subject, policy, now, [...required], [...checks, ...examineTreeHeads(checks, remembered)], bounds);
}

/** The verdict on an image that could not be read as one; only a denial can come of it. */
export function denyImage(name: string, digest: string | null, problem: Failure, policy: Policy, now: Date): Verdict {
  const checks = [fail("content", problem.code, problem.message)];
  return verdictOf({ kind: "image", name, digest }, policy, now, ["content"], checks, []);
}

function examineContent({ broken, digest, contents }: ImageRequest): readonly Check[] {
  if (broken.length > 0) return broken.map(({ code, message }) => fail("content", code, message));
  return [pass("content", "every blob is its digest", { digest, images: contents.images.length })];
}

interface Judged {
  readonly checks: readonly Check[];
  readonly bounds: readonly Bound[];
  /** What this rule demands and nothing waives. */
  readonly required: readonly CheckName[];
}

function judge(request: ImageRequest, rule: ImageRule, exceptions: readonly PolicyException[], now: Date): Judged {
  const waivers = findWaivers(request, rule, exceptions, now);
  const reference =
    rule.digestRequired && !request.pinned
      ? fail("reference", "admit/digest-required", `rule ${rule.name} wants name@sha256:…, and a tag was given`)
      : pass("reference", `rule ${rule.name} matches ${request.name}`);
  const digests = coveredDigests(request, rule);
  const count = (sought: Omit<Sought, "subjects">, use: "image" | "measurement" | "attestation"): Counted =>
    countSigners(request.bundles, { ...sought, subjects: digests }, { use, transparency: rule.transparency, now });

  const signed = count(
    { check: "signature", predicateType: IMAGE_SIGNATURE, absent: "admit/unsigned", signatures: rule.signatures },
    "image",
  );
  const covered =
    signed.good.length === 0 ? [] : [pass("platforms", `the signature names ${digests.length} manifests`, { digests })];
  const counted = [signed];
  const required = [...loggedAs(rule.transparency)];
  if (rule.measurement !== null && !waivers.active.has("measurement")) {
    required.push("measurement");
    counted.push(count(measurementOf(rule.measurement, request), "measurement"));
  }
  for (const { predicateType, signatures } of rule.attestations) {
    if (waivers.active.has(`attestation:${predicateType}`)) continue;
    required.push("attestation");
    counted.push(
      count({ check: "attestation", predicateType, absent: "admit/no-attestation", signatures }, "attestation"),
    );
  }
  return {
    checks: [reference, ...counted.flatMap(({ checks }) => checks), ...covered, ...waivers.checks],
    bounds: [...counted.flatMap(({ bounds }) => bounds), ...waivers.bounds],
    required,
  };
}

/** Hex digests that a statement must name: the one referred to, and, where the rule says so, every child of an index. */
function coveredDigests({ digest, contents }: ImageRequest, { coverChildren }: ImageRule): readonly string[] {
  const children = coverChildren ? contents.images.map((image) => image.digest) : [];
  return [...new Set([digest, ...children])].map((each) => each.replace(/^sha256:/, ""));
}

function measurementOf(signatures: SignatureDemand, { contents }: ImageRequest): Omit<Sought, "subjects"> {
  return {
    check: "measurement",
    predicateType: PREDICATE_TYPES.imageMeasurement,
    absent: "admit/no-measurement",
    signatures,
    inspect: (_candidate, statement) => inspectMeasurement(statement, contents),
  };
}

function inspectMeasurement(statement: Statement, contents: ImageContents): readonly Check[] {
  try {
    const manifest = parseImageMeasurement(statement.predicate);
    return compareImage(manifest, contents, "part").map((difference) =>
      fail("measurement", "admit/measurement-mismatch", formatDifference(difference)),
    );
  } catch (error) {
    if (error instanceof Failure) return [fail("measurement", error.code, error.message)];
    throw error;
  }
}

interface Waivers {
  readonly active: ReadonlySet<string>;
  readonly checks: readonly Check[];
  readonly bounds: readonly Bound[];
}

/** The exceptions for this digest under this rule; one outside its time is said and waives nothing. */
function findWaivers(
  { digest }: ImageRequest,
  rule: ImageRule,
  exceptions: readonly PolicyException[],
  now: Date,
): Waivers {
  const own = exceptions.filter((each) => each.subject === digest && each.rule === rule.name);
  const active = own.filter(({ notBefore, notAfter }) => notBefore <= now && now <= notAfter);
  return {
    active: new Set(active.flatMap(({ waive }) => waive)),
    checks: own.map((each) =>
      active.includes(each)
        ? note("policy", "policy/exception-used", `exception ${each.id} waives ${each.waive.join(", ")}`, {
            exception: each.id,
          })
        : note("policy", "policy/exception-ignored", `exception ${each.id} is outside its time`, {
            exception: each.id,
          }),
    ),
    bounds: active.map(({ id, notAfter }) => ({ end: notAfter, by: `exception ${id}` })),
  };
}
