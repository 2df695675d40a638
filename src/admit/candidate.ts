import { toHex } from "../bytes/hex.ts";
import { type Bundle, parseBundle } from "../bundle/bundle.ts";
import { type EntryFinding, verifyEntries } from "../bundle/inclusion.ts";
import { parseStatement, type Statement } from "../bundle/statement.ts";
import { type TrustedLog } from "../bundle/trusted-log.ts";
import { verifyDsse } from "../bundle/verify.ts";
import { Failure } from "../failure.ts";
import { formatInstant } from "../manifest/validity.ts";
import { type PolicyKey, type TransparencyDemand, type Use } from "../policy/policy.ts";
import { type VerifiedCheckpoint } from "../tlog/checkpoint.ts";
import { type TrustPolicy } from "../witness/policy.ts";
import { type CountedWitness, evaluateQuorum } from "../witness/quorum.ts";
import { type Bound, type Check, type CheckName, fail, note, pass } from "./verdict.ts";

/** How far a witness' clock may be ahead of ours, in seconds. */
const CLOCK_SKEW_SECONDS = 300;

/** A bundle as it was found. Nothing in it is believed yet. */
export interface FoundBundle {
  /** Where it was found, for messages: a digest or a file name. */
  readonly source: string;
  readonly bytes: Uint8Array;
}

/** What a bundle was examined for. */
export interface Demand {
  readonly keys: readonly PolicyKey[];
  readonly use: Use;
  /** Null only where the operator asked to skip the log. */
  readonly transparency: TransparencyDemand | null;
  readonly now: Date;
}

/** What a trusted key signed: a statement, or the file that was asked about. */
export type Signed =
  | { readonly kind: "statement"; readonly statement: Statement; readonly payload: Uint8Array }
  | { readonly kind: "message" };

/** A bundle, examined: who signed what, what is wrong with it, and until when it holds. */
export interface Candidate {
  readonly source: string;
  /** Null where no trusted key signed it; then nothing it says may be used. */
  readonly signer: PolicyKey | null;
  readonly signed: Signed | null;
  /** Passes, notes and failures; without a failure the candidate counts. */
  readonly checks: readonly Check[];
  readonly bounds: readonly Bound[];
  /** The signature existed by then, by a quorum's word; null without one. */
  readonly trustedTime: Date | null;
}

export const isGood = ({ signer, checks }: Candidate): boolean =>
  signer !== null && checks.length > 0 && checks.every(({ outcome }) => outcome !== "fail");

/** Reads a bundle, and the statement in it; what is wrong where it is not one. */
export function readBundle(found: FoundBundle): { bundle: Bundle; claims: Statement | null } | Failure {
  try {
    const bundle = parseBundle(found.bytes);
    const claims = bundle.content.kind === "dsse" ? parseStatement(bundle.content.envelope.payload) : null;
    return { bundle, claims };
  } catch (error) {
    if (error instanceof Failure) return error;
    throw error;
  }
}

/** Examines a bundle that should hold a statement. */
export function examineStatement(source: string, bundle: Bundle, demand: Demand): Candidate {
  return examine(
    source,
    bundle,
    firstKey(demand.keys, (key) => verifyStatementBy(bundle, key)),
    demand,
  );
}

/**
 * Examines one bundle: signature, then key, then log entries, then witnesses. Later steps run on what earlier ones
 * proved, and all failures are kept.
 */
export function examine(source: string, bundle: Bundle, verified: VerifiedBy | Failure, demand: Demand): Candidate {
  const named = { source };
  if (verified instanceof Failure) return rejected(source, "signature", verified);
  const { signer, signed, digest, signature } = verified;
  const evidence = { ...named, key: signer.name, keyId: signer.key.keyId };
  const checks: Check[] = [pass("signature", `signed by ${signer.name}`, evidence)];
  if (!signer.use.has(demand.use)) {
    checks.push(fail("signature", "admit/key-use", `${signer.name} may not sign a ${demand.use}`, evidence));
  }
  const logged = examineEntries(bundle, { digest, signature, key: signer }, demand, source);
  checks.push(...logged.checks);
  const validity = examineKeyTime(signer, logged.trustedTime, demand.now, evidence);
  return {
    source,
    signer,
    signed,
    checks: [...checks, ...validity.checks],
    bounds: [...logged.bounds, ...validity.bounds],
    trustedTime: logged.trustedTime,
  };
}

