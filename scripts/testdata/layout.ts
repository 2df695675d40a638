/** Writes `testdata/quickstart/image`: the small image of two platforms that the quickstart signs, tagged `1.0`. */
import { rmSync } from "node:fs";
import { join } from "node:path";

import { buildLayout } from "../../src/testing/layout.ts";

const DIRECTORY = join(import.meta.dirname, "../../testdata/quickstart/image");

rmSync(DIRECTORY, { recursive: true, force: true });
const { root, tag } = buildLayout(DIRECTORY);
process.stdout.write(`${DIRECTORY}: ${root.digest}, tagged ${tag}\n`);
