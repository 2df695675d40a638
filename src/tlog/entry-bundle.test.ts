import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { fromHex, toHex } from "../bytes/hex.ts";
import { concat } from "../bytes/join.ts";
import { toUtf8 } from "../bytes/utf8.ts";
import { Failure } from "../failure.ts";
import { vectors } from "../testing/vectors.ts";
import { decodeEntryBundle, encodeEntryBundle, MAX_ENTRY_BYTES } from "./entry-bundle.ts";

const trees = vectors<{ readonly entries: readonly string[]; readonly bundle: string }>("tlog/trees.json");

const empties = (width: number) => Array.from({ length: width }, () => new Uint8Array(0));

describe("bundles made elsewhere", () => {
  test.each(trees)("$entries", ({ entries, bundle }) => {
    const bytes = entries.map(toUtf8);
    expect(toHex(encodeEntryBundle(bytes))).toBe(bundle);
    expect(decodeEntryBundle(fromHex(bundle), entries.length)).toEqual(bytes);
  });
});

describe("limits", () => {
  test("an entry has at most 65535 bytes", () => {
    const entry = new Uint8Array(MAX_ENTRY_BYTES).fill(7);
    expect(decodeEntryBundle(encodeEntryBundle([entry]), 1)).toEqual([entry]);
    const encode = () => encodeEntryBundle([concat(entry, Uint8Array.of(7))]);
    expect(encode).toThrow(expect.objectContaining({ code: "tlog/entry-too-large" }));
  });

  test("a bundle has 1 to 256 entries", () => {
    for (const width of [1, 256])
      expect(decodeEntryBundle(encodeEntryBundle(empties(width)), width)).toHaveLength(width);
    for (const width of [0, 257]) {
      expect(() => encodeEntryBundle(empties(width))).toThrow(RangeError);
      expect(() => decodeEntryBundle(new Uint8Array(2 * width), width)).toThrow(RangeError);
    }
    expect(() => decodeEntryBundle(new Uint8Array(2), 0.5)).toThrow(RangeError);
  });
});

describe("refusals", () => {
  test.each([
    ["the twin of what follows", "00036f6e65000374776f", 2, null],
    ["fewer entries than wanted", "00036f6e65000374776f", 3, "tlog/malformed-entry-bundle"],
    ["more entries than wanted", "00036f6e65000374776f", 1, "tlog/malformed-entry-bundle"],
    ["a byte too few", "00036f6e6500037477", 2, "tlog/malformed-entry-bundle"],
    ["a byte too many", "00036f6e65000374776f00", 2, "tlog/malformed-entry-bundle"],
    ["half a length", "00036f6e6500", 2, "tlog/malformed-entry-bundle"],
    ["a length beyond the end", "00036f6e65ffff74776f", 2, "tlog/malformed-entry-bundle"],
    ["nothing", "", 1, "tlog/malformed-entry-bundle"],
  ])("%s", (_, hex, width, code) => {
    const decode = () => decodeEntryBundle(fromHex(hex), width);
    if (code === null) expect(decode()).toHaveLength(width);
    else expect(decode).toThrow(expect.objectContaining({ code }));
  });
});

const decode = (bytes: Uint8Array, width: number) => {
  try {
    expect(encodeEntryBundle(decodeEntryBundle(bytes, width))).toEqual(bytes);
  } catch (error) {
    expect(error).toBeInstanceOf(Failure);
  }
};

describe("any bytes are a bundle or a Failure", () => {
  test("random, and a good one with bytes changed", () => {
    const width = fc.integer({ min: 1, max: 256 });
    fc.assert(
      fc.property(
        fc.uint8Array(),
        width,
        fc.constantFrom(...trees),
        fc.nat(),
        fc.uint8Array({ maxLength: 2 }),
        (...all) => {
          const [bytes, width, { entries, bundle }, at, by] = all;
          decode(bytes, width);
          const good = fromHex(bundle);
          const place = at % good.length;
          decode(concat(good.subarray(0, place), by, good.subarray(place + 1)), entries.length);
        },
      ),
      { numRuns: 500 },
    );
  });

  test("entries come back as they went in", () => {
    const entries = fc.array(fc.uint8Array({ maxLength: 40 }), { minLength: 1, maxLength: 256 });
    fc.assert(
      fc.property(entries, (entries) => {
        expect(decodeEntryBundle(encodeEntryBundle(entries), entries.length)).toEqual(entries);
      }),
      { numRuns: 50 },
    );
  });
});
