/** Any JSON value (RFC 8259 §3), read only. Numbers are IEEE 754 doubles, as I-JSON has them (RFC 7493 §2.2). */
export type Json = null | boolean | number | string | readonly Json[] | JsonObject;

/** A JSON object. Those made by the parser inherit nothing, so only keys of the document are found in them. */
export interface JsonObject {
  readonly [key: string]: Json;
}

/** Whether `value` is an object: neither null nor an array. */
export const isJsonObject = (value: Json | undefined): value is JsonObject =>
  typeof value === "object" && value !== null && !isJsonArray(value);

/** Whether `value` is an array. Unlike `Array.isArray`, it narrows a readonly type. */
export const isJsonArray = (value: Json | undefined): value is readonly Json[] => Array.isArray(value);
