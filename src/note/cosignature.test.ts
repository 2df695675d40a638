import { createPrivateKey, createPublicKey, verify } from "node:crypto";

import { ml_dsa44 } from "@noble/post-quantum/ml-dsa.js";
import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { fromHex, toHex } from "../bytes/hex.ts";
import { concat } from "../bytes/join.ts";
import { Failure } from "../failure.ts";
import { describeWith } from "../testing/require.ts";
import { vectors } from "../testing/vectors.ts";
import { cosignatureMessage, cosignatureTime, encodeTime, subtreeMessage, verifyCosignature } from "./cosignature.ts";
import { type CosignatureType } from "./cosignature.ts";
import { cosigner, ed25519NoteSigner } from "./signer.ts";
import { makeVerifierKey } from "./vkey.ts";

interface MessageVector {
  readonly name: string;
  readonly type: CosignatureType;
  readonly cosigner: string;
  readonly time: number;
  readonly text: string;
  readonly message: string;
}

const TEXT = "log.example.com\n5\ngy5gl3aksFyiCO95a/1vLXz88A3dRq+0l9Sxte8ZqZQ=\n";
const TIME = 1_700_000_000;
const pkcs8 = concat(fromHex("302e020100300506032b657004220420"), fromHex("02".repeat(32)));
const ed25519Key = createPrivateKey({ key: Buffer.from(pkcs8), format: "der", type: "pkcs8" });
const seed = fromHex("02".repeat(32));
const witnesses = {
  "ed25519-cosignature": cosigner("witness.example.com/w1", "ed25519-cosignature", ed25519Key, TIME),
  "ml-dsa-44-cosignature": cosigner("witness.example.com/w2", "ml-dsa-44-cosignature", seed, TIME),
};

describe("signed messages", () => {
  test.each(vectors<MessageVector>("note/cosigned-messages.json"))("$name", (vector) => {
    const message = cosignatureMessage(vector.type, vector.cosigner, vector.time, vector.text);
    expect(toHex(message)).toBe(vector.message);
  });

  test("a subtree's names its first leaf", () => {
    const rootHash = new Uint8Array(32).fill(0xab);
    expect(toHex(subtreeMessage("w", 0, { origin: "log", start: 8n, end: 13n, rootHash }))).toBe(
      ["737562747265652f76310a00", "0177", "00".repeat(8), "036c6f67", "0000000000000008", "000000000000000d"].join(
        "",
      ) + "ab".repeat(32),
    );
  });
});

describe.each(Object.entries(witnesses))("%s", (type, { key, sign }) => {
  const signature = sign(TEXT);
  const check = (text: string, bytes: Uint8Array) => () => verifyCosignature(key, text, bytes);
  const changed = (at: number) => signature.map((byte, i) => (i === at ? 255 - byte : byte));

  test("holds, and carries its time", () => {
    expect(check(TEXT, signature)()).toEqual({ time: TIME });
    expect(cosignatureTime({ name: key.name, keyId: key.keyId, signature })).toBe(TIME);
  });

  test.each([
    ["another time", TEXT, changed(7)],
    ["another signature", TEXT, changed(8)],
    ["another end of the signature", TEXT, changed(signature.length - 1)],
    ["another size", TEXT.replace("5", "6"), signature],
    ["another root", TEXT.replace("gy5", "gy6"), signature],
    ["another origin", TEXT.replace("log", "lag"), signature],
    ["one byte short", TEXT, signature.subarray(0, -1)],
    ["one byte long", TEXT, concat(signature, Uint8Array.of(0))],
    ["nothing", TEXT, new Uint8Array(0)],
    ["a time beyond 2^53", TEXT, concat(fromHex("0020000000000000"), signature.subarray(8))],
  ])("is refused: %s", (_, text, bytes) => {
    expect(check(text, bytes)).toThrow(expect.objectContaining({ code: "note/bad-signature" }));
  });

  test("is bound to the cosigner, by ML-DSA-44 in what is signed", () => {
    const renamed = makeVerifierKey("somebody.else", key.type, key.publicKey);
    const verifyRenamed = () => verifyCosignature(renamed, TEXT, signature);
    // tlog-cosignature: "The Ed25519 signed message format doesn't commit to the cosigner name"
    if (type === "ed25519-cosignature") expect(verifyRenamed).not.toThrow();
    else expect(verifyRenamed).toThrow(expect.objectContaining({ code: "note/bad-signature" }));
  });

  test("covers extension lines only with Ed25519", () => {
    const extended = check(`${TEXT}extension\n`, signature);
    if (type === "ed25519-cosignature") expect(extended).toThrow(Failure);
    else expect(extended()).toEqual({ time: TIME });
  });

  test("any bytes hold or are a Failure, under any key", () => {
    const publicKey = fc.uint8Array({ minLength: key.publicKey.length, maxLength: key.publicKey.length });
    const bytes = fc.uint8Array({ minLength: signature.length, maxLength: signature.length });
    fc.assert(
      fc.property(publicKey, bytes, (publicKey, bytes) => {
        try {
          // Some keys that nobody made (points of small order) hold for some signatures that nobody made.
          expect(verifyCosignature(makeVerifierKey("x", key.type, publicKey), TEXT, bytes).time).toBeLessThan(2 ** 53);
        } catch (error) {
          expect(error).toBeInstanceOf(Failure);
        }
      }),
      { numRuns: 30 },
    );
  });
});

