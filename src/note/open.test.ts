import { createPrivateKey } from "node:crypto";

import { describe, expect, test } from "vitest";

import { fromHex } from "../bytes/hex.ts";
import { concat } from "../bytes/join.ts";
import { formatNote, parseNote, type Note } from "./note.ts";
import { openNote } from "./open.ts";
import { cosigner, ed25519NoteSigner, signNote, type NoteSigner } from "./signer.ts";

const TEXT = "log.example.com\n5\ngy5gl3aksFyiCO95a/1vLXz88A3dRq+0l9Sxte8ZqZQ=\n";
const privateKey = (seed: string) => {
  const pkcs8 = concat(fromHex("302e020100300506032b657004220420"), fromHex(seed.repeat(32)));
  return createPrivateKey({ key: Buffer.from(pkcs8), format: "der", type: "pkcs8" });
};
const log = ed25519NoteSigner("log.example.com", privateKey("01"));
const witness = cosigner("witness.example.com/w1", "ed25519-cosignature", privateKey("02"), 1_700_000_000);
const other = ed25519NoteSigner("log.example.com", privateKey("03"));

const noteBy = (...signers: NoteSigner[]): Note => parseNote(signNote(TEXT, signers));
/** The note with one bit of the signature on line `at` changed. */
const spoil = (note: Note, at: number): Note => ({
  ...note,
  signatures: note.signatures.map((line, i) =>
    i === at ? { ...line, signature: line.signature.map((byte, j) => (j === 20 ? 255 - byte : byte)) } : line,
  ),
});
const names = (note: Note, ...signers: NoteSigner[]) =>
  openNote(
    note,
    signers.map(({ key }) => key),
  ).verified.map(({ name, keyId }) => `${name}+${keyId}`);
const nameOf = ({ key }: NoteSigner) => `${key.name}+${key.keyId}`;

describe("a note is opened", () => {
  test("by the key that signed it", () => {
    expect(openNote(noteBy(log), [log.key])).toMatchObject({ text: TEXT, verified: [{ name: "log.example.com" }] });
  });

  test("by one of several, whatever their order", () => {
    expect(names(noteBy(log), witness, log)).toEqual([nameOf(log)]);
  });

  test("by several, in the order of the lines", () => {
    expect(names(noteBy(witness, log), log, witness)).toEqual([nameOf(witness), nameOf(log)]);
  });

  test("beside lines of unknown keys, even of the same name", () => {
    expect(names(noteBy(other, log, witness), log)).toEqual([nameOf(log)]);
  });

  test("beside spoilt lines of unknown keys", () => {
    expect(names(spoil(noteBy(log, witness), 1), log)).toEqual([nameOf(log)]);
  });

  test("counting a key once, however often it signed", () => {
    expect(names(noteBy(log, log), log)).toEqual([nameOf(log)]);
  });

  test("with the same key given twice", () => {
    expect(names(noteBy(log), log, log)).toEqual([nameOf(log)]);
  });
});

describe("a note is refused", () => {
  test.each([
    ["whose only line is spoilt", spoil(noteBy(log), 0), [log], "note/bad-signature"],
    ["with a spoilt line before a good one", spoil(noteBy(witness, log), 0), [log, witness], "note/bad-signature"],
    ["with a spoilt line after a good one", spoil(noteBy(log, witness), 1), [log, witness], "note/bad-signature"],
    ["with a spoilt second line of one key", spoil(noteBy(log, log), 1), [log], "note/bad-signature"],
    ["by nobody known", noteBy(other), [log, witness], "note/unknown-key"],
    ["when nobody is known", noteBy(log), [], "note/unknown-key"],
    ["of another text", { ...noteBy(log), text: TEXT.replace("5", "6") }, [log], "note/bad-signature"],
    ["of another text, cosigned", { ...noteBy(witness), text: `${TEXT}x\n` }, [witness], "note/bad-signature"],
  ])("%s", (_, note, signers, code) => {
    expect(() => names(note, ...signers)).toThrow(expect.objectContaining({ code }));
  });

  test("when a line bears the ID of a key that did not sign it", () => {
    const [line] = noteBy(other).signatures;
    const note = { text: TEXT, signatures: line === undefined ? [] : [{ ...line, keyId: log.key.keyId }] };
    expect(() => names(note, log)).toThrow(expect.objectContaining({ code: "note/bad-signature" }));
  });

  test("when two different keys are known by one name and ID", () => {
    const impostor = { ...other.key, keyId: log.key.keyId };
    const open = () => openNote(noteBy(log), [log.key, impostor]);
    expect(open).toThrow(expect.objectContaining({ code: "note/ambiguous-key" }));
  });
});

test("what is opened is what was written", () => {
  const note = noteBy(log, witness);
  expect(formatNote({ text: openNote(note, [log.key]).text, signatures: note.signatures })).toBe(formatNote(note));
});
