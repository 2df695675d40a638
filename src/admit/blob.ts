import { type Bundle } from "../bundle/bundle.ts";
import { type Artifact, verifyMessage } from "../bundle/verify.ts";
import { Failure } from "../failure.ts";
import { type Policy, type PolicyKey, type SignatureDemand, type TransparencyDemand } from "../policy/policy.ts";
import {
  type Candidate,
  type Demand,
  examine,
  examineStatement,
  type FoundBundle,
  isGood,
  readBundle,
  type VerifiedBy,
  wrongKey,
} from "./candidate.ts";
import { examineTreeHeads, type Remembered } from "./terms.ts";
import { type Check, fail, pass, type Verdict, verdictOf } from "./verdict.ts";

/** What is asked: is this file what a trusted key signed? */
export interface BlobRequest {
  readonly name: string;
  /** SHA-256 of the file, lower-case hex. */
  readonly sha256: string;
  /** The file, from its start, each time it is called; or the digest where there is no file. */
  readonly open: () => Artifact;
  readonly bundles: readonly FoundBundle[];
}

export interface BlobDemand {
  readonly signatures: SignatureDemand;
  readonly transparency: TransparencyDemand | null;
}

/** A file's signature is a bundle over the file itself, or a statement that names it as a subject. */
export async function verifyBlob(
  request: BlobRequest,
  policy: Pick<Policy, "name" | "digest">,
  { signatures, transparency }: BlobDemand,
  remembered: Remembered,
  now: Date,
): Promise<Verdict> {
  const demand: Demand = { keys: signatures.of, use: "blob", transparency, now };
  const candidates: Candidate[] = [];
  // In order: each may read the whole file.
  for (const found of request.bundles) candidates.push(await examineBundle(found, request, demand));
  const good = [...new Map(candidates.filter(isGood).map((each) => [each.signer?.key.keyId, each])).values()];
  const enough = good.length >= signatures.threshold;
  const checks = enough ? good.flatMap((each) => each.checks) : shortfall(candidates, good.length, signatures);
  return verdictOf(
    { kind: "blob", name: request.name, digest: `sha256:${request.sha256}` },
    policy,
    now,
    ["signature", "content", ...(transparency === null ? [] : ["inclusion" as const])],
    [...checks, ...examineTreeHeads(checks, remembered)],
    good.flatMap((each) => each.bounds),
  );
}

async function examineBundle(found: FoundBundle, request: BlobRequest, demand: Demand): Promise<Candidate> {
  const { source } = found;
  const read = readBundle(found);
  if (read instanceof Failure) {
    const check = fail("content", read.code, `${source}: ${read.message}`, { source });
    return { source, signer: null, signed: null, checks: [check], bounds: [], trustedTime: null };
  }
  const candidate =
    read.bundle.content.kind === "dsse"
      ? examineStatement(source, read.bundle, demand)
      : examine(source, read.bundle, await verifyFile(read.bundle, request, demand.keys), demand);
  return candidate.signed === null
    ? candidate
    : { ...candidate, checks: [...candidate.checks, examineSubject(candidate.signed, request, source)] };
}

async function verifyFile(
  bundle: Bundle,
  request: BlobRequest,
  keys: readonly PolicyKey[],
): Promise<VerifiedBy | Failure> {
  let failure = wrongKey(keys);
  for (const signer of keys) {
    try {
      const { digest, signature } = await verifyMessage(bundle, signer.key, request.open());
      return { signer, signed: { kind: "message" }, digest, signature };
    } catch (error) {
      if (!(error instanceof Failure) || error.kind === "unavailable" || error.kind === "missing") throw error;
      if (error.code !== "bundle/bad-signature") failure = error;
    }
  }
  return failure;
}

/** A message signature was over the file itself; a statement must name it. */
function examineSubject(signed: NonNullable<Candidate["signed"]>, { sha256 }: BlobRequest, source: string): Check {
  const named =
    signed.kind === "message" ? [sha256] : signed.statement.subjects.flatMap(({ digest }) => digest.sha256 ?? []);
  if (named.includes(sha256)) return pass("content", `sha256:${sha256}`, { source });
  const message = `signed is sha256:${named.join(", sha256:")}, not sha256:${sha256}`;
  return fail("content", "admit/subject-mismatch", message, { source });
}

function shortfall(candidates: readonly Candidate[], good: number, { threshold }: SignatureDemand): readonly Check[] {
  if (candidates.length === 0) return [fail("signature", "admit/unsigned", "there is no bundle")];
  const failures = candidates.flatMap(({ checks }) => checks.filter(({ outcome }) => outcome === "fail"));
  const short = fail("signature", "admit/threshold", `${good} of ${threshold} distinct signers`);
  return threshold > 1 || failures.length === 0 ? [...failures, short] : failures;
}
