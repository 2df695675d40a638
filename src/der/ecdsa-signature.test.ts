import { generateKeyPairSync, sign, verify } from "node:crypto";

import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { fromHex, toHex } from "../bytes/hex.ts";
import { Failure } from "../failure.ts";
import { readEcdsaSignature, writeEcdsaSignature } from "./ecdsa-signature.ts";

test.each([
  ["P-256", 32],
  ["P-384", 48],
  ["P-521", 66],
])("OpenSSL's signature over %s holds the integers of the fixed-width form", (namedCurve, width) => {
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve });
  const message = Buffer.from("message");
  const signature = new Uint8Array(sign("sha256", message, privateKey));
  const { r, s } = readEcdsaSignature(signature);
  expect(writeEcdsaSignature({ r, s })).toEqual(signature);

  const fixedWidth = fromHex([r, s].map((value) => value.toString(16).padStart(2 * width, "0")).join(""));
  expect(verify("sha256", message, { key: publicKey, dsaEncoding: "ieee-p1363" }, fixedWidth)).toBe(true);
});

describe("what is refused", () => {
  test.each<[string, string, string]>([
    ["r of zero", "3006020100020101", "3006020101020101"],
    ["s of zero", "3006020101020100", "3006020101020101"],
    ["a negative r", "3006020181020101", "300702020081020101"],
    ["a padded r", "300702020001020101", "300702020081020101"],
    ["one integer", "3003020101", "3006020101020101"],
    ["three integers", "3009020101020101020101", "3006020101020101"],
    ["a set", "3106020101020101", "3006020101020101"],
    ["an octet string", "3006040101020101", "3006020101020101"],
    ["bytes at the end", "300602010102010100", "3006020101020101"],
    ["a length in the long form", "308106020101020101", "3006020101020101"],
    ["an integer of 68 octets", `30490244${"01".repeat(68)}020101`, `30480243${"01".repeat(67)}020101`],
    ["nothing", "", "3006020101020101"],
  ])("%s", (_name, refused, accepted) => {
    expect(() => readEcdsaSignature(fromHex(refused))).toThrow(expect.objectContaining({ code: "der/malformed" }));
    expect(toHex(writeEcdsaSignature(readEcdsaSignature(fromHex(accepted))))).toBe(accepted);
  });

  test("any bytes at all, and any signature with bytes changed, are either a signature or a Failure", () => {
    const integer = fc.bigInt({ min: 1n, max: 2n ** 256n - 1n });
    const signature = fc.tuple(integer, integer).map(([r, s]) => writeEcdsaSignature({ r, s }));
    const change = fc.tuple(fc.nat(), fc.nat({ max: 255 }));
    const changed = fc.tuple(signature, fc.array(change, { maxLength: 2 })).map(([bytes, changes]) => {
      for (const [at, byte] of changes) bytes[at % bytes.length] = byte;
      return bytes;
    });
    fc.assert(
      fc.property(fc.oneof(changed, fc.uint8Array({ maxLength: 80 })), (bytes) => {
        try {
          expect(writeEcdsaSignature(readEcdsaSignature(bytes))).toEqual(bytes);
        } catch (error) {
          expect(error).toBeInstanceOf(Failure);
        }
      }),
      { numRuns: 1000 },
    );
  });
});
