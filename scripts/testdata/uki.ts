/** Writes the node images of the quickstart: small, of true structure, and the same bytes every time. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { quickstartImages } from "../../src/testing/uki.ts";

const directory = join(import.meta.dirname, "../../testdata/quickstart");
mkdirSync(directory, { recursive: true });
for (const [name, image] of quickstartImages()) writeFileSync(join(directory, name), image);
