import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { toUtf8 } from "../bytes/utf8.ts";
import { Failure } from "../failure.ts";
import { mutatedBytes } from "../testing/mutation.ts";
import { policyText, POLICY } from "../testing/policies.ts";
import { MAX_POLICY_BYTES, readYaml } from "./yaml.ts";

const read = (text: string) => readYaml(toUtf8(text));

describe("what two readers would read differently is refused", () => {
  /** What is wrong, the text, and the same with nothing wrong. */
  const CASES: readonly (readonly [string, string, string])[] = [
    ["a key twice", "a: 1\na: 2\n", "a: 1\nb: 2\n"],
    ["a key twice, spelt in two ways", 'a: 1\n"\\u0061": 2\n', 'a: 1\n"\\u0062": 2\n'],
    ["a key twice, deep in a list", "- - {a: 1, a: 2}\n", "- - {a: 1, b: 2}\n"],
    ["an anchor that nothing uses", "a: &x 1\n", "a: 1\n"],
    ["an anchor on nothing", "a: &x\n", "a:\n"],
    ["an anchor on a key", "&x a: 1\n", "a: 1\n"],
    ["an alias", "a: &x 1\nb: *x\n", "a: 1\nb: 1\n"],
    ["an alias of nothing", "a: *x\n", 'a: "*x"\n'],
    ["a merge", "a: {<<: {b: 1}}\n", "a: {b: 1}\n"],
    ["a merge, quoted", 'a: {"<<": {b: 1}}\n', 'a: {"<": {b: 1}}\n'],
    ["a tag", "a: !!str 1\n", 'a: "1"\n'],
    ["a tag of one's own", "a: !secret b\n", "a: b\n"],
    ["the tag that says nothing", "a: ! b\n", "a: b\n"],
    ["a tag spelt out", "a: !<tag:yaml.org,2002:int> 1\n", "a: 1\n"],
    ["a second document", "a: 1\n---\na: 2\n", "---\na: 1\n"],
    ["a second document after an end", "a: 1\n...\na: 2\n", "a: 1\n...\n"],
    ["a directive for YAML 1.1", "%YAML 1.1\n---\na: 1\n", "---\na: 1\n"],
    ["a directive for YAML 1.2", "%YAML 1.2\n---\na: 1\n", "# YAML 1.2\n---\na: 1\n"],
    ["a directive for tags", "%TAG !e! tag:evil.example,2026:\n---\na: 1\n", "---\na: 1\n"],
    ["a directive that nobody knows", "%FOO\n---\na: 1\n", "---\na: 1\n"],
    ["a key that is a number", "1: a\n", '"1": a\n'],
    ["a key that is null", "~: a\n", '"~": a\n'],
    ["a key that is nothing", ": a\n", '"": a\n'],
    ["a key that is a boolean", "true: a\n", '"true": a\n'],
    ["a key that is a list", "? [a]\n: 1\n", "? a\n: 1\n"],
    ["a number with a leading zero", "a: 010\n", "a: 10\n"],
    ["a number in octal", "a: 0o10\n", "a: 8\n"],
    ["a number in hexadecimal", "a: 0x10\n", "a: 16\n"],
    ["a number with a fraction", "a: 1.0\n", "a: 1\n"],
    ["a number with an exponent", "a: 1e3\n", "a: 1000\n"],
    ["a number with a plus", "a: +1\n", "a: 1\n"],
    ["minus zero", "a: -0\n", "a: -1\n"],
    ["a number that is rounded", "a: 9007199254740993\n", "a: 9007199254740991\n"],
    ["no number", "a: .nan\n", "a: nan\n"],
    ["infinity", "a: .inf\n", "a: inf\n"],
    ["half a surrogate pair", 'a: "\\ud83d"\n', 'a: "\\ud83d\\ude00"\n'],
    ["a control character", "a: \u0001\n", "a: b\n"],
    ["an escaped NUL", 'a: "\\0"\n', 'a: "\\t"\n'],
    ["a tab that indents", "a:\n\tb: 1\n", "a:\n  b: 1\n"],
    ["a mapping in a line", "a: b: c\n", "a: {b: c}\n"],
    ["an end that does not come", "a: [1, 2\n", "a: [1, 2]\n"],
    ["17 levels", "[".repeat(17) + "]".repeat(17), "[".repeat(16) + "]".repeat(16)],
    ["17 levels of mappings", "{a: ".repeat(17) + "}".repeat(17), "{a: ".repeat(16) + "}".repeat(16)],
  ];

  test.each(CASES)("%s", (_name, refused, accepted) => {
    expect(() => read(refused)).toThrow(expect.objectContaining({ code: "policy/malformed" }));
    expect(() => read(accepted)).not.toThrow();
  });
});

