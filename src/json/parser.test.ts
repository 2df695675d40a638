import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { toUtf8 } from "../bytes/utf8.ts";
import { Failure, type FailureCode } from "../failure.ts";
import { canonicalJson } from "./canonical.ts";
import { type Json } from "./json.ts";
import { parseJson } from "./parser.ts";

const nested = (depth: number): string => "[".repeat(depth) + "]".repeat(depth);

describe("what is read", () => {
  test.each<[string, string, Json]>([
    ["white space around everything", ' \t\r\n{ "a" : [ 1 , 2 ] , "b" : { } } ', { a: [1, 2], b: {} }],
    ["words", "[null,true,false]", [null, true, false]],
    ["numbers", "[0,-1,1.5,-0.25,1e3,1E-2,2.5e+1]", [0, -1, 1.5, -0.25, 1000, 0.01, 25]],
    ["the greatest safe integer", "9007199254740991", 9007199254740991],
    ["2^53, which is written back as it is", "9007199254740992", 9007199254740992],
    ["an integer as a double writes it back", "295147905179352830000", 295147905179352830000],
    ["every escape", '"\\"\\\\\\/\\b\\f\\n\\r\\t\\u0041\\u00e9"', '"\\/\b\f\n\r\tAé'],
    ["an escaped surrogate pair", '"\\ud83d\\uDE02"', "😂"],
    ["a raw character beyond the basic plane", '"😂"', "😂"],
    ["a byte-order mark inside a string", '"\ufeff"', "\ufeff"],
    ["separators that JavaScript once refused", '"\u2028\u2029"', "\u2028\u2029"],
    ["the empty key", '{"":0}', { "": 0 }],
    ["64 levels", nested(64), JSON.parse(nested(64))],
  ])("%s", (_name, text, value) => {
    expect(parseJson(text)).toEqual(value);
    expect(parseJson(toUtf8(text))).toEqual(value);
  });

  test("keys of the object prototype are keys like any other", () => {
    const value = parseJson('{"__proto__":{"admitted":true},"constructor":1}');
    expect(Object.keys(value ?? {})).toEqual(["__proto__", "constructor"]);
    expect(Reflect.get(Object(value), "admitted")).toBeUndefined();
    expect(Reflect.get(Object(value), "toString")).toBeUndefined();
    expect(canonicalJson(value)).toBe('{"__proto__":{"admitted":true},"constructor":1}');
  });
});

