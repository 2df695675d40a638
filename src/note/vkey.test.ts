import { generateKeyPairSync } from "node:crypto";

import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { fromBase64, toBase64 } from "../bytes/base64.ts";
import { fromHex, toHex } from "../bytes/hex.ts";
import { concat } from "../bytes/join.ts";
import { Failure } from "../failure.ts";
import { vectors } from "../testing/vectors.ts";
import { formatVkey, isKeyName, makeVerifierKey, noteKeyHash, parseVkey, type NoteKeyType } from "./vkey.ts";

interface VkeyVector {
  readonly name: string;
  readonly vkey: string;
  readonly keyName: string;
  readonly keyId: string;
  readonly type: NoteKeyType;
  readonly publicKey: string;
  /** base64, where Sigstore publishes it. */
  readonly logId: string | null;
}

const all = vectors<VkeyVector>("note/vkeys.json");
const log = all[0]?.vkey ?? "";
const spki = (namedCurve: string, encoding: "named" | "explicit" = "named") =>
  new Uint8Array(
    generateKeyPairSync("ec", { namedCurve, paramEncoding: encoding }).publicKey.export({
      format: "der",
      type: "spki",
    }),
  );
/** A P-256 key whose point is x and one bit of y. */
const compress = (uncompressed: Uint8Array) => {
  const [x, y] = [uncompressed.subarray(-64, -32), uncompressed.subarray(-32)];
  const head = fromHex("3039301306072a8648ce3d020106082a8648ce3d030107032200");
  return concat(head, Uint8Array.of(2 + ((y[31] ?? 0) % 2)), x);
};
/** P-256 and the point at infinity. */
const INFINITY = fromHex("3019301306072a8648ce3d020106082a8648ce3d03010703020000");
const id = (name: string, type: NoteKeyType, key: Uint8Array) => makeVerifierKey(name, type, key).keyId;
const ed25519 = (bytes: number) => toBase64(concat(Uint8Array.of(1), new Uint8Array(bytes)));
const ecdsa = (key: Uint8Array) => toBase64(concat(Uint8Array.of(2), key));

describe("keys made elsewhere", () => {
  test.each(all)("$name", ({ vkey, keyName, keyId, type, publicKey, logId }) => {
    const key = parseVkey(vkey);
    expect(key).toEqual({ name: keyName, keyId, type, publicKey: fromBase64(publicKey) });
    expect(formatVkey(key)).toBe(vkey);
    expect(makeVerifierKey(keyName, type, fromBase64(publicKey))).toEqual(key);
    const hash = noteKeyHash(keyName, type, fromBase64(publicKey));
    expect(toHex(hash).slice(0, 8)).toBe(keyId);
    if (logId !== null) expect(toBase64(hash)).toBe(logId);
  });
});

describe("what a key ID binds", () => {
  const raw = new Uint8Array(32);

  test("name and type, so that one Ed25519 key has another ID under each", () => {
    expect(id("a", "ed25519", raw)).not.toBe(id("b", "ed25519", raw));
    expect(id("a", "ed25519", raw)).not.toBe(id("a", "ed25519-cosignature", raw));
  });

  test("but for ECDSA the key alone", () => {
    const key = spki("P-256");
    expect(id("a", "ecdsa", key)).toBe(id("b", "ecdsa", key));
  });
});

