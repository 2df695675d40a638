import { glob } from "node:fs/promises";
import { join } from "node:path";

import { ROOT } from "./source.ts";

/** The commands that there are, as they are typed: `log create`, sorted. */
export async function commandNames(): Promise<readonly string[]> {
  const names: string[] = [];
  for await (const path of glob("**/*.ts", { cwd: join(ROOT, "commands") })) {
    if (!path.endsWith(".test.ts")) names.push(path.replace(/\.ts$/, "").replaceAll("/", " "));
  }
  return names.toSorted();
}