describe("what is refused", () => {
  test.each<[string, string, FailureCode]>([
    ["nothing", "", "json/malformed"],
    ["white space only", " ", "json/malformed"],
    ["a byte-order mark", "\ufeff{}", "json/malformed"],
    ["a no-break space", "\u00a01", "json/malformed"],
    ["a second document", "{} {}", "json/malformed"],
    ["a comment", "{} // no", "json/malformed"],
    ["a comma at the end of an array", "[1,]", "json/malformed"],
    ["a comma at the end of an object", '{"a":1,}', "json/malformed"],
    ["a missing comma", "[1 2]", "json/malformed"],
    ["a missing colon", '{"a" 1}', "json/malformed"],
    ["a missing value", '{"a":}', "json/malformed"],
    ["a key without quotes", "{a:1}", "json/malformed"],
    ["single quotes", "['a']", "json/malformed"],
    ["an unclosed array", "[1", "json/malformed"],
    ["an unclosed object", '{"a":1', "json/malformed"],
    ["mismatched brackets", '{"a":[1}', "json/malformed"],
    ["an unclosed string", '"abc', "json/malformed"],
    ["a string ending in a backslash", '"abc\\', "json/malformed"],
    ["a line feed inside a string", '"a\nb"', "json/malformed"],
    ["a NUL inside a string", '"a\u0000b"', "json/malformed"],
    ["an unknown escape", '"\\x41"', "json/malformed"],
    ["an escape taken from the object prototype", '"\\constructor"', "json/malformed"],
    ["three hexadecimal digits", '"\\u041"', "json/malformed"],
    ["a sign among hexadecimal digits", '"\\u+041"', "json/malformed"],
    ["a leading zero", "01", "json/malformed"],
    ["a leading plus", "+1", "json/malformed"],
    ["a lone minus", "-", "json/malformed"],
    ["no digits after the point", "1.", "json/malformed"],
    ["no digits before the point", ".5", "json/malformed"],
    ["no digits in the exponent", "1e", "json/malformed"],
    ["a hexadecimal number", "0x10", "json/malformed"],
    ["a digit separator", "1_000", "json/malformed"],
    ["NaN", "NaN", "json/malformed"],
    ["infinity", "-Infinity", "json/malformed"],
    ["a number no double holds", "1e400", "json/malformed"],
    ["2^53 + 1", "9007199254740993", "json/malformed"],
    ["-2^53 - 1", "-9007199254740993", "json/malformed"],
    ["2^64 - 1", "18446744073709551615", "json/malformed"],
    ["words in capitals", "True", "json/malformed"],
    ["a word cut short", "nul", "json/malformed"],
    ["a word too long", "nulls", "json/malformed"],
    ["a key twice", '{"a":1,"b":2,"a":1}', "json/duplicate-key"],
    ["a key twice, once escaped", '{"a":1,"\\u0061":1}', "json/duplicate-key"],
    ["__proto__ twice", '{"__proto__":1,"__proto__":2}', "json/duplicate-key"],
    ["the empty key twice", '{"":1,"":2}', "json/duplicate-key"],
    ["an escaped high surrogate alone", '"\\ud83d"', "json/lone-surrogate"],
    ["an escaped low surrogate alone", '"\\ude02"', "json/lone-surrogate"],
    ["escaped surrogates the wrong way round", '"\\ude02\\ud83d"', "json/lone-surrogate"],
    ["a lone surrogate in a key", '{"\\ud83d":1}', "json/lone-surrogate"],
    ["65 levels", nested(65), "json/too-deep"],
    ["65 levels never closed", "[".repeat(65), "json/too-deep"],
    ["65 levels of objects", '{"a":'.repeat(65), "json/too-deep"],
  ])("%s", (_name, text, code) => {
    expect(() => parseJson(text)).toThrow(expect.objectContaining({ code }));
    expect(() => parseJson(toUtf8(text))).toThrow(expect.objectContaining({ code }));
  });

  test("a raw lone surrogate, which only decoded text can hold", () => {
    expect(() => parseJson('"\ud83d"')).toThrow(expect.objectContaining({ code: "json/lone-surrogate" }));
    expect(() => parseJson('"\ud83d\\ude02"')).toThrow(expect.objectContaining({ code: "json/lone-surrogate" }));
  });

  test.each<[string, readonly number[]]>([
    ["a bare continuation byte", [0x22, 0x80, 0x22]],
    ["an overlong quote", [0x22, 0xc0, 0xa2, 0x22]],
    ["a surrogate in UTF-8", [0x22, 0xed, 0xa0, 0xbd, 0x22]],
    ["a byte-order mark in UTF-8", [0xef, 0xbb, 0xbf, 0x31]],
    ["UTF-16", [0x31, 0x00]],
  ])("bytes: %s", (_name, bytes) => {
    expect(() => parseJson(Uint8Array.from(bytes))).toThrow(expect.objectContaining({ code: "json/malformed" }));
  });

  test("more bytes or levels than the caller allows", () => {
    const limits = { maxBytes: 5, maxDepth: 2 };
    expect(parseJson('"é1"', limits)).toBe("é1");
    expect(() => parseJson('"é12"', limits)).toThrow(expect.objectContaining({ code: "json/too-large" }));
    expect(parseJson("[[]]", limits)).toEqual([[]]);
    expect(parseJson("[{}]", { maxDepth: 2 })).toEqual([{}]);
    expect(() => parseJson("[[[", limits)).toThrow(expect.objectContaining({ code: "json/too-deep" }));
    expect(parseJson("[[],[]]", { maxDepth: 2 })).toEqual([[], []]);
    expect(() => parseJson("1", { maxDepth: 513 })).toThrow(RangeError);
    expect(() => parseJson(nested(513), { maxDepth: 512 })).toThrow(expect.objectContaining({ code: "json/too-deep" }));
  });

  test("messages say where", () => {
    expect(() => parseJson('{\n  "a": 1,\n  "a": 2\n}')).toThrow(
      '"a" is there twice in one object, at line 3, column 3',
    );
    expect(() => parseJson('{"a":1')).toThrow('the document ends, want "," or "}", at line 1, column 7');
  });
});

describe("properties", () => {
  test("whatever JSON.stringify writes is read as JSON.parse reads it", () => {
    fc.assert(
      fc.property(fc.jsonValue({ stringUnit: "binary" }), fc.constantFrom(0, 2), (value, indent) => {
        const text = JSON.stringify(value, null, indent);
        expect(parseJson(text)).toEqual(JSON.parse(text));
      }),
    );
  });

  test("any text at all is either a value that JSON.parse agrees on, or a Failure", () => {
    const token = fc.constantFrom(
      ...Array.from('{}[]:,"\\ue+-.019tfn \n'),
      "true",
      "null",
      '"a"',
      "\\u",
      "d83d",
      "\ud83d",
      "1e5",
      "-0",
    );
    const text = fc.oneof(
      fc.string({ unit: "binary" }),
      fc.array(token, { maxLength: 30 }).map((all) => all.join("")),
    );
    fc.assert(fc.property(text, isValueOrFailure), { numRuns: 2000 });
  });

  test("any bytes at all, and any document with a few bytes changed, are either a value or a Failure", () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 60 }), isValueOrFailure));
    const change = fc.tuple(fc.nat(), fc.nat({ max: 255 }));
    fc.assert(
      fc.property(fc.json({ stringUnit: "binary" }), fc.array(change, { maxLength: 3 }), (text, changes) => {
        const bytes = toUtf8(text);
        for (const [at, byte] of changes) bytes[at % bytes.length] = byte;
        isValueOrFailure(bytes);
      }),
      { numRuns: 1000 },
    );
  });
});

function isValueOrFailure(input: string | Uint8Array): void {
  try {
    const value = parseJson(input);
    expect(value).toEqual(JSON.parse(typeof input === "string" ? input : Buffer.from(input).toString()));
  } catch (error) {
    expect(error).toBeInstanceOf(Failure);
  }
}
