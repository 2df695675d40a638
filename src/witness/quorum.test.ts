import { createHash, createPrivateKey, type KeyObject } from "node:crypto";

import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { asHash } from "../merkle/hash.ts";
import { parseNote } from "../note/note.ts";
import { cosigner, ed25519NoteSigner, type NoteSigner, signNote } from "../note/signer.ts";
import { formatVkey } from "../note/vkey.ts";
import { formatCheckpoint, openCheckpoint, type VerifiedCheckpoint } from "../tlog/checkpoint.ts";
import { parseTrustPolicy, type TrustPolicy } from "./policy.ts";
import { evaluateQuorum } from "./quorum.ts";

const NOW = new Date("2026-11-22T10:00:00.900Z");
const T = 1_795_341_600;
const SKEW = 300;

const seedOf = (seed: string): Uint8Array => new Uint8Array(createHash("sha256").update(seed).digest());
const ed25519Key = (seed: string): KeyObject =>
  createPrivateKey({
    key: Buffer.concat([Buffer.from("302e020100300506032b657004220420", "hex"), seedOf(seed)]),
    format: "der",
    type: "pkcs8",
  });

const ORIGIN = "log.example/2026";
const LOG = ed25519NoteSigner(ORIGIN, ed25519Key("log"));
const textOf = (treeSize: number, origin = ORIGIN): string =>
  formatCheckpoint({ origin, treeSize, rootHash: asHash(seedOf(`root of ${treeSize}`)), extensions: [] });

const ed = (name: string, time: number, seed = name): NoteSigner =>
  cosigner(name, "ed25519-cosignature", ed25519Key(seed), time);
const ml = (name: string, time: number, seed = name): NoteSigner =>
  cosigner(name, "ml-dsa-44-cosignature", seedOf(seed), time);

/** The log's checkpoint at 5 entries, with these cosignatures on it. */
const checkpointBy = (...signers: readonly NoteSigner[]): VerifiedCheckpoint =>
  openCheckpoint(signNote(textOf(5), [LOG, ...signers]), LOG.key);

/** Witnesses a, b, c with an Ed25519 key each, A and B with another key of a and b; M is ML-DSA alone. */
const WITNESSES: Readonly<Record<string, NoteSigner>> = {
  a: ed("a.example", 1),
  b: ed("b.example", 1),
  c: ed("c.example", 1),
  A: ml("a.example", 1),
  B: ml("b.example", 1),
  M: ml("m.example", 1),
};
const DEFINED = Object.entries(WITNESSES)
  .map(([name, { key }]) => `witness ${name} ${formatVkey(key)}\n`)
  .join("");
const policyOf = (...lines: readonly string[]): TrustPolicy => parseTrustPolicy(`${DEFINED}${lines.join("\n")}\n`);

const TWO_OF_THREE = policyOf("group g 2 a b c", "quorum g");

