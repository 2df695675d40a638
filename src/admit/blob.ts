import { type Bundle } from "../bundle/bundle.ts";
import { type Artifact, verifyMessage } from "../bundle/verify.ts";
import { toHex } from "../bytes/hex.ts";
import { type Statement } from "../bundle/statement.ts";
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
  rejected,
  type VerifiedBy,
  wrongKey,
} from "./candidate.ts";
import { loggedAs } from "./signers.ts";
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
  /**
   * `file`: a signature over the file itself. `any`: also a signed statement that names it. A statement can say anything
   * about a file, that it is malware for instance: who accepts any has to read the predicate type in the verdict.
   */
  readonly accept: "file" | "any";
  readonly signatures: SignatureDemand;
  readonly transparency: TransparencyDemand | null;
}

/** Decides whether enough distinct keys have signed a file. */
export async function verifyBlob(
  request: BlobRequest,
  policy: Pick<Policy, "name" | "digest">,
  { accept, signatures, transparency }: BlobDemand,
  remembered: Remembered,
  now: Date,
): Promise<Verdict> {
  const demand: Demand = { keys: signatures.of, use: "blob", transparency, now };
  const candidates: Candidate[] = [];
  // In order: each may read the whole file.
  for (const found of request.bundles) candidates.push(await examineBundle(found, request, accept, demand));
  const good = [...new Map(candidates.filter(isGood).map((each) => [each.signer?.key.keyId, each])).values()];
  const enough = good.length >= signatures.threshold;
  const checks = enough ? good.flatMap((each) => each.checks) : shortfall(candidates, good.length, signatures);
  return verdictOf(
    { kind: "blob", name: request.name, digest: `sha256:${request.sha256}` },
    policy,
    now,
    ["signature", "content", ...loggedAs(transparency)],
    [...checks, ...examineTreeHeads(checks, remembered)],
    good.flatMap((each) => each.bounds),
  );
}

async function examineBundle(
  found: FoundBundle,
  request: BlobRequest,
  accept: BlobDemand["accept"],
  demand: Demand,
): Promise<Candidate> {
  const { source } = found;
  const read = readBundle(found);
  if (read instanceof Failure) return rejected(source, "content", read);
  if (read.bundle.content.kind === "dsse") {
    if (accept === "file") {
      const message = `the bundle holds a statement ${read.claims?.predicateType ?? ""}, want a signature over the file`;
      return rejected(source, "content", new Failure("bundle/wrong-content", message));
    }
    const candidate = examineStatement(source, read.bundle, demand);
    if (candidate.signed?.kind !== "statement") return candidate;
    return { ...candidate, checks: [...candidate.checks, examineSubject(candidate.signed.statement, request, source)] };
  }
  const verified = await verifyFile(read.bundle, request, demand.keys);
  const candidate = examine(source, read.bundle, verified, demand);
  if (verified instanceof Failure) return candidate;
  return { ...candidate, checks: [...candidate.checks, examineDigest(verified.digest, request, source)] };
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

/** A statement must name the file. */
function examineSubject({ subjects, predicateType }: Statement, { sha256 }: BlobRequest, source: string): Check {
  const named = subjects.flatMap(({ digest }) => digest.sha256 ?? []);
  if (named.includes(sha256)) {
    return pass("content", `sha256:${sha256} is a subject of a statement ${predicateType}`, { source, predicateType });
  }
  const message = `signed is sha256:${named.join(", sha256:")}, not sha256:${sha256}`;
  return fail("content", "admit/subject-mismatch", message, { source });
}

const SHA256_BYTES = 32;

/** The file was read twice: for the digest that the verdict names, and under the signature. Both must have been one file. */
function examineDigest(signed: Uint8Array, { sha256 }: BlobRequest, source: string): Check {
  if (signed.length !== SHA256_BYTES || toHex(signed) === sha256)
    return pass("content", `sha256:${sha256}`, { source });
  const message = `signed is sha256:${toHex(signed)}, not sha256:${sha256}: the file changed while it was read`;
  return fail("content", "admit/subject-mismatch", message, { source });
}

function shortfall(candidates: readonly Candidate[], good: number, { threshold }: SignatureDemand): readonly Check[] {
  if (candidates.length === 0) return [fail("signature", "admit/unsigned", "there is no bundle")];
  const failures = candidates.flatMap(({ checks }) => checks.filter(({ outcome }) => outcome === "fail"));
  const short = fail("signature", "admit/threshold", `${good} of ${threshold} distinct signers`);
  return threshold > 1 || failures.length === 0 ? [...failures, short] : failures;
}
