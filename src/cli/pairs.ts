import { Failure } from "../failure.ts";

/**
 * Reads `KEY=VALUE` flags; the value may hold further equals signs.
 *
 * @throws cli/malformed-pair for a flag without key or sign, and for a key given twice
 */
export function parseAnnotations(flags: readonly string[]): Readonly<Record<string, string>> {
  const pairs = new Map<string, string>();
  for (const flag of flags) {
    const at = flag.indexOf("=");
    if (at < 1) throw new Failure("cli/malformed-pair", `"${flag}" is not KEY=VALUE`);
    const key = flag.slice(0, at);
    if (pairs.has(key)) throw new Failure("cli/malformed-pair", `"${key}" is given twice`);
    pairs.set(key, flag.slice(at + 1));
  }
  return Object.fromEntries(pairs);
}