describe("refusals", () => {
  test("the twin of what follows is accepted", () => {
    expect(log).toBe("log.example.com+04603546+AYqI4910CfGV/VLbLTy6XXLKZwm/HZQSG/N0iAG0D29c");
    expect(parseVkey(log).name).toBe("log.example.com");
    for (const curve of ["P-256", "P-384", "P-521"]) {
      const key = makeVerifierKey("x", "ecdsa", spki(curve));
      expect(parseVkey(formatVkey(key))).toEqual(key);
    }
  });

  test.each([
    ["nothing", "", "note/malformed-vkey"],
    ["no name", log.replace("log.example.com", ""), "note/malformed-vkey"],
    ["a space in the name", log.replace("log.", "log "), "note/malformed-vkey"],
    ["a no-break space in the name", log.replace("log.", "log\u00a0"), "note/malformed-vkey"],
    ["a newline in the name", log.replace("log.", "log\n"), "note/malformed-vkey"],
    ["a control character in the name", log.replace("log.", "log\u001b"), "note/malformed-vkey"],
    ["half a surrogate pair in the name", log.replace("log.", "log\ud800"), "note/malformed-vkey"],
    ["two parts", "log.example.com+04603546", "note/malformed-vkey"],
    ["another name's key ID", log.replace("log.", "lag."), "note/malformed-vkey"],
    ["a key ID in upper case", log.replace("04603546", "0460354A"), "note/malformed-vkey"],
    ["a key ID that is too long", log.replace("04603546", "0004603546"), "note/malformed-vkey"],
    ["URL-safe base64", log.replace("/", "_"), "note/malformed-vkey"],
    ["base64 with white space", `${log}\n`, "note/malformed-vkey"],
    ["no key", "x+00000000+", "note/malformed-vkey"],
    ["a type and no key", "x+00000000+AQ==", "note/malformed-vkey"],
    ["an Ed25519 key one byte short", `x+00000000+${ed25519(31)}`, "note/malformed-vkey"],
    ["an Ed25519 key one byte long", `x+00000000+${ed25519(33)}`, "note/malformed-vkey"],
    ["a type of the future", "x+00000000+AwEB", "note/unsupported-key"],
    ["a static CT key", "x+00000000+BQEB", "note/unsupported-key"],
    ["a private type", "x+00000000+/wEB", "note/unsupported-key"],
    ["ECDSA with something else than a key", `x+00000000+${ecdsa(new Uint8Array(91))}`, "note/unsupported-key"],
    ["ECDSA on another curve", `x+00000000+${ecdsa(spki("secp256k1"))}`, "note/unsupported-key"],
    ["ECDSA with its curve spelt out", `x+00000000+${ecdsa(spki("P-256", "explicit"))}`, "note/unsupported-key"],
    ["ECDSA with the point at infinity", `x+00000000+${ecdsa(INFINITY)}`, "note/unsupported-key"],
    ["ECDSA with its point compressed", `x+00000000+${ecdsa(compress(spki("P-256")))}`, "note/unsupported-key"],
    [
      "ECDSA with bytes after the key",
      `x+00000000+${ecdsa(concat(spki("P-256"), Uint8Array.of(0)))}`,
      "note/unsupported-key",
    ],
    ["a text that is too long", `${"x".repeat(5000)}${log}`, "note/malformed-vkey"],
  ])("%s", (_, text, code) => {
    expect(() => parseVkey(text)).toThrow(expect.objectContaining({ code }));
  });
});

const parse = (text: string) => {
  try {
    const key = parseVkey(text);
    expect(formatVkey(key)).toBe(text);
    expect(isKeyName(key.name)).toBe(true);
  } catch (error) {
    expect(error).toBeInstanceOf(Failure);
  }
};

describe("any text is a key or a Failure", () => {
  test("random", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        parse(text);
      }),
    );
  });

  test("a good one with a character changed", () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...all),
        fc.nat(),
        fc.string({ unit: "binary", maxLength: 2 }),
        ({ vkey }, at, by) => {
          const place = at % vkey.length;
          parse(vkey.slice(0, place) + by + vkey.slice(place + 1));
        },
      ),
    );
  });

  test("well-formed around random keys", () => {
    const type = fc.integer({ min: 0, max: 255 });
    fc.assert(
      fc.property(fc.string(), type, fc.uint8Array({ maxLength: 100 }), (name, byte, key) => {
        parse(`${name}+00000000+${toBase64(concat(Uint8Array.of(byte), key))}`);
      }),
    );
  });
});
