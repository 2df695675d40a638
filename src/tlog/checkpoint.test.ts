import { createPrivateKey, generateKeyPairSync } from "node:crypto";

import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { fromBase64, toBase64 } from "../bytes/base64.ts";
import { fromHex } from "../bytes/hex.ts";
import { concat } from "../bytes/join.ts";
import { Failure } from "../failure.ts";
import { asHash, EMPTY_ROOT } from "../merkle/hash.ts";
import { formatNote, parseNote } from "../note/note.ts";
import { cosigner, ecdsaNoteSigner, ed25519NoteSigner, signNote } from "../note/signer.ts";
import { vectors } from "../testing/vectors.ts";
import { formatCheckpoint, openCheckpoint, parseCheckpoint } from "./checkpoint.ts";

interface NoteVector {
  readonly text: string;
  readonly line: string;
  readonly type: string;
}

const root = "gy5gl3aksFyiCO95a/1vLXz88A3dRq+0l9Sxte8ZqZQ=";
const GOOD = `log.example.com\n5\n${root}\n`;
const privateKey = (seed: string) => {
  const pkcs8 = concat(fromHex("302e020100300506032b657004220420"), fromHex(seed.repeat(32)));
  return createPrivateKey({ key: Buffer.from(pkcs8), format: "der", type: "pkcs8" });
};
const log = ed25519NoteSigner("log.example.com", privateKey("01"));
const witness = cosigner("witness.example.com/w1", "ed25519-cosignature", privateKey("02"), 1_700_000_000);

describe("a checkpoint's text", () => {
  test("is an origin, a size and a root", () => {
    const checkpoint = parseCheckpoint(GOOD);
    expect(checkpoint).toEqual({
      origin: "log.example.com",
      treeSize: 5,
      rootHash: fromBase64(root),
      extensions: [],
    });
    expect(formatCheckpoint(checkpoint)).toBe(GOOD);
  });

  test.each([
    ["of no entries", `log\n0\n${toBase64(EMPTY_ROOT)}\n`],
    ["of 2^53-1 entries", `log\n9007199254740991\n${root}\n`],
    ["with extension lines", `log\n5\n${root}\nfirst\n second + third\n`],
    ["of an origin with spaces", `the log\n5\n${root}\n`],
  ])("is read %s", (_, text) => {
    expect(formatCheckpoint(parseCheckpoint(text))).toBe(text);
  });

  test.each([
    ["nothing", ""],
    ["no origin", GOOD.replace("log.example.com", "")],
    ["no size", GOOD.replace("5", "")],
    ["a size with a leading zero", GOOD.replace("5", "05")],
    ["a size of -0", GOOD.replace("5", "-0")],
    ["a negative size", GOOD.replace("5", "-5")],
    ["a size with a sign", GOOD.replace("5", "+5")],
    ["a fraction", GOOD.replace("5", "5.5")],
    ["hexadecimal", GOOD.replace("5", "0x5")],
    ["an exponent", GOOD.replace("5", "5e0")],
    ["spaces around the size", GOOD.replace("5", " 5 ")],
    ["a size above 2^53", GOOD.replace("5", "9007199254740992")],
    ["an endless size", GOOD.replace("5", "Infinity")],
    ["full-width digits", GOOD.replace("5", "\uff15")],
    ["no root", "log.example.com\n5\n"],
    ["a root one byte short", GOOD.replace(root, toBase64(new Uint8Array(31)))],
    ["a root one byte long", GOOD.replace(root, toBase64(new Uint8Array(33)))],
    ["a root in URL-safe base64", GOOD.replace("/", "_")],
    ["a root without padding", GOOD.replace("=", "")],
    ["a root with spare bits", GOOD.replace("ZQ=", "ZR=")],
    ["no final newline", GOOD.trimEnd()],
    ["an empty line at the end", `${GOOD}\n`],
    ["an empty line before an extension", `${GOOD}\nextension\n`],
    ["an extension without its end", `${GOOD}extension`],
    ["CRLF", GOOD.replaceAll("\n", "\r\n")],
  ])("is refused: %s", (_, text) => {
    expect(() => parseCheckpoint(text)).toThrow(expect.objectContaining({ code: "tlog/malformed-checkpoint" }));
  });
});

