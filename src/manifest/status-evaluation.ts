/** Whether a node measurement still stands, by all that its product's status statements say. */
import { nodeMeasurementDigest } from "./node-measurement.ts";
import { type MeasurementStatus, type NodeMeasurement } from "./schema.ts";
import { type Finding, formatInstant, parseInstant } from "./validity.ts";

/** A status whose signature and log inclusion were verified. */
export interface VerifiedStatus {
  readonly status: MeasurementStatus;
  /** When it is proven to have existed, at the latest: its checkpoint's time. Null without witnesses. */
  readonly evidenceTime: Date | null;
}

/** What the policy demands, and what the verifier remembers. `null` is "nothing", said aloud. */
export interface StatusDemands {
  /** Whether a manifest without a status that is current and speaks for it is refused. */
  readonly required: boolean;
  /** Oldest status that counts as current. */
  readonly maxAgeSeconds: number | null;
  /** Lowest sequence that the policy itself admits. */
  readonly minSequence: number | null;
  /** Highest sequence of the product that this verifier has admitted. */
  readonly rememberedSequence: number | null;
  /** Highest `latest` of the product that this verifier has read in a status. */
  readonly rememberedLatest: number | null;
}

export interface StatusEvaluation {
  /** Reasons to refuse; none where the manifest stands. */
  readonly findings: readonly Finding[];
  /** What a person should know of a manifest that stands. */
  readonly notes: readonly Finding[];
  /** When the status that the answer rests on ends, by its own term or by age; null where it rests on none. */
  readonly validUntil: Date | null;
  /** Highest `latest` read, to be remembered; null without a status. */
  readonly latest: number | null;
}

/**
 * Judges `manifest` by its own digest and sequence, the statuses of its product, and what is remembered.
 *
 * A status only ever takes away: whatever one revoked or superseded stays so when it expires, and of several the
 * strictest counts. One that is not valid yet takes nothing away. To vouch for a manifest a status must be current
 * (valid now, not too old) and reach the manifest's sequence, for of a later release an older status knows nothing.
 *
 * @param statuses  of any products; those of others are ignored
 */
export function evaluateStatus(
  manifest: NodeMeasurement,
  statuses: readonly VerifiedStatus[],
  now: Date,
  demands: StatusDemands,
): StatusEvaluation {
  const own = statuses.filter(({ status }) => status.product === manifest.product);
  const begun = own.filter(({ status }) => now >= parseInstant(status.notBefore));
  const voucher = findVoucher(manifest, own, now, demands);
  const latest = own.length === 0 ? null : Math.max(...own.map(({ status }) => status.latest));
  const missing = voucher.kind === "none" ? [voucher.finding] : [];
  return {
    findings: [
      ...revocations(manifest, begun),
      ...supersessions(manifest, begun, demands),
      ...rollbacks(manifest, latest, demands),
      ...(demands.required ? missing : []),
    ],
    notes: demands.required ? [] : missing,
    validUntil: voucher.kind === "none" ? null : voucher.until,
    latest,
  };
}

function revocations(manifest: NodeMeasurement, begun: readonly VerifiedStatus[]): readonly Finding[] {
  const digest = nodeMeasurementDigest(manifest);
  const entry = begun.flatMap(({ status }) => status.revoked).find((revoked) => revoked.digest === digest);
  if (entry === undefined) return [];
  return [{ code: "manifest/revoked", message: `${nameOf(manifest)} (${digest}) is revoked: ${entry.reason}` }];
}

function supersessions(
  manifest: NodeMeasurement,
  begun: readonly VerifiedStatus[],
  { minSequence }: StatusDemands,
): readonly Finding[] {
  const wantSequence = Math.max(minSequence ?? 0, ...begun.map(({ status }) => status.minSequence));
  const wantSvn = Math.max(0, ...begun.map(({ status }) => status.minSvn));
  const findings: Finding[] = [];
  if (manifest.sequence < wantSequence) {
    findings.push({
      code: "manifest/superseded",
      message: `${nameOf(manifest)} is sequence ${manifest.sequence}, want ${wantSequence} or higher`,
    });
  }
  if (manifest.svn < wantSvn) {
    const message = `${nameOf(manifest)} has svn ${manifest.svn}, want ${wantSvn} or higher`;
    findings.push({ code: "manifest/superseded", message });
  }
  return findings;
}

