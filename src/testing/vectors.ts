import { readFileSync } from "node:fs";
import { join } from "node:path";

/** The project's own vectors, and fixtures of all sorts. */
export const TESTDATA = join(import.meta.dirname, "../../testdata");

/**
 * The cases of `testdata/<path>`: a JSON document `{ "source": "where they come from", "vectors": [ … ] }`.
 *
 * @throws TypeError if it does not say where they come from, or holds none
 */
// oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- the caller names what its file holds
export function vectors<Vector>(path: string): readonly Vector[] {
  const document: { readonly source?: unknown; readonly vectors?: readonly Vector[] } = JSON.parse(
    readFileSync(join(TESTDATA, path), "utf8"),
  );
  if (typeof document.source !== "string" || document.vectors === undefined || document.vectors.length === 0) {
    throw new TypeError(`${path} names no source, or holds no vectors`);
  }
  return document.vectors;
}
