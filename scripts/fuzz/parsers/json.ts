import { toUtf8 } from "../../../src/bytes/utf8.ts";
import { canonicalJson, parseCanonicalJson } from "../../../src/json/canonical.ts";
import { type Json } from "../../../src/json/json.ts";
import { parseJson } from "../../../src/json/parser.ts";
import { jsonMutation } from "../json-mutation.ts";
import { parser, readsBack, writesBack } from "../parser.ts";

const format = (value: Json): Uint8Array => toUtf8(canonicalJson(value));

const seeds = [
  '{"a":[1,-0.5,1e21,"\\u00e9\\ud83d\\ude00\\n"],"b":{"c":null,"d":[true,false,{}]},"":""}',
  '{"1":{"2":[[[[]]]]},"\\u20ac":"\\"\\\\/","10":9007199254740991,"9":-9007199254740991}',
  "[]",
  '"text"',
].map(toUtf8);
const canonical = seeds.map((seed) => format(parseJson(seed)));

export const parsers = [
  parser({ name: "json", seeds, mutation: jsonMutation, parse: parseJson, check: readsBack(format, parseJson) }),
  parser({
    name: "json canonical",
    seeds: canonical,
    mutation: jsonMutation,
    parse: parseCanonicalJson,
    check: writesBack(format),
  }),
];
