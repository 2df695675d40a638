import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { hashOf, NODE_PREDICATE } from "../testing/manifests.ts";
import { parseNodeMeasurement } from "./node-measurement.ts";
import { matchRow, type ReportedRegisters } from "./rows.ts";
import { type NodeTarget } from "./schema.ts";

const digest = (text: string): string => `sha256:${hashOf(text)}`;
const rowOf = (vcpus: number, registers: Readonly<Record<string, string>>) => ({ with: { vcpus }, registers });

/** Two rows that share one register and differ in the others. */
const ONE = { pcr4: digest("4 one"), pcr9: digest("9 one"), pcr11: digest("11"), pcr12: "zero" };
const TWO = { pcr4: digest("4 two"), pcr9: digest("9 two"), pcr11: digest("11"), pcr12: "zero" };
const targetOf = (...rows: readonly Readonly<Record<string, string>>[]): NodeTarget => {
  const tpm = NODE_PREDICATE.targets[1];
  const target = { ...tpm, notDerived: {}, rows: rows.map((registers, at) => rowOf(at, registers)) };
  const [parsed] = parseNodeMeasurement({ ...NODE_PREDICATE, targets: [target] }).targets;
  if (parsed === undefined) throw new RangeError("a manifest keeps its target");
  return parsed;
};
const TARGET = targetOf(ONE, TWO);
const ZEROS = `sha256:${"00".repeat(32)}`;

describe("matched", () => {
  const MATCHED: readonly (readonly [name: string, ReportedRegisters, required: readonly string[], row: number])[] = [
    ["the first row", ONE, ["pcr4", "pcr9", "pcr11", "pcr12"], 0],
    ["the second row", TWO, ["pcr4", "pcr9", "pcr11", "pcr12"], 1],
    ["registers beyond the row are ignored", { ...ONE, pcr0: digest("firmware") }, ["pcr4"], 0],
    ["zeros are zero", { ...ONE, pcr12: ZEROS }, ["pcr12"], 0],
    ["zeros of a SHA-384 bank are zero", { ...ONE, pcr12: `sha384:${"00".repeat(48)}` }, ["pcr12"], 0],
    ["what is not required need not be reported", { pcr4: TWO.pcr4 }, ["pcr4"], 1],
    ["a SHA-1 value that is not required is not there", { ...ONE, pcr9: `sha1:${"ab".repeat(20)}` }, ["pcr4"], 0],
    ["the first of two rows that fit", { pcr11: ONE.pcr11 }, ["pcr11"], 0],
  ];

  test.each(MATCHED)("%s", (_, reported, required, row) => {
    expect(matchRow(TARGET, reported, required)).toMatchObject({ kind: "matched", row });
  });

  test("what was not reported is told", () => {
    expect(matchRow(TARGET, { pcr4: ONE.pcr4, pcr12: "zero" }, ["pcr4"])).toEqual({
      kind: "matched",
      row: 0,
      unreported: ["pcr9", "pcr11"],
    });
  });
});

const mismatch = (component: string, got: string, want: string) => {
  return { code: "manifest/register-mismatch", component, got, want };
};

const absent = (component: string, want: string) => {
  return { code: "manifest/register-missing", component, got: "no value that counts", want };
};

