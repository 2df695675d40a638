import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { openLayout } from "../../../src/layout/layout.ts";
import { buildLayout } from "../../../src/testing/layout.ts";
import { temporaryDirectory } from "../../../src/testing/temporary.ts";
import { jsonMutation } from "../json-mutation.ts";
import { parser } from "../parser.ts";

const { directory, root } = buildLayout(temporaryDirectory());
const indexFile = join(directory, "index.json");

export const parsers = [
  parser({
    name: "layout index",
    seeds: [new Uint8Array(readFileSync(indexFile))],
    mutation: jsonMutation,
    async parse(input) {
      writeFileSync(indexFile, input);
      const layout = await openLayout(directory);
      const found = await layout.resolve({ tag: "1.0", digest: null });
      return { found, referrers: await layout.listReferrers(found.digest) };
    },
    check({ found }) {
      // What says that it is no manifest is not looked for: nobody can read it as an image.
      if (found.mediaType === root.mediaType && found.digest !== root.digest)
        throw new Error(`${found.digest} was found, and is not there`);
    },
  }),
];