describe("what costs much to read", () => {
  test("a policy of a megabyte is read, one byte more is not", () => {
    const text = `a: 1\n#${" ".repeat(MAX_POLICY_BYTES - 6)}`;
    expect(read(text)).toEqual({ a: 1 });
    expect(() => read(`${text} `)).toThrow(expect.objectContaining({ code: "policy/malformed" }));
  });

  test("a mapping of many keys is read, in no more time than it has keys", () => {
    const keys = Array.from({ length: 30_000 }, (_, at) => `k${at}: ${at}\n`).join("");
    expect(Object.keys(Object(read(keys)))).toHaveLength(30_000);
    expect(() => read(`${keys}k29999: 1\n`)).toThrow(expect.objectContaining({ code: "policy/malformed" }));
  });

  test.each([
    ["opened lists", "[".repeat(200_000)],
    ["opened mappings", "{a: ".repeat(50_000)],
    ["lists in lists", `${"- ".repeat(50_000)}1`],
    ["lists in lists, deeper than a stack", "[".repeat(500_000)],
    ["lists on one line, deeper than a stack", `${"- ".repeat(200_000)}a`],
    ["mappings in mappings", Array.from({ length: 1000 }, (_, depth) => `${" ".repeat(depth)}a:`).join("\n")],
    [
      "a billion laughs",
      `a0: &a0 [ha, ha]\n${Array.from({ length: 30 }, (_, at) => `a${at + 1}: &a${at + 1} [*a${at}, *a${at}]\n`).join("")}`,
    ],
  ])("%s are refused", (_name, text) => {
    expect(() => read(text)).toThrow(expect.objectContaining({ code: "policy/malformed" }));
  });
});

test("values are those of JSON, whatever the line ends and the layout", () => {
  const text =
    "# why\na: text # more\nb:\n  - true\n  - null\n  - -5\n  - {c: 'it''s', \"d\": []}\n  - |\n    two\n    lines\n";
  const value = { a: "text", b: [true, null, -5, { c: "it's", d: [] }, "two\nlines\n"] };
  expect(read(text)).toEqual(value);
  expect(read(text.replaceAll("\n", "\r\n"))).toEqual(value);
  expect(read(JSON.stringify(value))).toEqual(value);
});

test("what other readers take for something else stays text", () => {
  expect(read("[yes, no, on, off, 12:30:00, 2026-11-22, 1_000, 0b1, __proto__]")).toEqual(
    "yes no on off 12:30:00 2026-11-22 1_000 0b1 __proto__".split(" "),
  );
});

test("a key called __proto__ is a key", () => {
  const value = read("__proto__: {admitted: true}\n");
  expect(Object.entries(value ?? {})).toEqual([["__proto__", { admitted: true }]]);
  expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
});

test("a byte order mark and half a character are no text", () => {
  expect(() => readYaml(Uint8Array.of(0x61, 0x3a, 0x20, 0xc3))).toThrow(
    expect.objectContaining({ code: "bytes/malformed-utf8" }),
  );
});

test("the place is told", () => {
  expect(() => read("a: 1\nb: &x 2\n")).toThrow("an anchor (line 2, column 7)");
});

test("any bytes are a value or a Failure", () => {
  const seeds = [policyText(POLICY), toUtf8("a: &x !!str 'b'\n<<: [*x]\n---\n- ? {c: |\n  d}\n")];
  const bytes = fc.oneof(fc.uint8Array({ maxLength: 200 }), ...seeds.map(mutatedBytes));
  fc.assert(
    fc.property(bytes, (input) => {
      try {
        readYaml(input);
      } catch (error) {
        expect(error).toBeInstanceOf(Failure);
      }
    }),
    { numRuns: 300 },
  );
});
