import { createHash } from "node:crypto";

import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { Failure } from "../failure.ts";
import { formatVkey, makeVerifierKey, type NoteKeyType } from "../note/vkey.ts";
import { formatTrustPolicy, MAX_POLICY_BYTES, MAX_POLICY_LINES, parseTrustPolicy, thresholdOf } from "./policy.ts";

/** A key of its own for each seed; nobody knows what signs for it. */
function vkey(name: string, type: NoteKeyType, seed: string): string {
  const length = type === "ml-dsa-44-cosignature" ? 1312 : 32;
  const bytes = createHash("shake256", { outputLength: length }).update(seed).digest();
  return formatVkey(makeVerifierKey(name, type, new Uint8Array(bytes)));
}
const ed = (name: string, seed = name): string => vkey(name, "ed25519-cosignature", seed);
const ml = (name: string, seed = name): string => vkey(name, "ml-dsa-44-cosignature", `ml ${seed}`);
const log = (name: string, seed = name): string => vkey(name, "ed25519", `log ${seed}`);

const W1 = `witness w1 ${ed("w1.example")}\n`;
const W2 = `witness w2 ${ed("w2.example")}\n`;
const W3 = `witness w3 ${ed("w3.example")}\n`;
/** The other key of the operator of w1. */
const M1 = `witness m1 ${ml("w1.example")}\n`;

const each = (line: (index: number) => string): string =>
  Array.from({ length: 32 }, (_, index) => line(index)).join("");

/** tlog-policy: "at least up to 32 logs, 32 witnesses, and 32 groups"; here with the largest keys there are. */
function largest(): string {
  return (
    each((index) => `log ${ml(`log${index}.example`)} https://log${index}.example/\n`) +
    each((index) => `witness w${index} ${ml(`w${index}.example`)} https://w${index}.example/\n`) +
    each((index) => `group g${index} any w${index}${index === 0 ? "" : ` g${index - 1}`}\n`) +
    "quorum g31\n"
  );
}

describe("accepted", () => {
  const ACCEPTED: readonly (readonly [name: string, text: string])[] = [
    ["no witness asked for", "quorum none\n"],
    ["one witness is the quorum", `${W1}quorum w1\n`],
    ["a group of any", `${W1}group g any w1\nquorum g\n`],
    ["a group of all", `${W1}${W2}group g all w1 w2\nquorum g\n`],
    ["a group of 2 of 3", `${W1}${W2}${W3}group g 2 w1 w2 w3\nquorum g\n`],
    ["groups of groups", `${W1}${W2}${W3}group a any w1 w2\ngroup b all a w3\nquorum b\n`],
    [
      "a log with and one without URL",
      `log ${log("a.example")} https://a.example/\nlog ${log("b.example")}\nquorum none\n`,
    ],
    ["a witness with URL", `witness w ${ed("w")} https://w.example/\nquorum w\n`],
    ["names beyond ASCII", `witness Ж ${ed("Ж.example")}\nquorum Ж\n`],
    ["two keys of one operator side by side", `${W1}${M1}${W2}group g 2 w1 m1 w2\nquorum g\n`],
    ["two keys of one operator, one suffices", `${W1}${M1}group g any w1 m1\nquorum g\n`],
    ["either group suffices", `${W1}${M1}${W2}group e all w1 w2\ngroup g any e m1\nquorum g\n`],
    ["as many as the specification asks for", largest()],
  ];

  test.each(ACCEPTED)("%s, and written back the same", (_, text) => {
    expect(formatTrustPolicy(parseTrustPolicy(text))).toBe(text);
  });

  test("comments, empty lines and white space are read and not kept", () => {
    const text = `# who sees the log\n\n \t\n  #indented\n\twitness  w1\t${ed("w1.example")}  \n  quorum w1 \n`;
    expect(formatTrustPolicy(parseTrustPolicy(text))).toBe(`${W1}quorum w1\n`);
  });

  test("definitions may follow the quorum line", () => {
    const policy = parseTrustPolicy(`${W1}quorum w1\n${W2}`);
    expect(policy.witnesses.map(({ name }) => name)).toEqual(["w1", "w2"]);
  });

  test("thresholds in figures", () => {
    const members = ["a", "b", "c"];
    expect(thresholdOf({ name: "g", threshold: "any", members })).toBe(1);
    expect(thresholdOf({ name: "g", threshold: "all", members })).toBe(3);
    expect(thresholdOf({ name: "g", threshold: 2, members })).toBe(2);
  });

  test("the parts are what the text says", () => {
    const policy = parseTrustPolicy(`log ${log("a.example")} https://a/\n${W1}${W2}group g 2 w1 w2\nquorum g\n`);
    expect(policy.logs).toEqual([{ key: expect.objectContaining({ name: "a.example" }), url: "https://a/" }]);
    expect(policy.witnesses[1]).toMatchObject({ name: "w2", key: { name: "w2.example" }, url: null });
    expect(policy.groups).toEqual([{ name: "g", threshold: 2, members: ["w1", "w2"] }]);
    expect(policy.quorum).toBe("g");
  });
});

