import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { toBase64 } from "../bytes/base64.ts";
import { Failure } from "../failure.ts";
import { vectors } from "../testing/vectors.ts";
import { formatNote, MAX_NOTE_BYTES, MAX_SIGNATURES, parseNote } from "./note.ts";

const all = vectors<{ readonly name: string; readonly text: string; readonly line: string }>("note/notes.json");
const line = "— example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONn\n";
const notes = (count: number) => () => parseNote(noteOf("text\n", line.repeat(count)));
const noteOf = (text: string, lines = line) => `${text}\n${lines}`;

describe("notes made elsewhere", () => {
  test.each(all)("$name", ({ text, line }) => {
    const note = parseNote(noteOf(text, line));
    expect(note.text).toBe(text);
    expect(note.signatures).toHaveLength(1);
    expect(formatNote(note)).toBe(noteOf(text, line));
  });
});

describe("what is text and what is a signature", () => {
  test("the last empty line divides", () => {
    expect(parseNote(noteOf("a\n\nb\n\n")).text).toBe("a\n\nb\n\n");
    expect(parseNote(noteOf(`a\n\n${line}b\n`)).signatures).toHaveLength(1);
  });

  test("a line is a name, 4 bytes of key ID, and the rest", () => {
    const encoded = toBase64(Uint8Array.of(0xde, 0xad, 0xbe, 0xef, 1, 2));
    expect(parseNote(noteOf("text\n", `— é.example ${encoded}\n`)).signatures).toEqual([
      { name: "é.example", keyId: "deadbeef", signature: Uint8Array.of(1, 2) },
    ]);
  });

  test("as many lines are read as a note may have", () => {
    expect(MAX_SIGNATURES).toBeGreaterThanOrEqual(16);
    expect(notes(MAX_SIGNATURES)().signatures).toHaveLength(MAX_SIGNATURES);
    expect(notes(MAX_SIGNATURES + 1)).toThrow(expect.objectContaining({ code: "note/malformed" }));
  });

  test("a signature may be as long as a post-quantum one", () => {
    const encoded = toBase64(new Uint8Array(5000));
    expect(parseNote(noteOf("text\n", `— x ${encoded}\n`)).signatures[0]?.signature).toHaveLength(4996);
  });

  test("a note may be 1 MiB, counted in bytes", () => {
    const parse = (fill: string, count: number) => () => parseNote(noteOf(`${fill.repeat(count)}\n`));
    const room = MAX_NOTE_BYTES - new TextEncoder().encode(noteOf("\n")).length;
    expect(parse("a", room)).not.toThrow();
    expect(parse("a", room + 1)).toThrow(expect.objectContaining({ code: "note/malformed" }));
    expect(parse("é", room / 2 + 1)).toThrow(expect.objectContaining({ code: "note/malformed" }));
  });
});

describe("refusals", () => {
  test("the twin of what follows is accepted", () => {
    expect(parseNote(noteOf("text\n"))).toMatchObject({ text: "text\n", signatures: [{ name: "example.com/foo" }] });
  });

  test.each([
    ["nothing", ""],
    ["no empty line", `text\n${line}`],
    ["no signature line", "text\n\n"],
    ["a last line without its end", noteOf("text\n", line.trimEnd())],
    ["CRLF", noteOf("text\n").replaceAll("\n", "\r\n")],
    ["a carriage return in the text", noteOf("te\rxt\n")],
    ["a tab in the text", noteOf("te\txt\n")],
    ["a null in the text", noteOf("te\0xt\n")],
    ["half a surrogate pair in the text", noteOf("te\ud800xt\n")],
    ["a hyphen for the dash", noteOf("text\n", line.replace("—", "-"))],
    ["an en dash for the dash", noteOf("text\n", line.replace("—", "–"))],
    ["no space after the dash", noteOf("text\n", line.replace("— ", "—"))],
    ["two spaces", noteOf("text\n", line.replace("foo ", "foo  "))],
    ["a space at the end", noteOf("text\n", line.replace("\n", " \n"))],
    ["no name", noteOf("text\n", line.replace("example.com/foo", ""))],
    ["a plus in the name", noteOf("text\n", line.replace("/foo", "+foo"))],
    ["a no-break space in the name", noteOf("text\n", line.replace("/foo", "\u00a0foo"))],
    ["a control character in the name", noteOf("text\n", line.replace("/foo", "\u001bfoo"))],
    ["no signature", noteOf("text\n", "— example.com/foo\n")],
    ["a key ID alone", noteOf("text\n", "— example.com/foo AAAAAA==\n")],
    ["URL-safe base64", noteOf("text\n", "— example.com/foo ____AAAA\n")],
    ["base64 without padding", noteOf("text\n", "— example.com/foo AAAAAAA\n")],
    ["base64 with spare bits", noteOf("text\n", "— example.com/foo AAAAAAB=\n")],
    ["one bad line after a good one", noteOf("text\n", `${line}nonsense\n`)],
    ["an empty line between signatures", noteOf("text\n", `nonsense\n\n`)],
    ["an empty line at the end", `${noteOf("text\n")}\n`],
  ])("%s", (_, text) => {
    expect(() => parseNote(text)).toThrow(expect.objectContaining({ code: "note/malformed" }));
  });
});

const parse = (text: string) => {
  try {
    expect(formatNote(parseNote(text))).toBe(text);
  } catch (error) {
    expect(error).toBeInstanceOf(Failure);
  }
};

describe("any text is a note or a Failure", () => {
  test("random", () => {
    const unit = fc.constantFrom("\n", "— ", " ", "a", "+", "AAAAAAAA", "=", "\ud800", "\r");
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: "binary" }), fc.string({ unit })), (text) => {
        parse(text);
      }),
      { numRuns: 1000 },
    );
  });

  test("a good one with a character changed", () => {
    const by = fc.oneof(fc.string({ unit: "binary", maxLength: 2 }), fc.constantFrom("\n", "\n\n", " ", "="));
    fc.assert(
      fc.property(fc.constantFrom(...all), fc.nat(), by, ({ text, line }, at, by) => {
        const note = noteOf(text, line);
        const place = at % note.length;
        parse(note.slice(0, place) + by + note.slice(place + 1));
      }),
      { numRuns: 500 },
    );
  });
});

test("parse is the inverse of format", () => {
  const signature = fc.record({
    name: fc.stringMatching(/^[a-z0-9./-]{1,20}$/),
    keyId: fc.stringMatching(/^[0-9a-f]{8}$/),
    signature: fc.uint8Array({ minLength: 1, maxLength: 80 }),
  });
  const text = fc.array(fc.string({ unit: "grapheme" })).map((lines) => `${lines.join("\n")}\n`);
  fc.assert(
    fc.property(fc.record({ text, signatures: fc.array(signature, { minLength: 1, maxLength: 8 }) }), (note) => {
      expect(parseNote(formatNote(note))).toEqual(note);
    }),
  );
});
