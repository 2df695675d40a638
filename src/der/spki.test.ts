import { createPublicKey, generateKeyPairSync, type KeyObject } from "node:crypto";

import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { fromHex } from "../bytes/hex.ts";
import { Failure } from "../failure.ts";
import { writeDer } from "./node.ts";
import { encodeBits, encodeOid } from "./primitive.ts";
import { OIDS, readSpki, writeSpki } from "./spki.ts";
import { TAGS } from "./tag.ts";

const spkiOf = (key: KeyObject): Uint8Array => new Uint8Array(key.export({ type: "spki", format: "der" }));
const ec = (namedCurve: string): Uint8Array => spkiOf(generateKeyPairSync("ec", { namedCurve }).publicKey);

const oid = (dotted: string): Uint8Array => writeDer(TAGS.objectIdentifier, encodeOid(dotted));
const sequence = (...parts: readonly Uint8Array[]): Uint8Array => writeDer(TAGS.sequence, ...parts);

describe("keys that OpenSSL wrote", () => {
  test.each<[string, Uint8Array, string, string | null, number]>([
    ["P-256", ec("P-256"), OIDS.ecPublicKey, OIDS.p256, 65],
    ["P-384", ec("P-384"), OIDS.ecPublicKey, OIDS.p384, 97],
    ["P-521", ec("P-521"), OIDS.ecPublicKey, OIDS.p521, 133],
    ["Ed25519", spkiOf(generateKeyPairSync("ed25519").publicKey), OIDS.ed25519, null, 32],
    ["RSA", spkiOf(generateKeyPairSync("rsa", { modulusLength: 2048 }).publicKey), OIDS.rsa, null, 270],
  ])("%s", (_name, bytes, algorithm, parameters, length) => {
    const spki = readSpki(bytes);
    expect([spki.algorithm, spki.parameters, spki.publicKey.length]).toEqual([algorithm, parameters, length]);
    expect(writeSpki(spki)).toEqual(bytes);
    expect(spkiOf(createPublicKey({ key: Buffer.from(writeSpki(spki)), format: "der", type: "spki" }))).toEqual(bytes);
  });
});

describe("what is refused", () => {
  const bits = writeDer(TAGS.bitString, encodeBits(new Uint8Array(32)));
  const nothing = writeDer(TAGS.null);

  test.each<[string, Uint8Array, Uint8Array]>([
    [
      "Ed25519 with a NULL parameter",
      sequence(sequence(oid(OIDS.ed25519), nothing), bits),
      sequence(sequence(oid(OIDS.ed25519)), bits),
    ],
    [
      "Ed25519 with a curve",
      sequence(sequence(oid(OIDS.ed25519), oid(OIDS.p256)), bits),
      sequence(sequence(oid(OIDS.ecPublicKey), oid(OIDS.p256)), bits),
    ],
    ["RSA without its NULL", sequence(sequence(oid(OIDS.rsa)), bits), sequence(sequence(oid(OIDS.rsa), nothing), bits)],
    [
      "a curve by explicit parameters",
      sequence(sequence(oid(OIDS.ecPublicKey), sequence()), bits),
      sequence(sequence(oid(OIDS.ecPublicKey), oid(OIDS.p384)), bits),
    ],
    [
      "no curve",
      sequence(sequence(oid(OIDS.ecPublicKey)), bits),
      sequence(sequence(oid(OIDS.ecPublicKey), oid(OIDS.p521)), bits),
    ],
    [
      "unused bits",
      sequence(sequence(oid(OIDS.ed25519)), writeDer(TAGS.bitString, fromHex("01fe"))),
      sequence(sequence(oid(OIDS.ed25519)), writeDer(TAGS.bitString, fromHex("00fe"))),
    ],
    [
      "a third member",
      sequence(sequence(oid(OIDS.ed25519)), bits, nothing),
      sequence(sequence(oid(OIDS.ed25519)), bits),
    ],
    [
      "a third member of the algorithm",
      sequence(sequence(oid(OIDS.ecPublicKey), oid(OIDS.p256), nothing), bits),
      sequence(sequence(oid(OIDS.ecPublicKey), oid(OIDS.p256)), bits),
    ],
    ["a set", writeDer(TAGS.set, sequence(oid(OIDS.ed25519)), bits), sequence(sequence(oid(OIDS.ed25519)), bits)],
    [
      "an octet string for the key",
      sequence(sequence(oid(OIDS.ed25519)), writeDer(TAGS.octetString, encodeBits(new Uint8Array(32)))),
      sequence(sequence(oid(OIDS.ed25519)), bits),
    ],
  ])("%s", (_name, refused, accepted) => {
    expect(() => readSpki(refused)).toThrow(expect.objectContaining({ code: "der/malformed" }));
    expect(writeSpki(readSpki(accepted))).toEqual(accepted);
  });

  test("any bytes at all, and any key with bytes changed, are either a key or a Failure", () => {
    const key = ec("P-256");
    const change = fc.tuple(fc.nat({ max: key.length - 1 }), fc.nat({ max: 255 }));
    const changed = fc.array(change, { maxLength: 3 }).map((changes) => {
      const bytes = Uint8Array.from(key);
      for (const [at, byte] of changes) bytes[at] = byte;
      return bytes;
    });
    fc.assert(
      fc.property(fc.oneof(changed, fc.uint8Array({ maxLength: 60 })), (bytes) => {
        try {
          expect(writeSpki(readSpki(bytes))).toEqual(bytes);
        } catch (error) {
          expect(error).toBeInstanceOf(Failure);
        }
      }),
      { numRuns: 1000 },
    );
  });
});