describe("refused", () => {
  /** What is wrong, the text, and part of the message: all have one code, and each its own reason. */
  const REFUSED: readonly (readonly [name: string, text: string, reason: RegExp])[] = [
    ["no quorum line", W1, /no quorum line/],
    ["empty", "", /no quorum line/],
    ["two quorum lines", `${W1}quorum w1\nquorum w1\n`, /second quorum/],
    ["a quorum without a name", "quorum\n", /quorum NAME/],
    ["a quorum of two names", `${W1}${W2}quorum w1 w2\n`, /quorum NAME/],
    ["an unknown quorum", "quorum w1\n", /"w1" is not the name/],
    ["a quorum defined below", `quorum w1\n${W1}`, /"w1" is not the name/],
    ["the last line is cut off", `${W1}quorum w1`, /newline/],
    ["an unknown directive", `${W1}quorum w1\nmirror w1\n`, /"mirror" is none/],
    ["a directive in capitals", `${W1}Quorum w1\n`, /"Quorum" is none/],
    ["a carriage return", `${W1}quorum w1\r\n`, /control characters/],
    ["a NUL in a comment", `#\u0000\n${W1}quorum w1\n`, /control characters/],
    ["a DEL in a comment", `#\u007f\n${W1}quorum w1\n`, /control characters/],
    ["a no-break space is no white space", `${W1}quorum\u00a0w1\n`, /is none of/],
    ["a log without a key", "log\nquorum none\n", /log VKEY/],
    ["a log with two URLs", `log ${log("a")} u v\nquorum none\n`, /log VKEY/],
    ["a log's key with another ID", `log a+00000000+${log("a").split("+")[2]}\nquorum none\n`, /line 1: .*key ID/],
    [
      "a log's key named again",
      `log ${log("a", "k")}\nlog ${log("b", "k")}\nquorum none\n`,
      /public key of b is that of a/,
    ],
    ["a witness without a key", "witness w\nquorum none\n", /witness NAME VKEY/],
    ["a witness with two URLs", `witness w ${ed("w")} u v\nquorum none\n`, /witness NAME VKEY/],
    ["a witness with a log's sort of key", `witness w ${log("w")}\nquorum w\n`, /makes no cosignatures/],
    ["a witness's key named again", `${W1}witness v ${ed("v", "w1.example")}\nquorum w1\n`, /is that of w1.example/],
    [
      "a log's key as a witness",
      `log ${vkey("a", "ed25519", "k")}\nwitness w ${ed("w", "k")}\nquorum w\n`,
      /public key of w is that of a/,
    ],
    [
      "a witness's key as a log",
      `witness w ${ed("w", "k")}\nlog ${vkey("a", "ed25519", "k")}\nquorum w\n`,
      /public key of a is that of w/,
    ],
    ["a log's other key as a witness", `log ${log("a")}\nwitness w ${ml("a")}\nquorum w\n`, /key name of the log a/],
    ["a log with a witness's key name", `witness w ${ml("a")}\nlog ${log("a")}\nquorum w\n`, /key name of witness "w"/],
    ["a witness called none", `witness none ${ed("w")}\nquorum none\n`, /"none" is the empty quorum/],
    ["a group called none", `${W1}group none any w1\nquorum none\n`, /"none" is the empty quorum/],
    ["two witnesses of one name", `${W1}witness w1 ${ed("v")}\nquorum w1\n`, /"w1" is defined already/],
    ["a group with a witness's name", `${W1}group w1 any w1\nquorum w1\n`, /"w1" is defined already/],
    ["a group without members", `${W1}group g any\nquorum w1\n`, /group NAME/],
    ["a group of none", `group g any none\nquorum g\n`, /"none" is not the name/],
    ["a group of a witness defined below", `group g any w1\n${W1}quorum g\n`, /"w1" is not the name/],
    ["a group of itself", `${W1}group g any w1 g\nquorum g\n`, /"g" is not the name/],
    ["a member twice in a group", `${W1}group g any w1 w1\nquorum g\n`, /a group's member already/],
    ["a member of two groups", `${W1}group g any w1\ngroup h any w1\nquorum g\n`, /a group's member already/],
    ["0 of 1", `${W1}group g 0 w1\nquorum g\n`, /"0" is none of/],
    ["2 of 1", `${W1}group g 2 w1\nquorum g\n`, /needs 2 members/],
    ["01 of 1", `${W1}group g 01 w1\nquorum g\n`, /"01" is none of/],
    ["a threshold in hex", `${W1}group g 0x1 w1\nquorum g\n`, /"0x1" is none of/],
    ["a negative threshold", `${W1}group g -1 w1\nquorum g\n`, /"-1" is none of/],
    ["a threshold in words", `${W1}group g most w1\nquorum g\n`, /"most" is none of/],
    ["2 of one operator's two keys", `${W1}${M1}group g 2 w1 m1\nquorum g\n`, /needs 2 members, and has 1/],
    ["all of one operator's two keys", `${W1}${M1}group g all w1 m1\nquorum g\n`, /needs 2 members, and has 1/],
    [
      "an operator in two groups that both count",
      `${W1}${M1}group a any w1\ngroup b any m1\ngroup g all a b\nquorum g\n`,
      /more than once/,
    ],
    [
      "an operator beside a group that has it",
      `${W1}${M1}${W2}group a any w1\ngroup g 2 a m1 w2\nquorum g\n`,
      /more than once/,
    ],
    [
      "an operator in a group and beside it",
      `${W1}${M1}${W2}group a any w1\ngroup g 2 m1 a w2\nquorum g\n`,
      /more than once/,
    ],
    ["too many lines", `${"#\n".repeat(MAX_POLICY_LINES)}quorum none\n`, /lines, at most/],
    ["too many bytes", `#${"x".repeat(MAX_POLICY_BYTES)}\nquorum none\n`, /bytes/],
    ["too many bytes of UTF-8", `#${"é".repeat(MAX_POLICY_BYTES / 2)}\nquorum none\n`, /bytes/],
    ["a lone surrogate", "#\ud800\nquorum none\n", /control characters/],
  ];

  test.each(REFUSED)("%s", (_, text, reason) => {
    const failure = expect.objectContaining({
      code: "witness/malformed-policy",
      message: expect.stringMatching(reason),
    });
    expect(() => parseTrustPolicy(text)).toThrow(failure);
  });

  test("the line is named", () => {
    expect(() => parseTrustPolicy(`# a\n\n${W1}group g 3 w1\nquorum g\n`)).toThrow(/^line 4: /);
  });

  test("twins of the limits are accepted", () => {
    parseTrustPolicy(`${"#\n".repeat(MAX_POLICY_LINES - 1)}quorum none\n`);
    parseTrustPolicy(`#${"x".repeat(MAX_POLICY_BYTES - "#\nquorum none\n".length)}\nquorum none\n`);
  });
});

const wordsOf = (text: string): readonly string[] => text.split(/(?<=[ \n])/);

/** A value is written back as it was read; anything else is a Failure of this folder. */
function check(text: string): void {
  try {
    const policy = parseTrustPolicy(text);
    expect(parseTrustPolicy(formatTrustPolicy(policy))).toEqual(policy);
  } catch (error) {
    expect(error).toBeInstanceOf(Failure);
    expect(error).toMatchObject({ code: "witness/malformed-policy" });
  }
}

describe("any text", () => {
  const seed = `log ${log("a.example")}\n${W1}${W2}${M1}group g 2 w1 w2 m1\ngroup h any g\nquorum h\n`;

  test("is a trust policy or a Failure", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        check(text);
        check(`${text}\nquorum none\n`);
      }),
    );
  });

  test("one word away from a trust policy is one or a Failure", () => {
    const words = wordsOf(seed);
    const vocabulary = [...words, "none\n", "any ", "all ", "0 ", "9 ", "\n", "#", "\t", "quorum "];
    fc.assert(
      fc.property(
        fc.nat(words.length),
        fc.nat(2),
        fc.array(fc.constantFrom(...vocabulary), { maxLength: 3 }),
        (at, removed, added) => {
          check(words.toSpliced(at, removed, ...added).join(""));
        },
      ),
      { numRuns: 500 },
    );
  });

  test("one character away from a trust policy is one or a Failure", () => {
    fc.assert(
      fc.property(fc.nat(seed.length), fc.nat(1), fc.string({ unit: "binary", maxLength: 2 }), (at, removed, added) => {
        check(seed.slice(0, at) + added + seed.slice(at + removed));
      }),
      { numRuns: 500 },
    );
  });
});
