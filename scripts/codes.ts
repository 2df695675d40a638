/** Writes `docs/codes.md` from the table of failures. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { codesPage } from "../src/testing/codes.ts";

const DIRECTORY = join(import.meta.dirname, "../docs");

mkdirSync(DIRECTORY, { recursive: true });
writeFileSync(join(DIRECTORY, "codes.md"), codesPage());
process.stdout.write("wrote docs/codes.md\n");
