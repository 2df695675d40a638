import { type Parser } from "./parser.ts";
import { parsers as bundle } from "./parsers/bundle.ts";
import { parsers as der } from "./parsers/der.ts";
import { parsers as json } from "./parsers/json.ts";
import { parsers as keys } from "./parsers/keys.ts";
import { parsers as layout } from "./parsers/layout.ts";
import { parsers as manifest } from "./parsers/manifest.ts";
import { parsers as measure } from "./parsers/measure.ts";
import { parsers as note } from "./parsers/note.ts";
import { parsers as oci } from "./parsers/oci.ts";
import { parsers as pe } from "./parsers/pe.ts";
import { parsers as policy } from "./parsers/policy.ts";
import { parsers as tlog } from "./parsers/tlog.ts";

/** Every parser of the project that reads what others wrote. */
export const PARSERS: readonly Parser[] = [
  ...[json, der, pe, note, tlog].flat(),
  ...[oci, layout, measure, bundle, manifest, policy, keys].flat(),
];

export function parserNamed(name: string): Parser {
  const found = PARSERS.find((parser) => parser.name === name);
  if (found !== undefined) return found;
  throw new RangeError(`there is no parser "${name}"; there are ${PARSERS.map((parser) => parser.name).join(", ")}`);
}
