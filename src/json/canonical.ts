import { fromUtf8 } from "../bytes/utf8.ts";
import { Failure } from "../failure.ts";
import { isJsonArray, isJsonObject, type Json, type JsonObject } from "./json.ts";
import { type JsonLimits, parseJson } from "./parser.ts";

/**
 * The one form of `value` that RFC 8785 (JCS) allows: no white space, keys in the order of their UTF-16 units, strings
 * and numbers as ECMAScript's `JSON.stringify` has them.
 *
 * @throws json/lone-surrogate  RFC 8785 §3.2.2.2: a string or key that no UTF-8 can carry
 * @throws TypeError, RangeError for what is not JSON: undefined, NaN, infinities (§3.2.2.3)
 */
export function canonicalJson(value: Json): string {
  if (value === null || typeof value === "boolean") return String(value);
  if (typeof value === "number") return formatNumber(value);
  if (typeof value === "string") return formatString(value);
  if (isJsonArray(value)) return `[${value.map(canonicalJson).join(",")}]`;
  if (isJsonObject(value)) return formatObject(value);
  throw new TypeError(`JSON has no ${typeof value}`);
}

/**
 * Like {@link parseJson}, for documents that must be their own canonical form.
 *
 * @throws json/not-canonical for JSON that {@link canonicalJson} would have written differently
 * @throws what {@link parseJson} throws
 */
export function parseCanonicalJson(bytes: Uint8Array, limits: JsonLimits = {}): Json {
  const value = parseJson(bytes, limits);
  if (canonicalJson(value) !== fromUtf8(bytes)) {
    throw new Failure("json/not-canonical", "the document is not in the canonical form of RFC 8785");
  }
  return value;
}

/**
 * RFC 8785 §3.2.3 sorts by UTF-16 units. That is ECMAScript's own order of strings, so `toSorted` needs no comparison;
 * it is neither the order of code points nor that of a locale.
 */
function formatObject(object: JsonObject): string {
  const members: string[] = [];
  for (const key of Object.keys(object).toSorted()) {
    const value = object[key];
    if (value === undefined) throw new TypeError(`${JSON.stringify(key)} is undefined, which is not JSON`);
    members.push(`${formatString(key)}:${canonicalJson(value)}`);
  }
  return `{${members.join(",")}}`;
}

/** RFC 8785 §3.2.2.3: as ECMAScript's `Number::toString` writes it, minus zero as `0`. */
function formatNumber(number: number): string {
  if (!Number.isFinite(number)) throw new RangeError(`JSON has no number ${number}`);
  return String(number);
}

function formatString(text: string): string {
  if (!text.isWellFormed()) {
    throw new Failure("json/lone-surrogate", `${JSON.stringify(text)} holds a surrogate without its partner`);
  }
  return JSON.stringify(text);
}
