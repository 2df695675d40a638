import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

import { describe, expect, test } from "vitest";

import { REPORTS } from "./cli/schema.ts";
import { commandNames } from "./testing/commands.ts";
import { publishedSchemas, schemas } from "./testing/schemas.ts";
import { ROOT } from "./testing/source.ts";

const PUBLISHED = join(ROOT, "schemas");

test("schemas/ holds what the code enforces; `npm run schemas` writes it", () => {
  const files = readdirSync(PUBLISHED).map((name) => [name, readFileSync(join(PUBLISHED, name), "utf8")]);
  expect(Object.fromEntries(files)).toEqual(Object.fromEntries(publishedSchemas()));
});

test("every command has a report, and every report a command", async () => {
  expect(Object.keys(REPORTS).toSorted()).toEqual(await commandNames());
});

describe.each([...schemas()])("%s", (name, schema) => {
  test("says its dialect, its name and its version", () => {
    expect(schema).toMatchObject({
      $schema: "https://json-schema.org/draft/2020-12/schema",
      $id: `urn:assay:schema:${name}:v1`,
      title: expect.stringMatching(/^assay [a-z -]+, version 1$/),
    });
  });

  test("refers only to what is published", () => {
    const ids = [...schemas().keys()].map((each) => `urn:assay:schema:${each}:v1`);
    const references = [...JSON.stringify(schema).matchAll(/"\$ref":"([^"]*)"/g)].map(([, reference]) => reference);
    expect(references.filter((reference) => !ids.includes(reference ?? ""))).toEqual([]);
  });
});