function rollbacks(
  manifest: NodeMeasurement,
  latest: number | null,
  { rememberedSequence, rememberedLatest }: StatusDemands,
): readonly Finding[] {
  const findings: Finding[] = [];
  if (rememberedSequence !== null && manifest.sequence < rememberedSequence) {
    const message = `${nameOf(manifest)} is sequence ${manifest.sequence}, and ${rememberedSequence} was admitted before`;
    findings.push({ code: "manifest/rolled-back", message });
  }
  // No status where there was one before is the oldest of all: withholding must not serve better than an old one.
  if (rememberedLatest !== null && (latest === null || latest < rememberedLatest)) {
    const got =
      latest === null ? `there is no status of ${manifest.product}` : `its newest status says latest ${latest}`;
    const message = `${got}, and one before said latest ${rememberedLatest}`;
    findings.push({ code: "manifest/status-rolled-back", message });
  }
  return findings;
}

type Voucher = { readonly kind: "some"; readonly until: Date } | { readonly kind: "none"; readonly finding: Finding };

/** Of the statuses that vouch for the manifest now, the one that does so longest; else why the newest does not. */
function findVoucher(
  manifest: NodeMeasurement,
  own: readonly VerifiedStatus[],
  now: Date,
  { maxAgeSeconds }: StatusDemands,
): Voucher {
  let until: Date | undefined;
  let finding: Finding = { code: "manifest/status-unknown", message: `no status of ${manifest.product}` };
  for (const verified of own.toSorted(byLatest)) {
    const end = endOf(verified, maxAgeSeconds);
    const objection = objectionTo(manifest, verified.status, end, now);
    if (objection !== null) finding = objection;
    else if (until === undefined || end > until) until = end;
  }
  return until === undefined ? { kind: "none", finding } : { kind: "some", until };
}

function objectionTo(manifest: NodeMeasurement, status: MeasurementStatus, end: Date, now: Date): Finding | null {
  const { product, latest, notBefore, notAfter } = status;
  if (now < parseInstant(notBefore)) {
    return { code: "manifest/status-not-yet-valid", message: `the status of ${product} is valid from ${notBefore}` };
  }
  if (now > parseInstant(notAfter)) {
    return { code: "manifest/status-expired", message: `the status of ${product} was valid until ${notAfter}` };
  }
  if (now > end) {
    const message = `the status of ${product} is too old since ${formatInstant(end)}`;
    return { code: "manifest/status-stale", message };
  }
  if (latest < manifest.sequence) {
    const message = `the status of ${product} reaches sequence ${latest}, want ${manifest.sequence}`;
    return { code: "manifest/status-unknown", message };
  }
  return null;
}

/**
 * The last moment at which the status counts as current.
 *
 * Its age runs from when its signer says it begins, or from its evidence where that is earlier. Not from the evidence
 * alone: a fresh proof of an old status would make it young again.
 */
function endOf({ status, evidenceTime }: VerifiedStatus, maxAgeSeconds: number | null): Date {
  const notAfter = parseInstant(status.notAfter);
  if (maxAgeSeconds === null) return notAfter;
  const begin = parseInstant(status.notBefore);
  const from = evidenceTime !== null && evidenceTime < begin ? evidenceTime : begin;
  const tooOld = new Date(from.getTime() + maxAgeSeconds * 1000);
  return tooOld < notAfter ? tooOld : notAfter;
}

const nameOf = ({ product, version }: NodeMeasurement): string => `${product} ${version}`;

/** Newest last: by sequence, then by when it begins. */
const byLatest = ({ status: a }: VerifiedStatus, { status: b }: VerifiedStatus): number =>
  a.latest - b.latest || parseInstant(a.notBefore).getTime() - parseInstant(b.notBefore).getTime();
