/** Whether enough witnesses have seen a checkpoint, and when. */
import { equalBytes } from "../bytes/join.ts";
import { type FailureCode } from "../failure.ts";
import { verifyCosignature } from "../note/cosignature.ts";
import { type VerifiedCheckpoint } from "../tlog/checkpoint.ts";
import { type PolicyWitness, thresholdOf, type TrustPolicy, type WitnessGroup } from "./policy.ts";

/** A witness whose cosignature counts. */
export interface CountedWitness {
  /** Its name in the policy. */
  readonly witness: string;
  /** When it signed, POSIX seconds. */
  readonly time: number;
}

/** A witness of the quorum whose cosignature does not count. */
export interface UncountedWitness {
  readonly witness: string;
  /** Lower case: what was found. */
  readonly why: string;
}

export interface QuorumEvaluation {
  readonly satisfied: boolean;
  /** Why not, null if satisfied. */
  readonly shortfall: { readonly code: FailureCode; readonly message: string } | null;
  /** In the order of the quorum's groups; of one operator's keys side by side, the one that signed last. */
  readonly counted: readonly CountedWitness[];
  readonly uncounted: readonly UncountedWitness[];
  /**
   * POSIX seconds at which the quorum was reached: of k members needed, the k-th largest time, groups recursively.
   * Null if it was not, or if the policy asks for no witness: then nothing says when the checkpoint was there.
   */
  readonly checkpointTime: number | null;
}

/**
 * Judges the cosignatures on `checkpoint` by `policy`.
 *
 * A cosignature counts when it verifies over this very checkpoint (for ML-DSA-44: from entry 0 to its size), and
 * 0 < time ≤ now + skew. A log's own key is no witness, and the keys of one key name count once.
 *
 * @param policy       as {@link parseTrustPolicy} vouches for it
 * @param now          the verifier's time
 * @param skewSeconds  how far witnesses' clocks may be ahead, at least 0
 * @throws note/bad-signature if any line of a witness that the policy knows does not verify: c2sp.org/signed-note
 *   has the whole note rejected then
 */
export function evaluateQuorum(
  policy: TrustPolicy,
  checkpoint: VerifiedCheckpoint,
  now: Date,
  skewSeconds: number,
): QuorumEvaluation {
  const latest = Math.floor(now.getTime() / 1000) + skewSeconds;
  if (!Number.isSafeInteger(latest) || skewSeconds < 0)
    throw new RangeError("want a time and a skew of 0 or more seconds");
  // All that the policy knows are verified, also those outside of the quorum: one bad line spoils the note.
  const sightings = new Map(policy.witnesses.map((each) => [each.name, sightingOf(each, checkpoint, latest)]));
  const tally = new Counter(policy, sightings).tally(policy.quorum);
  const shortfall = shortfallOf(policy, checkpoint, tally);
  return {
    satisfied: shortfall === null,
    shortfall,
    counted: tally.counted,
    uncounted: tally.uncounted,
    checkpointTime: shortfall === null ? tally.time : null,
  };
}

/** What one witness did with the checkpoint. */
type Sighting =
  { readonly kind: "counts"; readonly time: number } | { readonly kind: "does-not"; readonly why: string };

function sightingOf({ key }: PolicyWitness, checkpoint: VerifiedCheckpoint, latest: number): Sighting {
  const { note, origin, logKey } = checkpoint;
  const times = note.signatures
    .filter(({ name, keyId }) => name === key.name && keyId === key.keyId)
    .map(({ signature }) => verifyCosignature(key, note.text, signature).time);
  if (key.name === origin || equalBytes(key.publicKey, logKey.publicKey)) {
    return { kind: "does-not", why: "is the log's own key" };
  }
  if (times.length === 0) return { kind: "does-not", why: "did not sign" };
  const counting = times.filter((time) => time > 0 && time <= latest);
  if (counting.length > 0) return { kind: "counts", time: Math.max(...counting) };
  // c2sp.org/tlog-cosignature: time 0 makes "no statement as to the tree being the largest observed".
  if (times.includes(0)) return { kind: "does-not", why: "signed without a time" };
  return { kind: "does-not", why: `signed at ${Math.min(...times)}, after ${latest}` };
}