describe("unmatched", () => {
  const UNMATCHED: readonly (readonly [
    name: string,
    ReportedRegisters,
    required: readonly string[],
    row: number,
    differences: readonly object[],
  ])[] = [
    [
      "registers of two rows mixed",
      { ...ONE, pcr9: TWO.pcr9 },
      ["pcr4", "pcr9", "pcr11", "pcr12"],
      0,
      [mismatch("pcr9", TWO.pcr9, ONE.pcr9)],
    ],
    [
      "mixed where only one is required",
      { ...ONE, pcr9: TWO.pcr9 },
      ["pcr4"],
      0,
      [mismatch("pcr9", TWO.pcr9, ONE.pcr9)],
    ],
    ["one register of none", { ...TWO, pcr4: digest("x") }, ["pcr4"], 1, [mismatch("pcr4", digest("x"), TWO.pcr4)]],
    ["zero is not anything", { ...ONE, pcr4: ZEROS }, ["pcr4"], 0, [mismatch("pcr4", "zero", ONE.pcr4)]],
    ["anything is not zero", { ...ONE, pcr12: digest("x") }, ["pcr4"], 0, [mismatch("pcr12", digest("x"), "zero")]],
    ["a required register is not reported", { pcr4: ONE.pcr4 }, ["pcr4", "pcr9"], 0, [absent("pcr9", ONE.pcr9)]],
    [
      "a required register that no row has",
      { ...ONE, pcr0: digest("firmware") },
      ["pcr0", "pcr4"],
      0,
      [{ code: "manifest/register-missing", component: "pcr0", got: digest("firmware"), want: "a row that has it" }],
    ],
    ["a required register that nobody has", ONE, ["pcr0"], 0, [absent("pcr0", "a row that has it")]],
    ["a register that objects inherit", ONE, ["constructor"], 0, [absent("constructor", "a row that has it")]],
    ["nothing reported", {}, ["pcr4"], 0, [absent("pcr4", ONE.pcr4)]],
    ["reported by SHA-1", { ...ONE, pcr4: `sha1:${"ab".repeat(20)}` }, ["pcr4"], 0, [absent("pcr4", ONE.pcr4)]],
    ["zeros by SHA-1", { ...ONE, pcr12: `sha1:${"00".repeat(20)}` }, ["pcr12"], 0, [absent("pcr12", "zero")]],
  ];

  test.each(UNMATCHED)("%s", (_, reported, required, row, differences) => {
    expect(matchRow(TARGET, reported, required)).toEqual({ kind: "unmatched", row, differences });
  });

  test("a SHA-1 value of the manifest counts for nothing, were it equal", () => {
    const value = `sha1:${"ab".repeat(20)}`;
    const target = targetOf({ pcr4: value, pcr9: ONE.pcr9 });
    expect(matchRow(target, { pcr4: value, pcr9: ONE.pcr9 }, ["pcr4"])).toEqual({
      kind: "unmatched",
      row: 0,
      differences: [absent("pcr4", "a row that has it")],
    });
    expect(matchRow(target, { pcr4: value, pcr9: ONE.pcr9 }, ["pcr9"])).toMatchObject({ kind: "matched" });
  });

  test("the same hash by another algorithm is another value", () => {
    const target = targetOf({ pcr4: `sha384:${"ab".repeat(48)}` });
    expect(matchRow(target, { pcr4: `sha384:${"ab".repeat(48)}` }, ["pcr4"])).toMatchObject({ kind: "matched" });
    expect(matchRow(target, { pcr4: `sha256:${"ab".repeat(32)}` }, ["pcr4"])).toMatchObject({ kind: "unmatched" });
  });
});

test("a policy that requires nothing is a mistake of the program", () => {
  expect(() => matchRow(TARGET, ONE, [])).toThrow(RangeError);
});

test("whatever is reported, a match is a row whose registers are all those reported", () => {
  const value = fc.constantFrom(
    ...Object.values(ONE),
    ...Object.values(TWO),
    digest("x"),
    ZEROS,
    `sha1:${"00".repeat(20)}`,
  );
  const register = fc.constantFrom("pcr4", "pcr9", "pcr11", "pcr12", "pcr0");
  const required = fc.array(register, { minLength: 1, maxLength: 4 });
  fc.assert(
    fc.property(fc.dictionary(register, value), required, (reported, demanded) => {
      const match = matchRow(TARGET, reported, demanded);
      const row = [ONE, TWO][match.row] ?? {};
      const wanted = new Map<string, string>(Object.entries(row));
      const seen = Object.entries(reported)
        .filter(([name, each]) => wanted.has(name) && !each.startsWith("sha1:"))
        .map(([name, each]) => [name, each === ZEROS ? "zero" : each] as const);
      const whole = seen.every(([name, each]) => wanted.get(name) === each);
      const complete = demanded.every((name) => seen.some(([each]) => each === name));
      if (match.kind === "matched") expect({ whole, complete }).toEqual({ whole: true, complete: true });
      else expect(whole && complete).toBe(false);
    }),
    { numRuns: 1000 },
  );
});
