/** Writes `schemas/`: one JSON Schema per document and per `--json` report, from the values that the code enforces. */
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { publishedSchemas } from "../src/testing/schemas.ts";

const DIRECTORY = join(import.meta.dirname, "../schemas");

rmSync(DIRECTORY, { recursive: true, force: true });
mkdirSync(DIRECTORY, { recursive: true });
const schemas = publishedSchemas();
for (const [name, text] of schemas) writeFileSync(join(DIRECTORY, name), text);
process.stdout.write(`wrote ${schemas.size} schemas\n`);
