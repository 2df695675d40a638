import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

import { type Options, type PJSON } from "@oclif/core/interfaces";

/** Root of the checkout. */
export const ROOT = join(import.meta.dirname, "../..");

/**
 * How oclif finds the commands as TypeScript source, where package.json speaks of the built ones.
 *
 * Without a manifest oclif imports every command to know them all. Where `argv` names one, only that one is offered: it
 * starts faster, and a command that is being worked on breaks no other.
 *
 * @param argv  arguments of the program, its name not among them
 */
export function sourceOptions(argv: readonly string[]): Options {
  const pjson: PJSON = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));
  const file = commandFile(argv);
  const commands = {
    strategy: "pattern",
    target: "./commands",
    ...(file === undefined ? {} : { globPatterns: [file] }),
  } as const;
  return { root: ROOT, pjson: { ...pjson, oclif: { ...pjson.oclif, commands } }, isRoot: true, ignoreManifest: true };
}

/** `log/prove.ts` for `log prove …`, relative to `commands/`; nothing where the arguments name no command. */
function commandFile(argv: readonly string[]): string | undefined {
  // Speaks of all the others.
  if (argv[0] === "completion") return undefined;
  const flag = argv.findIndex((word) => !/^[a-z][a-z-]*$/.test(word));
  const words = flag === -1 ? argv : argv.slice(0, flag);
  return words
    .map((_, index) => `${words.slice(0, index + 1).join("/")}.ts`)
    .findLast((path) => existsSync(join(ROOT, "commands", path)));
}
