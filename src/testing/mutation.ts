/** Documents one edit away from a good one: what a parser meets from an attacker who knows the format. */
import fc from "fast-check";

import { isJsonArray, isJsonObject, type Json } from "../json/json.ts";

type Path = readonly (string | number)[];
/** The value at a place after the edit; undefined drops it, a list of two puts both where one element was. */
type Edit = (value: Json) => Json | undefined | { readonly both: readonly [Json, Json] };

/** Values of every type, and those that tend to slip through a check. */
const STRANGERS: readonly Json[] = [
  null,
  true,
  false,
  0,
  -1,
  1.5,
  2 ** 53 - 1,
  "",
  "0",
  "-1",
  "01",
  "9223372036854775807",
  "9223372036854775808",
  "AA==",
  "AB==",
  "_-8=",
  "\u0000",
  "x".repeat(5000),
  "__proto__",
  [],
  {},
  [[]],
  [null],
  { "": null },
];

/** JSON values that differ from `seed` by one to three edits: fields dropped, doubled, renamed, retyped, exchanged. */
export function mutatedJson(seed: Json): fc.Arbitrary<Json> {
  const paths = pathsOf(seed);
  const edits = fc.oneof(
    fc.constant<Edit>(() => undefined),
    fc.constant<Edit>((value) => ({ both: [value, value] })),
    fc.constant<Edit>((value) => [value]),
    fc.constantFrom(...STRANGERS).map(
      (stranger): Edit =>
        () =>
          stranger,
    ),
    fc.constantFrom(...paths).map(
      (path): Edit =>
        () =>
          valueAt(seed, path) ?? null,
    ),
    fc.tuple(fc.nat(), fc.string({ maxLength: 2 })).map(
      (change): Edit =>
        (value) =>
          retouch(value, change),
    ),
  );
  const mutation = fc.tuple(fc.constantFrom(...paths), edits);
  return fc
    .array(mutation, { minLength: 1, maxLength: 3 })
    .map((mutations) => mutations.reduce((value, [path, edit]) => edited(value, path, edit), seed));
}

/** Bytes that differ from `seed` by one to four changed, dropped or added bytes, or end early. */
export function mutatedBytes(seed: Uint8Array): fc.Arbitrary<Uint8Array> {
  const edit = fc.tuple(fc.nat(seed.length), fc.nat(2), fc.uint8Array({ maxLength: 3 }));
  const edited = fc
    .array(edit, { minLength: 1, maxLength: 4 })
    .map((edits) =>
      edits.reduce<Uint8Array>(
        (bytes, [at, dropped, added]) =>
          new Uint8Array(Buffer.concat([bytes.subarray(0, at), added, bytes.subarray(at + dropped)])),
        seed,
      ),
    );
  return fc.oneof(
    { weight: 4, arbitrary: edited },
    fc.nat(seed.length).map((end) => seed.slice(0, end)),
  );
}

function pathsOf(value: Json, path: Path = []): readonly Path[] {
  const children = isJsonArray(value) ? [...value.entries()] : isJsonObject(value) ? Object.entries(value) : [];
  return [path, ...children.flatMap(([key, child]) => pathsOf(child, [...path, key]))];
}

function valueAt(value: Json | undefined, path: Path): Json | undefined {
  return path.reduce<Json | undefined>((at, key) => {
    if (isJsonArray(at)) return typeof key === "number" ? at[key] : undefined;
    return isJsonObject(at) ? at[String(key)] : undefined;
  }, value);
}

/** `value` with the place at `path` edited; places that an earlier edit removed stay away. */
function edited(value: Json, [key, ...rest]: Path, edit: Edit): Json {
  if (key === undefined) return single(edit(value)) ?? null;
  const apply = (child: Json) => (rest.length === 0 ? edit(child) : edited(child, rest, edit));
  if (isJsonArray(value)) {
    return value.flatMap((child, at) => {
      if (at !== key) return [child];
      const after = apply(child);
      if (after === undefined) return [];
      return isBoth(after) ? [...after.both] : [after];
    });
  }
  if (!isJsonObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value).flatMap(([name, child]): [string, Json][] => {
      if (name !== key) return [[name, child]];
      const after = apply(child);
      if (after === undefined) return [];
      return isBoth(after)
        ? [
            [name, after.both[0]],
            [`${name}_`, after.both[1]],
          ]
        : [[name, after]];
    }),
  );
}

const isBoth = (value: ReturnType<Edit>): value is { readonly both: readonly [Json, Json] } =>
  isJsonObject(value) && isJsonArray(value["both"]);
const single = (value: ReturnType<Edit>): Json | undefined => (isBoth(value) ? [...value.both] : value);

function retouch(value: Json, [where, text]: readonly [number, string]): Json {
  if (typeof value === "number") return value + where;
  if (typeof value !== "string") return text;
  const at = where % (value.length + 1);
  return value.slice(0, at) + text + value.slice(at + 1);
}
