import { readFileSync } from "node:fs";
import { join } from "node:path";

import { type Options, type PJSON } from "@oclif/core/interfaces";

/** Root of the checkout. */
export const ROOT = join(import.meta.dirname, "../..");

/** How oclif finds the commands as TypeScript source, where package.json speaks of the built ones. */
export function sourceOptions(): Options {
  const pjson: PJSON = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));
  const commands = { strategy: "pattern", target: "./commands" } as const;
  return { root: ROOT, pjson: { ...pjson, oclif: { ...pjson.oclif, commands } }, isRoot: true, ignoreManifest: true };
}
