import { PolicyDocument } from "../policy/schema.ts";
import { REPORTS } from "../cli/schema.ts";
import { PREDICATES } from "../manifest/schema.ts";

const text = (schema: object): string => `${JSON.stringify(schema, null, 2)}\n`;

/** Every schema that `schemas/` publishes: file name to contents. */
export function publishedSchemas(): ReadonlyMap<string, string> {
  const reports = Object.entries(REPORTS).map(
    ([command, schema]) => [`report.${command.replaceAll(" ", "-")}.v1.json`, text(schema)] as const,
  );
  const predicates = Object.entries(PREDICATES).map(([name, schema]) => [`${name}.v1.json`, text(schema)] as const);
  return new Map([["policy.v1.json", text(PolicyDocument)], ...predicates, ...reports]);
}
