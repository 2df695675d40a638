import { VerdictSchema } from "../admit/schema.ts";
import { ErrorSchema, REPORTS } from "../cli/schema.ts";
import { schemaHead } from "../json/schema-head.ts";
import { PREDICATES } from "../manifest/schema.ts";
import { PolicyDocument } from "../policy/schema.ts";

/** Every schema that `schemas/` publishes: name without `.v1.json` to the value that the code enforces. */
export function schemas(): ReadonlyMap<string, object> {
  const reports = Object.entries(REPORTS).map(([command, schema]) => {
    const name = `report.${command.replaceAll(" ", "-")}`;
    return [name, { ...schema, ...schemaHead(name, `assay ${command} --json`) }] as const;
  });
  return new Map<string, object>([
    ["policy", PolicyDocument],
    ["verdict", VerdictSchema],
    ["error", { ...ErrorSchema, ...schemaHead("error", "assay error under --json") }],
    ...Object.entries(PREDICATES),
    ...reports,
  ]);
}

/** {@link schemas} as files: name to contents, the head of each schema first. */
export function publishedSchemas(): ReadonlyMap<string, string> {
  return new Map([...schemas()].map(([name, schema]) => [`${name}.v1.json`, fileText(schema)]));
}

const HEAD = ["$schema", "$id", "title", "description"];

function fileText(schema: object): string {
  const members = Object.entries(schema);
  const head = HEAD.flatMap((name) => members.filter(([key]) => key === name));
  const ordered = [...head, ...members.filter(([key]) => !HEAD.includes(key))];
  return `${JSON.stringify(Object.fromEntries(ordered), null, 2)}\n`;
}