describe("met", () => {
  const MET: readonly (readonly [
    name: string,
    TrustPolicy,
    VerifiedCheckpoint,
    time: number | null,
    counted: string,
  ])[] = [
    ["one Ed25519 witness", policyOf("quorum a"), checkpointBy(ed("a.example", T)), T, "a"],
    ["one ML-DSA-44 witness", policyOf("quorum M"), checkpointBy(ml("m.example", T)), T, "M"],
    ["2 of 3", TWO_OF_THREE, checkpointBy(ed("a.example", T - 9), ed("c.example", T)), T - 9, "a c"],
    [
      "2 of 3 by all: the second largest time",
      TWO_OF_THREE,
      checkpointBy(ed("a.example", T - 9), ed("b.example", T - 5), ed("c.example", T)),
      T - 5,
      "a b c",
    ],
    [
      "any of 3: the largest time",
      policyOf("group g any a b c", "quorum g"),
      checkpointBy(ed("a.example", T - 9), ed("b.example", T - 5)),
      T - 5,
      "a b",
    ],
    [
      "all of 3: the smallest time",
      policyOf("group g all a b c", "quorum g"),
      checkpointBy(ed("a.example", T - 9), ed("b.example", T - 5), ed("c.example", T - 7)),
      T - 9,
      "a b c",
    ],
    [
      "groups of groups: times go up with them",
      policyOf("group x any a b", "group y all c M", "group g all x y", "quorum g"),
      checkpointBy(ed("a.example", T - 9), ed("b.example", T - 1), ed("c.example", T - 3), ml("m.example", T - 2)),
      T - 3,
      "a b c M",
    ],
    [
      "one of two groups suffices",
      policyOf("group e all a b", "group m all A B", "group g any e m", "quorum g"),
      checkpointBy(ml("a.example", T - 1), ml("b.example", T - 2)),
      T - 2,
      "A B",
    ],
    [
      "either key of an operator",
      policyOf("group g 2 a A b B", "quorum g"),
      checkpointBy(ml("a.example", T - 1), ed("b.example", T - 2)),
      T - 2,
      "A b",
    ],
    [
      "both keys of an operator: the later one",
      policyOf("group g any a A", "quorum g"),
      checkpointBy(ed("a.example", T - 5), ml("a.example", T - 2)),
      T - 2,
      "A",
    ],
    ["at the end of the skew", policyOf("quorum a"), checkpointBy(ed("a.example", T + SKEW)), T + SKEW, "a"],
    ["at second 1", policyOf("quorum a"), checkpointBy(ed("a.example", 1)), 1, "a"],
    [
      "a line from the future beside a good one",
      policyOf("quorum a"),
      checkpointBy(ed("a.example", T + SKEW + 1), ed("a.example", T - 4)),
      T - 4,
      "a",
    ],
    [
      "one witness's line twice: the later one",
      policyOf("quorum a"),
      checkpointBy(ed("a.example", T - 8), ed("a.example", T - 4)),
      T - 4,
      "a",
    ],
    [
      "cosignatures of strangers are ignored",
      policyOf("quorum a"),
      checkpointBy(ed("z.example", T), ed("a.example", T - 4), ed("a.example", T, "an impostor's key")),
      T - 4,
      "a",
    ],
    ["nobody asked: no time either", policyOf("quorum none"), checkpointBy(ed("a.example", T)), null, ""],
    [
      "the log is listed",
      parseTrustPolicy(`log ${formatVkey(LOG.key)}\n${DEFINED}quorum a\n`),
      checkpointBy(ed("a.example", T)),
      T,
      "a",
    ],
  ];

  test.each(MET)("%s", (_, policy, checkpoint, time, counted) => {
    const evaluation = evaluateQuorum(policy, checkpoint, NOW, SKEW);
    expect(evaluation).toMatchObject({ satisfied: true, shortfall: null, checkpointTime: time });
    expect(evaluation.counted.map(({ witness }) => witness).join(" ")).toBe(counted);
  });
});

describe("not met", () => {
  const NOT_MET: readonly (readonly [name: string, TrustPolicy, VerifiedCheckpoint, message: string])[] = [
    ["nobody signed", policyOf("quorum a"), checkpointBy(), "cosigned by nobody; a did not sign"],
    ["1 of 2 needed", TWO_OF_THREE, checkpointBy(ed("a.example", T)), "cosigned by a; b did not sign, c did not sign"],
    ["another witness", policyOf("quorum a"), checkpointBy(ed("b.example", T)), "a did not sign"],
    [
      "one witness twice",
      TWO_OF_THREE,
      checkpointBy(ed("a.example", T), ed("a.example", T - 1)),
      "cosigned by a; b did not sign, c did not sign",
    ],
    [
      "two keys of one operator",
      policyOf("group g 2 a A b", "quorum g"),
      checkpointBy(ed("a.example", T - 1), ml("a.example", T)),
      "cosigned by A; b did not sign",
    ],
    [
      "one second beyond the skew",
      policyOf("quorum a"),
      checkpointBy(ed("a.example", T + SKEW + 1)),
      `a signed at ${T + SKEW + 1}, after ${T + SKEW}`,
    ],
    ["at time 0", policyOf("quorum M"), checkpointBy(ml("m.example", 0)), "M signed without a time"],
    [
      "the name alone, with another key",
      policyOf("quorum a"),
      checkpointBy(ed("a.example", T, "an impostor's key")),
      "a did not sign",
    ],
    [
      "one of two groups that both count",
      policyOf("group x any a b", "group y all c M", "group g all x y", "quorum g"),
      checkpointBy(ed("a.example", T), ed("b.example", T), ed("c.example", T)),
      "cosigned by a, b, c; M did not sign",
    ],
    [
      "the log's own key",
      parseTrustPolicy(`witness w ${formatVkey(ed("w.example", 1, "log").key)}\nquorum w\n`),
      checkpointBy(ed("w.example", T, "log")),
      "w is the log's own key",
    ],
    [
      "another key of the log's name",
      parseTrustPolicy(`witness w ${formatVkey(ml(ORIGIN, 1).key)}\nquorum w\n`),
      checkpointBy(ml(ORIGIN, T)),
      "w is the log's own key",
    ],
  ];

  test.each(NOT_MET)("%s", (_, policy, checkpoint, message) => {
    const evaluation = evaluateQuorum(policy, checkpoint, NOW, SKEW);
    expect(evaluation).toMatchObject({
      satisfied: false,
      checkpointTime: null,
      shortfall: { code: "witness/quorum-not-met", message: expect.stringContaining(message) },
    });
  });

  test.each([
    ["another log", formatVkey(ed25519NoteSigner("other.example", ed25519Key("other")).key)],
    ["another key of this log", formatVkey(ed25519NoteSigner(ORIGIN, ed25519Key("other")).key)],
    ["this key under another name", formatVkey(ed25519NoteSigner("other.example", ed25519Key("log")).key)],
  ])("the policy lists %s alone", (_, vkey) => {
    const policy = parseTrustPolicy(`log ${vkey}\n${DEFINED}quorum a\n`);
    const evaluation = evaluateQuorum(policy, checkpointBy(ed("a.example", T)), NOW, SKEW);
    expect(evaluation).toMatchObject({
      satisfied: false,
      checkpointTime: null,
      shortfall: { code: "witness/unlisted-log" },
    });
  });
});