/** A bundle that no trusted key is known to have signed. */
export const rejected = (source: string, check: CheckName, { code, message }: Failure): Candidate => ({
  source,
  signer: null,
  signed: null,
  checks: [fail(check, code, `${source}: ${message}`, { source })],
  bounds: [],
  trustedTime: null,
});

/** A signature that held. */
export interface VerifiedBy {
  readonly signer: PolicyKey;
  readonly signed: Signed;
  /** What the log entry must name: the digest of the PAE, or of the file. */
  readonly digest: Uint8Array;
  readonly signature: Uint8Array;
}

/** Of several keys tried, the first success, or why there is none. The bundle's own hint is never asked. */
function firstKey(
  keys: readonly PolicyKey[],
  verifyBy: (key: PolicyKey) => VerifiedBy | Failure,
): VerifiedBy | Failure {
  let failure = wrongKey(keys);
  for (const key of keys) {
    const verified = verifyBy(key);
    if (!(verified instanceof Failure)) return verified;
    if (verified.code !== "bundle/bad-signature") failure = verified;
  }
  return failure;
}

export const wrongKey = (keys: readonly PolicyKey[]): Failure =>
  new Failure("admit/wrong-key", `signed by none of ${keys.map(({ name }) => name).join(", ")}`);

function verifyStatementBy(bundle: Bundle, signer: PolicyKey): VerifiedBy | Failure {
  try {
    const { statement, bytes, paeDigest, signature } = verifyDsse(bundle, signer.key);
    return { signer, signed: { kind: "statement", statement, payload: bytes }, digest: paeDigest, signature };
  } catch (error) {
    if (error instanceof Failure) return error;
    throw error;
  }
}

interface Logged {
  readonly checks: readonly Check[];
  readonly bounds: readonly Bound[];
  /** The signature existed at this time, by a quorum's word; null without one. */
  readonly trustedTime: Date | null;
}

/** One good entry suffices; foreign or broken entries beside it are passed over. */
function examineEntries(
  bundle: Bundle,
  signed: { digest: Uint8Array; signature: Uint8Array; key: PolicyKey },
  { transparency, now }: Demand,
  source: string,
): Logged {
  if (transparency === null) {
    const { name, revokedFrom } = signed.key;
    const checks: Check[] = [note("inclusion", "tlog/unlogged", "the log was not asked", { source })];
    if (revokedFrom !== null) {
      const message = `${name} is revoked from an entry of a log on, and the log was not asked`;
      checks.push(fail("signature", "admit/key-revoked", message, { source }));
    }
    return { checks, bounds: [], trustedTime: null };
  }
  if (bundle.entries.length === 0) {
    const message = "the signature is in no log";
    return { checks: [fail("inclusion", "admit/unlogged", message, { source })], bounds: [], trustedTime: null };
  }
  const findings = verifyEntries(bundle, { ...signed, key: signed.key.key }, transparency.logs);
  const examined = findings.map((finding) => examineFinding(finding, signed.key, transparency, now, source));
  const good = examined.find(({ checks }) => checks.every(({ outcome }) => outcome !== "fail"));
  return good ?? { checks: examined.flatMap(({ checks }) => checks), bounds: [], trustedTime: null };
}

function examineFinding(
  finding: EntryFinding,
  signer: PolicyKey,
  transparency: TransparencyDemand,
  now: Date,
  source: string,
): Logged {
  if (finding.outcome === "failed") {
    return { checks: [fail("inclusion", finding.code, finding.message, { source })], bounds: [], trustedTime: null };
  }
  const logId = toHex(finding.log.logId);
  const evidence = {
    source,
    logId,
    index: finding.index,
    treeSize: finding.treeSize,
    rootHash: toHex(finding.checkpoint.rootHash),
  };
  const checks: Check[] = [pass("inclusion", `entry ${finding.index} of ${finding.log.origin}`, evidence)];
  const revoked = revocation(signer, logId, finding.index);
  if (revoked !== null) checks.push(fail("inclusion", "admit/key-revoked", revoked, evidence));

  if (transparency.witnesses === null) {
    checks.push(...examineLogTime(finding.log, now, evidence));
    checks.push(note("witnesses", "tlog/unwitnessed", "no witness was asked for", evidence));
    const { origin, validTo } = finding.log;
    return { checks, bounds: validTo === null ? [] : [{ end: validTo, by: `log ${origin}` }], trustedTime: null };
  }
  const quorum = judgeQuorum(transparency.witnesses, finding.checkpoint, now);
  if (quorum instanceof Failure) {
    checks.push(fail("witnesses", quorum.code, quorum.message, evidence));
    return { checks, bounds: [], trustedTime: null };
  }
  const trustedTime = new Date(quorum.checkpointTime * 1000);
  checks.push(...examineLogTime(finding.log, trustedTime, evidence));
  const witnesses = quorum.counted.map(({ witness }) => witness);
  checks.push(
    pass("witnesses", `cosigned by ${witnesses.join(", ")}`, {
      ...evidence,
      witnesses,
      time: formatInstant(trustedTime),
    }),
  );
  const age = examineAge(trustedTime, transparency.maxCheckpointAgeSeconds, now, evidence);
  return { checks: [...checks, ...age.checks], bounds: age.bounds, trustedTime };
}

