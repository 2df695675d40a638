import { describe, expect, test } from "vitest";

import { isJsonArray, isJsonObject, type Json } from "../json/json.ts";
import { parseJson } from "../json/parser.ts";
import { PREDICATE_TYPES } from "./predicate-type.ts";
import { PREDICATES } from "./schema.ts";

/** The schema and every schema inside it. */
function schemasIn(value: Json): readonly { readonly [key: string]: Json }[] {
  if (isJsonArray(value)) return value.flatMap(schemasIn);
  return isJsonObject(value) ? [value, ...Object.values(value).flatMap(schemasIn)] : [];
}

describe.each(Object.entries(PREDICATES))("%s", (_, schema) => {
  const published = parseJson(JSON.stringify(schema));
  const parts = schemasIn(published);

  test("every object is closed, every list and record is bounded", () => {
    const objects = parts.filter(({ type }) => type === "object");
    expect(objects.length).toBeGreaterThan(1);
    expect(objects.filter(({ additionalProperties }) => additionalProperties !== false)).toEqual([]);
    const records = objects.filter(({ patternProperties }) => patternProperties !== undefined);
    expect(records.filter(({ maxProperties }) => maxProperties === undefined)).toEqual([]);
    const lists = parts.filter(({ type }) => type === "array");
    expect(lists.filter(({ maxItems }) => maxItems === undefined)).toEqual([]);
  });

  test("every text is bounded, by length or by pattern", () => {
    const texts = parts.filter(({ type }) => type === "string");
    const unbounded = texts.filter(
      ({ maxLength, pattern }) => maxLength === undefined && !/^"\^.*\$"$/.test(JSON.stringify(pattern)),
    );
    expect(unbounded).toEqual([]);
  });
});

test("each schema says whose predicate it is", () => {
  const said = Object.values(PREDICATES).map((schema) => parseJson(JSON.stringify(schema)));
  expect(said).toMatchObject(Object.values(PREDICATE_TYPES).map((type) => ({ description: `predicate of ${type}` })));
});