/** A cosigner's line over another text than the one it stands under. */
const misplaced = (signer: NoteSigner, text: string): NoteSigner => ({
  key: signer.key,
  sign: () => signer.sign(text),
});
const flipped = (signer: NoteSigner, at: number): NoteSigner => ({
  key: signer.key,
  sign: (text) => signer.sign(text).map((byte, index) => (index === at ? byte ^ 1 : byte)),
});

describe("a bad line of a known witness spoils the note", () => {
  const good = ed("a.example", T);
  const BAD: readonly (readonly [name: string, NoteSigner])[] = [
    ["Ed25519 over another size", misplaced(ed("b.example", T), textOf(6))],
    ["Ed25519 over another origin", misplaced(ed("b.example", T), textOf(5, "other.example"))],
    ["ML-DSA-44 over another size", misplaced(ml("m.example", T), textOf(6))],
    ["ML-DSA-44 over another origin", misplaced(ml("m.example", T), textOf(5, "other.example"))],
    ["another time than was signed", flipped(ed("b.example", T), 7)],
    ["a flipped bit in the signature", flipped(ml("m.example", T), 100)],
    ["no signature, only a time", { key: ed("b.example", T).key, sign: () => new Uint8Array(8) }],
  ];

  test.each(BAD)("%s", (_, bad) => {
    const checkpoint = checkpointBy(good, bad);
    // The quorum is met without the bad line, and the bad line's witness is not even part of it.
    expect(() => evaluateQuorum(policyOf("quorum a"), checkpoint, NOW, SKEW)).toThrow(
      expect.objectContaining({ code: "note/bad-signature" }),
    );
    const unknowing = parseTrustPolicy(`witness a ${formatVkey(good.key)}\nquorum a\n`);
    expect(evaluateQuorum(unknowing, checkpoint, NOW, SKEW).satisfied).toBe(true);
  });
});

test("a verified checkpoint of a log is judged by its own note, not by what is said beside it", () => {
  const checkpoint = checkpointBy(ed("a.example", T));
  const note = parseNote(signNote(textOf(6), [LOG]));
  expect(evaluateQuorum(policyOf("quorum a"), { ...checkpoint, note }, NOW, SKEW).satisfied).toBe(false);
});

test("a policy that was not parsed and a senseless time are mistakes of the program", () => {
  const checkpoint = checkpointBy();
  const policy = { logs: [], witnesses: [], groups: [], quorum: "w" };
  expect(() => evaluateQuorum(policy, checkpoint, NOW, SKEW)).toThrow(RangeError);
  expect(() => evaluateQuorum(policyOf("quorum a"), checkpoint, NOW, -1)).toThrow(RangeError);
  expect(() => evaluateQuorum(policyOf("quorum a"), checkpoint, new Date(Number.NaN), SKEW)).toThrow(RangeError);
});

test("of k needed, the time is the k-th largest, whoever signed when", () => {
  const names = ["a", "b", "c", "d", "e", "f"];
  const witnesses = names.map((name) => `witness ${name} ${formatVkey(ed(name, 1).key)}\n`).join("");
  const signed = fc.option(fc.integer({ min: T - 1000, max: T + SKEW }), { nil: null });
  fc.assert(
    fc.property(fc.array(signed, { minLength: 6, maxLength: 6 }), fc.integer({ min: 1, max: 6 }), (times, k) => {
      const policy = parseTrustPolicy(`${witnesses}group g ${k} ${names.join(" ")}\nquorum g\n`);
      const signers = names.flatMap((name, index) => {
        const time = times[index] ?? null;
        return time === null ? [] : [ed(name, time)];
      });
      const sorted = times.filter((time) => time !== null).toSorted((x, y) => y - x);
      const { satisfied, checkpointTime } = evaluateQuorum(policy, checkpointBy(...signers), NOW, SKEW);
      expect(checkpointTime).toBe(sorted[k - 1] ?? null);
      expect(satisfied).toBe(sorted.length >= k);
    }),
  );
});
