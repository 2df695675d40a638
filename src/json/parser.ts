import { fromUtf8 } from "../bytes/utf8.ts";
import { Failure, type FailureCode } from "../failure.ts";
import { type Json } from "./json.ts";

/** Bounds on a document that is parsed. */
export interface JsonLimits {
  /** Bytes of UTF-8; {@link DEFAULT_MAX_BYTES} unless told. */
  readonly maxBytes?: number;
  /** Arrays and objects inside one another, `[]` being 1; {@link DEFAULT_MAX_DEPTH} unless told, at most 512. */
  readonly maxDepth?: number;
}

export const DEFAULT_MAX_BYTES = 16 * 1024 * 1024;
const DEFAULT_MAX_DEPTH = 64;

/** The parser calls itself once a level: deeper than this the stack of the runtime could end first. */
const GREATEST_MAX_DEPTH = 512;

/**
 * Reads one JSON document as RFC 8259 writes it, and nothing that two readers could take for two different things.
 *
 * Refused beyond the grammar: a byte-order mark, invalid UTF-8, a key twice in one object, a surrogate without its
 * partner (RFC 7493 §2.1), numbers no double can hold, and integers that would be written back with other digits.
 *
 * @param input  UTF-8 bytes, or text already decoded
 * @returns      objects inherit nothing: `__proto__` and `constructor` are keys like any other
 * @throws json/malformed, json/duplicate-key, json/lone-surrogate, json/too-deep, json/too-large
 */
export function parseJson(input: Uint8Array | string, limits: JsonLimits = {}): Json {
  const { maxBytes = DEFAULT_MAX_BYTES, maxDepth = DEFAULT_MAX_DEPTH } = limits;
  if (maxDepth > GREATEST_MAX_DEPTH) throw new RangeError(`maxDepth is at most ${GREATEST_MAX_DEPTH}, not ${maxDepth}`);
  const length = typeof input === "string" ? Buffer.byteLength(input) : input.length;
  if (length > maxBytes) {
    throw new Failure("json/too-large", `the document has ${length} bytes, more than the ${maxBytes} that are read`);
  }
  return new Parser(typeof input === "string" ? input : decodeText(input), maxDepth).parse();
}

function decodeText(bytes: Uint8Array): string {
  try {
    return fromUtf8(bytes);
  } catch (cause) {
    throw new Failure("json/malformed", "the document is not valid UTF-8", { cause });
  }
}

const ESCAPES: Readonly<Record<string, string>> = {
  '"': '"',
  "\\": "\\",
  "/": "/",
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
};

/** RFC 8259 §6. Sticky: it matches where the parser is, or not at all. */
const NUMBER = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y;

/**
 * What the parser's objects inherit from: nothing that a key could find or set. V8 lays such objects out in a third of
 * the memory that objects without any prototype take.
 */
const NO_MEMBERS: object = Object.freeze(Object.create(null));

/** Recursive descent over text; `#at` is the index of the next UTF-16 unit. Every `#read*` leaves it behind what it read. */
class Parser {
  readonly #text: string;
  readonly #maxDepth: number;
  #at = 0;
  #depth = 0;

  constructor(text: string, maxDepth: number) {
    this.#text = text;
    this.#maxDepth = maxDepth;
  }

  parse(): Json {
    if (!this.#text.isWellFormed()) {
      throw new Failure("json/lone-surrogate", "the text holds a surrogate without its partner");
    }
    const value = this.#readValue();
    this.#skipSpace();
    if (this.#at < this.#text.length) throw this.#unexpected("the end of the document");
    return value;
  }

  #readValue(): Json {
    this.#skipSpace();
    switch (this.#text.charAt(this.#at)) {
      case "{":
        return this.#readObject();
      case "[":
        return this.#readArray();
      case '"':
        return this.#readString();
      case "t":
        return this.#readWord("true", true);
      case "f":
        return this.#readWord("false", false);
      case "n":
        return this.#readWord("null", null);
      default:
        return this.#readNumber();
    }
  }