/** How far a name of the policy has come. */
interface Tally {
  /** When it was met; null if it was not, or needs nobody. */
  readonly time: number | null;
  readonly counted: readonly CountedWitness[];
  readonly uncounted: readonly UncountedWitness[];
}

class Counter {
  readonly #witnesses: ReadonlyMap<string, PolicyWitness>;
  readonly #groups: ReadonlyMap<string, WitnessGroup>;
  readonly #sightings: ReadonlyMap<string, Sighting>;

  constructor(policy: TrustPolicy, sightings: ReadonlyMap<string, Sighting>) {
    this.#witnesses = new Map(policy.witnesses.map((each) => [each.name, each]));
    this.#groups = new Map(policy.groups.map((each) => [each.name, each]));
    this.#sightings = sightings;
  }

  tally(name: string): Tally {
    if (name === "none") return { time: null, counted: [], uncounted: [] };
    const group = this.#groups.get(name);
    return group === undefined ? this.#tallyWitness(name) : this.#tallyGroup(group);
  }

  #tallyWitness(witness: string): Tally {
    const sighting = this.#sightings.get(witness);
    if (sighting === undefined) throw new RangeError(`the policy defines no "${witness}"`);
    return sighting.kind === "counts"
      ? { time: sighting.time, counted: [{ witness, time: sighting.time }], uncounted: [] }
      : { time: null, counted: [], uncounted: [{ witness, why: sighting.why }] };
  }

  #tallyGroup(group: WitnessGroup): Tally {
    const members = this.#operatorsOf(group).map(latestOf);
    const times = members.flatMap(({ time }) => (time === null ? [] : [time])).toSorted((a, b) => b - a);
    return {
      time: times[thresholdOf(group) - 1] ?? null,
      counted: members.flatMap(({ counted }) => counted),
      uncounted: members.flatMap(({ uncounted }) => uncounted),
    };
  }

  /** The group's members, its witnesses with one key name together: they are keys of one operator. */
  #operatorsOf({ members }: WitnessGroup): readonly (readonly Tally[])[] {
    const operators = Map.groupBy(members, (name) => {
      const witness = this.#witnesses.get(name);
      return witness === undefined ? `group ${name}` : `witness ${witness.key.name}`;
    });
    return [...operators.values()].map((names) => names.map((name) => this.tally(name)));
  }
}

/** Of one operator's keys, the one that signed last. */
function latestOf(tallies: readonly Tally[]): Tally {
  const latest = tallies.toSorted((a, b) => (b.time ?? 0) - (a.time ?? 0))[0];
  if (latest === undefined) throw new RangeError("an operator has a key");
  return latest.time === null ? { ...latest, uncounted: tallies.flatMap(({ uncounted }) => uncounted) } : latest;
}

function shortfallOf(
  policy: TrustPolicy,
  { origin, logKey }: VerifiedCheckpoint,
  tally: Tally,
): QuorumEvaluation["shortfall"] {
  // tlog-policy: a checkpoint is valid "if it is signed by any one of the listed logs, and it is cosigned".
  const listed = policy.logs.some(({ key }) => key.name === origin && equalBytes(key.publicKey, logKey.publicKey));
  if (policy.logs.length > 0 && !listed) {
    return { code: "witness/unlisted-log", message: `the trust policy does not list the log ${origin} with this key` };
  }
  if (policy.quorum === "none" || tally.time !== null) return null;
  const seen = tally.counted.map(({ witness }) => witness).join(", ") || "nobody";
  const others = tally.uncounted.map(({ witness, why }) => `${witness} ${why}`).join(", ");
  const message = `quorum "${policy.quorum}" is not met: cosigned by ${seen}; ${others}`;
  return { code: "witness/quorum-not-met", message };
}
