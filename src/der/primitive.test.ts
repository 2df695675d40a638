import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { fromHex, toHex } from "../bytes/hex.ts";
import { decodeBits, decodeOid, decodeUnsigned, encodeBits, encodeOid, encodeUnsigned } from "./primitive.ts";

describe("object identifiers", () => {
  test.each([
    ["2.999.3", "883703"], // X.690 §8.19.5, its own example
    ["1.2.840.113549", "2a864886f70d"],
    ["1.2.840.10045.3.1.7", "2a8648ce3d030107"],
    ["1.3.101.112", "2b6570"],
    ["2.16.840.1.101.3.4.3.17", "608648016503040311"],
    ["0.0", "00"],
    ["0.39", "27"],
    ["1.0", "28"],
    ["1.39", "4f"],
    ["2.0", "50"],
    ["2.39", "77"],
    ["2.40", "78"],
  ])("%s is %s", (oid, hex) => {
    expect(toHex(encodeOid(oid))).toBe(hex);
    expect(decodeOid(fromHex(hex))).toBe(oid);
  });

  test.each(["", "1", "3.1", "0.40", "1.40", "1.2.", "1..2", "1.02", "1.2.-3", "1.2.3a", " 1.2"])(
    "%j is a programmer's mistake",
    (oid) => {
      expect(() => encodeOid(oid)).toThrow(RangeError);
    },
  );

  test("longer than any in use", () => {
    const longest = Uint8Array.from({ length: 128 }, () => 1);
    expect(encodeOid(decodeOid(longest))).toEqual(longest);
    const longer = Uint8Array.from({ length: 129 }, () => 1);
    expect(() => decodeOid(longer)).toThrow(expect.objectContaining({ code: "der/malformed" }));
  });

  test("any that can be written is read back, with numbers of any size", () => {
    const oid = fc
      .tuple(
        fc.nat({ max: 2 }),
        fc.nat({ max: 39 }),
        fc.array(fc.bigInt({ min: 0n, max: 2n ** 128n }), { maxLength: 5 }),
      )
      .map(([top, second, rest]) => [top, second, ...rest].join("."));
    fc.assert(
      fc.property(oid, (oid) => {
        expect(decodeOid(encodeOid(oid))).toBe(oid);
      }),
    );
  });
});

describe("unsigned integers", () => {
  test.each<[bigint, string]>([
    [0n, "00"],
    [127n, "7f"],
    [128n, "0080"],
    [256n, "0100"],
    [65535n, "00ffff"],
  ])("%s is %s", (value, hex) => {
    expect(toHex(encodeUnsigned(value))).toBe(hex);
    expect(decodeUnsigned(fromHex(hex))).toBe(value);
  });

  test("negative, padded, absent and endless ones are refused", () => {
    for (const hex of ["80", "ff7f", "0001", "", "01".repeat(1026)]) {
      expect(() => decodeUnsigned(fromHex(hex))).toThrow(expect.objectContaining({ code: "der/malformed" }));
    }
    expect(decodeUnsigned(fromHex("01".repeat(1025)))).toBe(BigInt(`0x${"01".repeat(1025)}`));
    expect(() => encodeUnsigned(-1n)).toThrow(RangeError);
  });

  test("any is read back", () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 2n ** 600n }), (value) => {
        expect(decodeUnsigned(encodeUnsigned(value))).toBe(value);
      }),
    );
  });
});

test("bit strings are of whole octets, however many", () => {
  const many = new Uint8Array(500_000);
  expect(decodeBits(encodeBits(many))).toEqual(many);
  expect(decodeBits(encodeBits(fromHex("a5ff")))).toEqual(fromHex("a5ff"));
  expect(() => decodeBits(fromHex("01fe"))).toThrow(expect.objectContaining({ code: "der/malformed" }));
});