const parse = (text: string) => {
  try {
    expect(formatCheckpoint(parseCheckpoint(text))).toBe(text);
  } catch (error) {
    expect(error).toBeInstanceOf(Failure);
  }
};

test("any text at all is either a checkpoint or a Failure", () => {
  const by = fc.oneof(fc.string({ unit: "binary", maxLength: 2 }), fc.constantFrom("\n", "0", "-", "="));
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), fc.nat(), by, (text, at, by) => {
      parse(text);
      const place = at % GOOD.length;
      parse(GOOD.slice(0, place) + by + GOOD.slice(place + 1));
    }),
    { numRuns: 500 },
  );
});

test("parse is the inverse of format", () => {
  const line = fc.stringMatching(/^[!-~][ -~]{0,40}$/);
  const hash = fc.uint8Array({ minLength: 32, maxLength: 32 }).map(asHash);
  const shape = { origin: line, treeSize: fc.maxSafeNat(), rootHash: hash, extensions: fc.array(line) };
  fc.assert(
    fc.property(fc.record(shape, { noNullPrototype: true }), (checkpoint) => {
      expect(parseCheckpoint(formatCheckpoint(checkpoint))).toEqual(checkpoint);
    }),
  );
});

describe("a signed checkpoint", () => {
  test.each(vectors<NoteVector>("note/notes.json").filter(({ line }) => line.includes(" log.example.com ")))(
    "made elsewhere opens: $name",
    ({ text, line }) => {
      const opened = openCheckpoint(`${text}\n${line}`, log.key);
      expect(formatCheckpoint({ ...opened, extensions: [] })).toBe(text);
      expect(opened.logKey).toBe(log.key);
    },
  );

  test("keeps its cosignatures, unjudged", () => {
    const note = signNote(GOOD, [log, witness]);
    expect(openCheckpoint(note, log.key)).toMatchObject({ origin: "log.example.com", treeSize: 5 });
    expect(formatNote(openCheckpoint(note, log.key).note)).toBe(note);
  });

  test("may be signed with ECDSA", () => {
    const signer = ecdsaNoteSigner("log.example.com", generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey);
    expect(openCheckpoint(signNote(GOOD, [signer]), signer.key).treeSize).toBe(5);
  });

  const other = ed25519NoteSigner("other.example.com", privateKey("01"));
  const spoilt = signNote(GOOD, [log]).replace("\n5\n", "\n6\n");

  test.each([
    ["not a note", GOOD, log.key, "note/malformed"],
    ["of another size than was signed", spoilt, log.key, "note/bad-signature"],
    ["signed by another", signNote(GOOD, [other]), log.key, "note/unknown-key"],
    ["signed by a witness alone", signNote(GOOD, [witness]), log.key, "note/unknown-key"],
    ["of another origin than its key's name", signNote(GOOD, [other]), other.key, "tlog/wrong-origin"],
    ["that is only some text", signNote("text\n", [log]), log.key, "tlog/malformed-checkpoint"],
    ["judged by a witness's key", signNote(GOOD, [witness]), witness.key, "note/unsupported-key"],
  ])("is refused: %s", (_, note, key, code) => {
    expect(() => openCheckpoint(note, key)).toThrow(expect.objectContaining({ code }));
  });

  test("is refused with one line of the log's good and one bad", () => {
    const { text, signatures } = parseNote(signNote(GOOD, [log]));
    const bad = signatures.map((line) => ({ ...line, signature: line.signature.toReversed() }));
    const note = formatNote({ text, signatures: [...signatures, ...bad] });
    expect(() => openCheckpoint(note, log.key)).toThrow(expect.objectContaining({ code: "note/bad-signature" }));
  });
});