/** A quorum and its time, or why there is none: a line of a known witness that does not verify spoils the note. */
function judgeQuorum(
  policy: TrustPolicy,
  checkpoint: VerifiedCheckpoint,
  now: Date,
): { checkpointTime: number; counted: readonly CountedWitness[] } | Failure {
  try {
    const { shortfall, counted, checkpointTime } = evaluateQuorum(policy, checkpoint, now, CLOCK_SKEW_SECONDS);
    if (shortfall !== null) return new Failure(shortfall.code, shortfall.message);
    if (checkpointTime === null) throw new RangeError("the policy wants a quorum and names no witness");
    return { checkpointTime, counted };
  } catch (error) {
    if (error instanceof Failure) return error;
    throw error;
  }
}

/** The log's key must have been in force when the checkpoint is known to have existed, or now where nobody knows. */
function examineLogTime(
  { origin, validFrom, validTo }: TrustedLog,
  at: Date,
  evidence: Check["evidence"],
): readonly Check[] {
  if (validFrom <= at && (validTo === null || at <= validTo)) return [];
  const range = `${formatInstant(validFrom)} to ${validTo === null ? "…" : formatInstant(validTo)}`;
  const message = `the key of ${origin} is valid from ${range}; the checkpoint is judged at ${formatInstant(at)}`;
  return [fail("inclusion", "admit/log-not-valid", message, evidence)];
}

/** A compromise is cut off at a log position, and an entry elsewhere has no position in that log. */
function revocation({ name, revokedFrom }: PolicyKey, logId: string, index: number): string | null {
  if (revokedFrom === null) return null;
  if (revokedFrom.logId !== logId) return `${name} is revoked, and this entry is not in the log that says from where`;
  if (index < revokedFrom.index) return null;
  return `${name} is revoked from entry ${revokedFrom.index} on; this is entry ${index}`;
}

function examineAge(
  time: Date,
  maxAgeSeconds: number | null,
  now: Date,
  evidence: Check["evidence"],
): { checks: readonly Check[]; bounds: readonly Bound[] } {
  if (maxAgeSeconds === null) return { checks: [], bounds: [] };
  const end = new Date(time.getTime() + maxAgeSeconds * 1000);
  const bounds = [{ end, by: "checkpoint age" }];
  if (now <= end) return { checks: [], bounds };
  const message = `the checkpoint is of ${formatInstant(time)}; at most ${maxAgeSeconds} s old is wanted`;
  return { checks: [fail("witnesses", "admit/checkpoint-stale", message, evidence)], bounds };
}

/** Bounds of a key, for the signature. With a trusted time it was made by then; without one, who knows when before now. */
function examineKeyTime(
  { name, notBefore, notAfter }: PolicyKey,
  trustedTime: Date | null,
  now: Date,
  evidence: Check["evidence"],
): { checks: readonly Check[]; bounds: readonly Bound[] } {
  const signedBy = trustedTime ?? now;
  // Made by then, at the latest: before the key begins it was made too early, whatever the time is now.
  const early = notBefore !== null && (signedBy < notBefore || now < notBefore);
  const late = notAfter !== null && signedBy > notAfter;
  if (early || late) {
    const range = `${notBefore === null ? "…" : formatInstant(notBefore)} to ${notAfter === null ? "…" : formatInstant(notAfter)}`;
    const message = `${name} is valid from ${range}; the signature is judged at ${formatInstant(signedBy)}`;
    return { checks: [fail("signature", "admit/key-not-valid", message, evidence)], bounds: [] };
  }
  const bounded = trustedTime === null && notAfter !== null;
  return { checks: [], bounds: bounded ? [{ end: notAfter, by: `key ${name}` }] : [] };
}