  #readObject(): Json {
    this.#open();
    const object: Record<string, Json> = Object.create(NO_MEMBERS);
    if (this.#close("}")) return object;
    do {
      this.#skipSpace();
      const start = this.#at;
      if (this.#text[start] !== '"') throw this.#unexpected("a key in quotes");
      const key = this.#readString();
      if (key in object) {
        throw this.#failure("json/duplicate-key", `the key ${quote(key)} is there twice in one object`, start);
      }
      if (!this.#take(":")) throw this.#unexpected('":"');
      object[key] = this.#readValue();
    } while (this.#take(","));
    if (!this.#close("}")) throw this.#unexpected('"," or "}"');
    return object;
  }

  #readArray(): Json {
    this.#open();
    const array: Json[] = [];
    if (this.#close("]")) return array;
    do {
      array.push(this.#readValue());
    } while (this.#take(","));
    if (!this.#close("]")) throw this.#unexpected('"," or "]"');
    return array;
  }

  #readString(): string {
    const start = this.#at;
    this.#at = endOfPlainText(this.#text, start + 1);
    let text = this.#text.slice(start + 1, this.#at);
    const isPlain = this.#text[this.#at] === '"';
    while (this.#text[this.#at] === "\\") {
      text += this.#readEscape();
      const from = this.#at;
      this.#at = endOfPlainText(this.#text, from);
      text += this.#text.slice(from, this.#at);
    }
    if (this.#text[this.#at] !== '"') throw this.#unexpected("a string's closing quote");
    this.#at += 1;
    // Raw surrogates were looked at once for the whole document; only escapes can have made a lone one.
    if (!isPlain && !text.isWellFormed()) {
      throw this.#failure("json/lone-surrogate", "the string escapes a surrogate without its partner", start);
    }
    return text;
  }

  #readEscape(): string {
    const letter = this.#text.charAt(this.#at + 1);
    if (letter === "u") {
      const digits = this.#text.slice(this.#at + 2, this.#at + 6);
      if (!/^[0-9a-fA-F]{4}$/.test(digits)) throw this.#failure("json/malformed", "\\u wants four hexadecimal digits");
      this.#at += 6;
      return String.fromCharCode(Number.parseInt(digits, 16));
    }
    const meaning = ESCAPES[letter];
    if (meaning === undefined) throw this.#failure("json/malformed", `a string has no escape ${quote(`\\${letter}`)}`);
    this.#at += 2;
    return meaning;
  }

  #readNumber(): number {
    NUMBER.lastIndex = this.#at;
    if (!NUMBER.test(this.#text)) throw this.#unexpected("a value");
    const digits = this.#text.slice(this.#at, NUMBER.lastIndex);
    const value = Number(digits);
    if (!Number.isFinite(value)) throw this.#failure("json/malformed", "the number is too large for a double");
    // RFC 7493 §2.2: beyond 2^53 another reader's integer would be a different number.
    if (Math.abs(value) > Number.MAX_SAFE_INTEGER && /^-?[0-9]+$/.test(digits) && String(value) !== digits) {
      throw this.#failure("json/malformed", `the integer would be read as ${value}: it is beyond 2^53`);
    }
    this.#at += digits.length;
    return value;
  }

  #readWord<Value extends Json>(word: string, value: Value): Value {
    if (!this.#text.startsWith(word, this.#at)) throw this.#unexpected("a value");
    this.#at += word.length;
    return value;
  }

  #open(): void {
    this.#depth += 1;
    if (this.#depth > this.#maxDepth) {
      throw this.#failure("json/too-deep", `more than ${this.#maxDepth} arrays and objects inside one another`);
    }
    this.#at += 1;
  }

  #close(bracket: string): boolean {
    if (!this.#take(bracket)) return false;
    this.#depth -= 1;
    return true;
  }

  /** Skips white space, and `mark` where it is next; says whether it was. */
  #take(mark: string): boolean {
    this.#skipSpace();
    if (this.#text[this.#at] !== mark) return false;
    this.#at += 1;
    return true;
  }

  #skipSpace(): void {
    while (isSpace(this.#text.charCodeAt(this.#at))) this.#at += 1;
  }

  #unexpected(wanted: string): Failure {
    const found = this.#text.codePointAt(this.#at);
    const got = found === undefined ? "the document ends" : `got ${quote(String.fromCodePoint(found))}`;
    return this.#failure("json/malformed", `${got}, want ${wanted}`);
  }

  #failure(code: FailureCode, message: string, at = this.#at): Failure {
    const before = this.#text.slice(0, at);
    const line = before.split("\n").length;
    return new Failure(code, `${message}, at line ${line}, column ${at - before.lastIndexOf("\n")}`);
  }
}

/** Index of the first quote, backslash or control character from `at` on, or the length of the text. */
function endOfPlainText(text: string, at: number): number {
  for (; at < text.length; at += 1) {
    const unit = text.charCodeAt(at);
    if (unit === 0x22 || unit === 0x5c || unit < 0x20) break;
  }
  return at;
}

/** RFC 8259 §2: space, tab, line feed, carriage return; not the rest of what Unicode calls white space. */
const isSpace = (unit: number): boolean => unit === 0x20 || unit === 0x0a || unit === 0x0d || unit === 0x09;

/** Text of a document, shortened and escaped for a message. */
const quote = (text: string): string => JSON.stringify(text.length > 40 ? `${text.slice(0, 40)}…` : text);
