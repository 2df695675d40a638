import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { fromHex } from "../bytes/hex.ts";
import { toUtf8 } from "../bytes/utf8.ts";
import { type FailureCode } from "../failure.ts";
import { canonicalJson, parseCanonicalJson } from "./canonical.ts";
import { isJsonArray, type Json } from "./json.ts";
import { parseJson } from "./parser.ts";

/** A double by its IEEE 754 bits. */
const double = (bits: string): number => new DataView(fromHex(bits).buffer).getFloat64(0);

describe("RFC 8785", () => {
  test.each([
    ["0000000000000000", "0"],
    ["8000000000000000", "0"],
    ["0000000000000001", "5e-324"],
    ["8000000000000001", "-5e-324"],
    ["7fefffffffffffff", "1.7976931348623157e+308"],
    ["ffefffffffffffff", "-1.7976931348623157e+308"],
    ["4340000000000000", "9007199254740992"],
    ["c340000000000000", "-9007199254740992"],
    ["4430000000000000", "295147905179352830000"],
    ["44b52d02c7e14af5", "9.999999999999997e+22"],
    ["44b52d02c7e14af6", "1e+23"],
    ["44b52d02c7e14af7", "1.0000000000000001e+23"],
    ["444b1ae4d6e2ef4e", "999999999999999700000"],
    ["444b1ae4d6e2ef4f", "999999999999999900000"],
    ["444b1ae4d6e2ef50", "1e+21"],
    ["3eb0c6f7a0b5ed8c", "9.999999999999997e-7"],
    ["3eb0c6f7a0b5ed8d", "0.000001"],
    ["41b3de4355555553", "333333333.3333332"],
    ["41b3de4355555554", "333333333.33333325"],
    ["41b3de4355555555", "333333333.3333333"],
    ["41b3de4355555556", "333333333.3333334"],
    ["41b3de4355555557", "333333333.33333343"],
    ["becbf647612f3696", "-0.0000033333333333333333"],
    ["43143ff3c1cb0959", "1424953923781206.2"],
  ])("appendix B: %s is written %s", (bits, text) => {
    expect(canonicalJson(double(bits))).toBe(text);
    expect(parseJson(text)).toBe(double(bits) + 0);
  });

  test.each(["7fffffffffffffff", "7ff0000000000000", "fff0000000000000"])("appendix B: %s is an error", (bits) => {
    expect(() => canonicalJson(double(bits))).toThrow(RangeError);
  });

  test("§3.2.3: keys are sorted by their UTF-16 units", () => {
    const input = String.raw`{"\u20ac":"Euro Sign","\r":"Carriage Return","\ufb33":"Hebrew Letter Dalet With Dagesh",
      "1":"One","\ud83d\ude00":"Emoji: Grinning Face","\u0080":"Control","\u00f6":"Latin Small Letter O With Diaeresis"}`;
    expect(canonicalJson(parseJson(input))).toBe(
      '{"\\r":"Carriage Return","1":"One","\u0080":"Control","ö":"Latin Small Letter O With Diaeresis",' +
        '"€":"Euro Sign","😀":"Emoji: Grinning Face","\ufb33":"Hebrew Letter Dalet With Dagesh"}',
    );
  });

  test("§3.2.2: the sample document", () => {
    const input = String.raw`{
      "numbers": [333333333.33333329, 1E30, 4.50, 2e-3, 0.000000000000000000000000001],
      "string": "\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/",
      "literals": [null, true, false]
    }`;
    expect(canonicalJson(parseJson(input))).toBe(
      '{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],' +
        String.raw`"string":"€$\u000f\nA'B\"\\\\\"/"}`,
    );
  });

  test("keys that look like numbers are sorted as text, whatever order the engine keeps them in", () => {
    expect(canonicalJson({ 9: 1, 10: 2, a: 3 })).toBe('{"10":2,"9":1,"a":3}');
  });
});

test.each<[string, unknown]>([
  ["undefined", undefined],
  ["an undefined member", { a: undefined }],
  ["a bigint", 1n],
  ["a function", () => 1],
])("a value that is not JSON is a programmer's mistake: %s", (_name, value) => {
  expect(() => Reflect.apply(canonicalJson, undefined, [value])).toThrow(TypeError);
});

test("a string that UTF-8 cannot carry is refused, as value and as key", () => {
  expect(() => canonicalJson(["\ud83d"])).toThrow(expect.objectContaining({ code: "json/lone-surrogate" }));
  expect(() => canonicalJson({ "\ude00": 1 })).toThrow(expect.objectContaining({ code: "json/lone-surrogate" }));
  expect(canonicalJson(["\ud83d\ude00"])).toBe('["😀"]');
});

describe("documents that must be canonical", () => {
  test.each<[string, string, FailureCode]>([
    ["white space", '{"a": 1}', "json/not-canonical"],
    ["a line feed at the end", '{"a":1}\n', "json/not-canonical"],
    ["keys out of order", '{"b":1,"a":1}', "json/not-canonical"],
    ["a number written with a fraction of zero", "1.0", "json/not-canonical"],
    ["minus zero", "-0", "json/not-canonical"],
    ["a capital exponent", "1E+23", "json/not-canonical"],
    ["an escape that is not needed", '"\\u0041"', "json/not-canonical"],
    ["an escaped slash", '"\\/"', "json/not-canonical"],
    ["an escape in capitals", '"\\u001F"', "json/not-canonical"],
    ["a key twice", '{"a":1,"a":1}', "json/duplicate-key"],
    ["no JSON", "{", "json/malformed"],
  ])("refused: %s", (_name, text, code) => {
    expect(() => parseCanonicalJson(toUtf8(text))).toThrow(expect.objectContaining({ code }));
  });

  test.each(['{"a":1}', '{"a":1,"b":1}', "1", "0", "1e+23", '"A"', '"/"', '"\\u001f"', "null", "[]"])(
    "accepted: %s",
    (text) => {
      expect(canonicalJson(parseCanonicalJson(toUtf8(text)))).toBe(text);
    },
  );
});

test("any value survives writing and reading, and is written the same whatever the order of its keys", () => {
  fc.assert(
    fc.property(fc.jsonValue({ stringUnit: "binary" }), (value) => {
      const text = canonicalJson(asJson(value));
      expect(parseCanonicalJson(toUtf8(text))).toEqual(JSON.parse(JSON.stringify(value)));
      expect(canonicalJson(reversed(asJson(value)))).toBe(text);
    }),
  );
});

/** fast-check's own type for JSON is wider than ours. */
const asJson = (value: unknown): Json => parseJson(JSON.stringify(value));

function reversed(value: Json): Json {
  if (typeof value !== "object" || value === null) return value;
  if (isJsonArray(value)) return value.map(reversed);
  return Object.fromEntries(
    Object.entries(value)
      .toReversed()
      .map(([key, member]) => [key, reversed(member)]),
  );
}
