import { fromUtf8 } from "../bytes/utf8.ts";
import { Failure } from "../failure.ts";
import { isJsonArray, type Json } from "./json.ts";
import { type JsonLimits, parseJson } from "./parser.ts";

/**
 * The one form of `value` that RFC 8785 (JCS) allows: no white space, keys in the order of their UTF-16 units, strings
 * and numbers as ECMAScript's `JSON.stringify` has them.
 *
 * @throws json/lone-surrogate  RFC 8785 §3.2.2.2: a string or key that no UTF-8 can carry
 * @throws TypeError, RangeError for what is not JSON: undefined, NaN, infinities (§3.2.2.3)
 */
export function canonicalJson(value: Json): string {
  switch (typeof value) {
    case "string":
      return formatString(value);
    case "number":
      if (!Number.isFinite(value)) throw new RangeError(`JSON has no number ${value}`);
      return String(value);
    case "boolean":
      return String(value);
    case "object":
      if (value === null) return "null";
      if (isJsonArray(value)) return `[${value.map(canonicalJson).join(",")}]`;
      return `{${Object.entries(value).toSorted(byKey).map(formatMember).join(",")}}`;
    default:
      throw new TypeError(`JSON has no ${typeof value}`);
  }
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

const formatMember = ([key, value]: readonly [string, Json]): string => `${formatString(key)}:${canonicalJson(value)}`;

/** RFC 8785 §3.2.3: by UTF-16 units, which is how ECMAScript compares strings; not by code points, nor by locale. */
const byKey = ([a]: readonly [string, Json], [b]: readonly [string, Json]): number => (a < b ? -1 : 1);

function formatString(text: string): string {
  if (!text.isWellFormed()) {
    throw new Failure("json/lone-surrogate", `${JSON.stringify(text)} holds a surrogate without its partner`);
  }
  return JSON.stringify(text);
}