describe("ML-DSA-44 cosigns checkpoints only", () => {
  const { key, sign } = witnesses["ml-dsa-44-cosignature"];

  test.each([
    ["some text", "text\n"],
    ["no origin", TEXT.replace("log.example.com", "")],
    ["a size with a leading zero", TEXT.replace("5", "05")],
    ["a negative size", TEXT.replace("5", "-5")],
    ["a size beyond u64", TEXT.replace("5", "18446744073709551616")],
    ["a short root", TEXT.replace("gy5g", "")],
    ["a root with spare bits", TEXT.replace("ZQ=", "ZR=")],
    ["an origin over 255 bytes", TEXT.replace("log", "l".repeat(256))],
  ])("not %s", (_, text) => {
    expect(() => sign(text)).toThrow(expect.objectContaining({ code: "note/bad-signature" }));
    const verify = () => verifyCosignature(key, text, sign(TEXT));
    expect(verify).toThrow(expect.objectContaining({ code: "note/bad-signature" }));
  });

  test("but of any size a u64 holds, under an origin of 255 bytes", () => {
    const text = TEXT.replace("5", "18446744073709551615").replace(/^.*/, "o".repeat(255));
    expect(verifyCosignature(key, text, sign(text))).toEqual({ time: TIME });
  });
});

/** Node has ML-DSA-44 since 24.6; where it has, it is the oracle for the one used. */
const nativeKey = () => {
  const spki = concat(fromHex("30820532300b06096086480165030403110382052100"), ml_dsa44.keygen(seed).publicKey);
  return createPublicKey({ key: Buffer.from(spki), format: "der", type: "spki" });
};
const hasNative = () => {
  try {
    return nativeKey().asymmetricKeyType !== undefined;
  } catch {
    return false;
  }
};
describeWith("native-ml-dsa", hasNative())("the runtime's own ML-DSA-44", () => {
  test("accepts what is signed here, and not for another text", () => {
    const { key, sign } = witnesses["ml-dsa-44-cosignature"];
    const signature = sign(TEXT).subarray(8);
    const accepts = (text: string) =>
      verify(null, cosignatureMessage("ml-dsa-44-cosignature", key.name, TIME, text), nativeKey(), signature);
    expect(accepts(TEXT)).toBe(true);
    expect(accepts(TEXT.replace("5", "6"))).toBe(false);
  });
});

test("a key of another type is a mistake of the caller", () => {
  const { key } = ed25519NoteSigner("x", ed25519Key);
  expect(() => verifyCosignature(key, TEXT, new Uint8Array(72))).toThrow(RangeError);
});

test("a time is 8 bytes, big-endian", () => expect(toHex(encodeTime(TIME))).toBe("000000006553f100"));
