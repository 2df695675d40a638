import { createPrivateKey, generateKeyPairSync } from "node:crypto";

import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { fromHex } from "../bytes/hex.ts";
import { concat } from "../bytes/join.ts";
import { vectors } from "../testing/vectors.ts";
import { parseNote } from "./note.ts";
import { openNote } from "./open.ts";
import { verifyNoteSignature } from "./signature.ts";
import { cosigner, ecdsaNoteSigner, ed25519NoteSigner, signNote, type NoteSigner } from "./signer.ts";
import { formatVkey, makeVerifierKey, parseVkey } from "./vkey.ts";

interface NoteVector {
  readonly name: string;
  readonly vkey: string;
  readonly type: "ed25519" | "ed25519-cosignature";
  /** Hex of the Ed25519 seed, where it is known. */
  readonly seed: string | null;
  readonly time: number | null;
  readonly text: string;
  readonly line: string;
}

const all = vectors<NoteVector>("note/notes.json");
const ed25519 = (seed: string) => {
  const pkcs8 = concat(fromHex("302e020100300506032b657004220420"), fromHex(seed));
  return createPrivateKey({ key: Buffer.from(pkcs8), format: "der", type: "pkcs8" });
};
const signerOf = ({ vkey, type, time }: NoteVector, seed: string): NoteSigner => {
  const { name } = parseVkey(vkey);
  return type === "ed25519"
    ? ed25519NoteSigner(name, ed25519(seed))
    : cosigner(name, type, ed25519(seed), time ?? Number.NaN);
};

describe("notes made elsewhere", () => {
  test.each(all)("$name: opens", ({ vkey, text, line }) => {
    const note = parseNote(`${text}\n${line}`);
    expect(openNote(note, [parseVkey(vkey)])).toEqual({ text, verified: note.signatures });
  });

  test.each(all.flatMap((vector) => (vector.seed === null ? [] : [{ ...vector, seed: vector.seed }])))(
    "$name: is written the same here",
    ({ seed, ...vector }) => {
      const signer = signerOf({ ...vector, seed }, seed);
      expect(formatVkey(signer.key)).toBe(vector.vkey);
      expect(signNote(vector.text, [signer])).toBe(`${vector.text}\n${vector.line}`);
    },
  );
});

describe("ECDSA", () => {
  test.each(["P-256", "P-384", "P-521"])("on %s signs the SHA-256 of the text", (namedCurve) => {
    const signer = ecdsaNoteSigner("log", generateKeyPairSync("ec", { namedCurve }).privateKey);
    const signature = signer.sign("text\n");
    expect(verifyNoteSignature(signer.key, "text\n", signature)).toBe(true);
    expect(verifyNoteSignature(signer.key, "next\n", signature)).toBe(false);
    expect(openNote(parseNote(signNote("text\n", [signer])), [signer.key]).text).toBe("text\n");
  });

  test("on another curve signs nothing", () => {
    const { privateKey } = generateKeyPairSync("ec", { namedCurve: "secp256k1" });
    expect(() => ecdsaNoteSigner("log", privateKey)).toThrow(expect.objectContaining({ code: "note/unsupported-key" }));
  });
});

describe("plain signatures", () => {
  const { key, sign } = ed25519NoteSigner("log", ed25519("01".repeat(32)));

  test("hold for the text that was signed alone", () => {
    expect(verifyNoteSignature(key, "text\n", sign("text\n"))).toBe(true);
    expect(verifyNoteSignature(key, "text", sign("text\n"))).toBe(false);
    expect(verifyNoteSignature(key, "text\n", sign("text\n").subarray(1))).toBe(false);
  });

  test("of a cosigner there are none", () => {
    const witness = makeVerifierKey("w", "ed25519-cosignature", key.publicKey);
    expect(() => verifyNoteSignature(witness, "text\n", sign("text\n"))).toThrow(RangeError);
  });

  test("are true or false for any key and any bytes", () => {
    const ec = makeVerifierKey(
      "x",
      "ecdsa",
      new Uint8Array(
        generateKeyPairSync("ec", { namedCurve: "P-256" }).publicKey.export({ format: "der", type: "spki" }),
      ),
    );
    const raw = fc.uint8Array({ minLength: 32, maxLength: 32 });
    fc.assert(
      fc.property(raw, fc.uint8Array({ maxLength: 80 }), (publicKey, signature) => {
        expect(verifyNoteSignature(makeVerifierKey("x", "ed25519", publicKey), "text\n", signature)).toBeTypeOf(
          "boolean",
        );
        expect(verifyNoteSignature(ec, "text\n", signature)).toBe(false);
      }),
    );
  });
});

describe("refusals", () => {
  const log = ed25519NoteSigner("log", ed25519("01".repeat(32)));

  test("the twin of what follows is accepted", () => expect(signNote("text\n", [log])).toMatch(/^text\n\n— log /));

  test.each([
    ["a text without its end", "text"],
    ["no text", ""],
    ["a control character", "te\u001bxt\n"],
    ["half a surrogate pair", "te\ud800xt\n"],
  ])("%s is not signed", (_, text) => {
    expect(() => signNote(text, [log])).toThrow(expect.objectContaining({ code: "note/malformed" }));
  });

  test.each(["", "a b", "a+b", "a\nb", "a\u00a0b"])("%j is not a name", (name) => {
    const make = () => ed25519NoteSigner(name, ed25519("01".repeat(32)));
    expect(make).toThrow(expect.objectContaining({ code: "note/malformed-vkey" }));
  });

  test("no signers, too many, another kind of key and half a second are mistakes of the caller", () => {
    expect(() => signNote("text\n", [])).toThrow(RangeError);
    expect(() =>
      signNote(
        "text\n",
        Array.from({ length: 65 }, () => log),
      ),
    ).toThrow(RangeError);
    const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
    expect(() => ed25519NoteSigner("log", privateKey)).toThrow(RangeError);
    for (const time of [0.5, -1, Number.NaN]) {
      expect(() => cosigner("w", "ed25519-cosignature", ed25519("01".repeat(32)), time)).toThrow(RangeError);
    }
  });
});
