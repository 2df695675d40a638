import { fromBase64, toBase64 } from "../bytes/base64.ts";
import { fromHex, toHex } from "../bytes/hex.ts";
import { concat } from "../bytes/join.ts";
import { toUtf8 } from "../bytes/utf8.ts";
import { Failure } from "../failure.ts";
import { isKeyName } from "./vkey.ts";

/**
 * Signed notes, c2sp.org/signed-note: a text, an empty line, and signature lines.
 *
 *     example.com/log
 *     5
 *     gy5gl3aksFyiCO95a/1vLXz88A3dRq+0l9Sxte8ZqZQ=
 *
 *     — example.com/log BGA1Rn4O5uj80efcrznAGN/v…
 *
 * A signature line is an em dash, the key's name, and base64 of key ID (4 bytes) and signature. Lines of keys one does
 * not know are ignored; that is how witnesses add theirs. The text is what is signed, to its final newline.
 */
export interface Note {
  /** UTF-8 text that ends with a newline, without control characters below U+0020 other than newline. */
  readonly text: string;
  /** 1 to {@link MAX_SIGNATURES}, in the order of the lines. */
  readonly signatures: readonly NoteSignature[];
}

/** One signature line, unverified. */
export interface NoteSignature {
  /** Key name: not empty, without white space and `+`. */
  readonly name: string;
  /** 8 lower-case hex digits. */
  readonly keyId: string;
  /** What follows the key ID; at least one byte. */
  readonly signature: Uint8Array;
}

/** Most signature lines of a note; the specification asks for at least 16. */
export const MAX_SIGNATURES = 64;
/** Longest note read, in bytes of UTF-8. */
export const MAX_NOTE_BYTES = 1024 * 1024;

/** Inverse of {@link parseNote}. */
export function formatNote({ text, signatures }: Note): string {
  const lines = signatures.map(({ name, keyId, signature }) => {
    return `— ${name} ${toBase64(concat(fromHex(keyId), signature))}\n`;
  });
  return `${text}\n${lines.join("")}`;
}

/**
 * Splits a note at its last empty line. Nothing is verified.
 *
 * @throws note/malformed if the text is no note that {@link formatNote} would write, or over a limit
 */
export function parseNote(text: string): Note {
  if (text.length > MAX_NOTE_BYTES || toUtf8(text).length > MAX_NOTE_BYTES) {
    throw new Failure("note/malformed", `a note has at most ${MAX_NOTE_BYTES} bytes`);
  }
  const split = text.lastIndexOf("\n\n");
  if (split === -1) throw new Failure("note/malformed", "no empty line between text and signatures");
  const lines = text.slice(split + 2).split("\n");
  if (lines.pop() !== "" || lines.length === 0) {
    throw new Failure("note/malformed", "no signature line, or the last one has no end");
  }
  if (lines.length > MAX_SIGNATURES) {
    throw new Failure("note/malformed", `${lines.length} signature lines, at most ${MAX_SIGNATURES} are read`);
  }
  const note = { text: text.slice(0, split + 1), signatures: lines.map(parseSignature) };
  requireNoteText(note.text);
  if (formatNote(note) !== text)
    throw new Failure("note/malformed", "a signature line is not an em dash, a key name and base64");
  return note;
}

/** @throws note/malformed unless `text` can be the text of a note */
export function requireNoteText(text: string): void {
  if (!text.endsWith("\n")) throw new Failure("note/malformed", "the text does not end with a newline");
  // oxlint-disable-next-line no-control-regex -- control characters are what is refused
  if (!text.isWellFormed() || /[\u0000-\u0009\u000b-\u001f]/.test(text)) {
    throw new Failure("note/malformed", "the text holds a control character or is not Unicode");
  }
}

function parseSignature(line: string): NoteSignature {
  const [, name = "", encoded = ""] = line.split(" ");
  if (!isKeyName(name)) throw new Failure("note/malformed", "a signature line bears no key name");
  const bytes = decode(encoded);
  if (bytes.length < 5) {
    throw new Failure("note/malformed", `a signature has a key ID and at least 1 byte more, got ${bytes.length} bytes`);
  }
  return { name, keyId: toHex(bytes.subarray(0, 4)), signature: bytes.subarray(4) };
}

function decode(text: string): Uint8Array {
  try {
    return fromBase64(text);
  } catch (cause) {
    throw new Failure("note/malformed", "a signature is not base64", { cause });
  }
}
