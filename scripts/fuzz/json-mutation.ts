import fc from "fast-check";

import { toUtf8 } from "../../src/bytes/utf8.ts";
import { canonicalJson } from "../../src/json/canonical.ts";
import { type Json } from "../../src/json/json.ts";
import { parseJson } from "../../src/json/parser.ts";
import { mutatedJson } from "../../src/testing/mutation.ts";
import { mutateBytes } from "./bytes-mutation.ts";
import { type Random } from "./random.ts";
import { type Mutate } from "./parser.ts";

/** Edits the values of a JSON document; once in three times, its text. */
export function jsonMutation(seeds: readonly Uint8Array[]): Mutate {
  const edits = new Map(seeds.map((seed) => [seed, mutatedJson(parseJson(seed))]));
  return (random, seed) => {
    const edit = edits.get(seed);
    if (edit === undefined || random.oneIn(3)) return mutateBytes(random, seed, seeds);
    const [value = null] = fc.sample(edit, { seed: random.next() | 0, numRuns: 1 });
    const bytes = toUtf8(written(random, value));
    return random.oneIn(10) ? mutateBytes(random, bytes, seeds) : bytes;
  };
}

/** In RFC 8785's form where it has one, since some documents are read in no other. */
function written(random: Random, value: Json): string {
  if (random.oneIn(4)) return JSON.stringify(value, null, 1);
  try {
    return canonicalJson(value);
  } catch {
    // Half a surrogate pair has no canonical form.
    return JSON.stringify(value);
  }
}
