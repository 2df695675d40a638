import {
  type Document,
  isAlias,
  isCollection,
  isMap,
  isPair,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  parseDocument,
  type Scalar,
  visit,
  type YAMLMap,
} from "yaml";

import { fromUtf8 } from "../bytes/utf8.ts";
import { Failure } from "../failure.ts";
import { type Json } from "../json/json.ts";

/** Longest policy file read, in bytes. */
export const MAX_POLICY_BYTES = 1024 * 1024;

/** Nesting that no policy needs. */
const MAX_DEPTH = 16;

/**
 * Reads the part of YAML 1.2 that is one JSON-like tree: no directive, second document, duplicate key, anchor, alias,
 * tag, merge or key that is not text, each of which makes two readers see two policies. So does a number that is not
 * written as JSON writes a whole one: YAML 1.1 reads `010` as eight, YAML 1.2 as ten.
 *
 * @throws policy/malformed with the line and column
 */
export function readYaml(bytes: Uint8Array): Json {
  if (bytes.length > MAX_POLICY_BYTES) {
    throw new Failure("policy/malformed", `the policy has ${bytes.length} bytes; at most ${MAX_POLICY_BYTES} are read`);
  }
  const lines = new LineCounter();
  const document = parse(fromUtf8(bytes), lines);
  const at = (offset: number): string => {
    const { line, col } = lines.linePos(offset);
    return `line ${line}, column ${col}`;
  };
  const [problem] = [...document.errors, ...document.warnings];
  if (problem !== undefined) throw new Failure("policy/malformed", `${problem.message} (${at(problem.pos[0])})`);
  if (hasDirectives(document)) throw new Failure("policy/malformed", "a directive (line 1, column 1)");

  visit(document, {
    Node: (_key, node, path) => {
      const refused = refusal(node, path.filter(isCollection).length);
      if (refused !== null) throw new Failure("policy/malformed", `${refused} (${at(node.range?.[0] ?? 0)})`);
      const twice = isMap(node) ? repeatedKey(node) : null;
      if (twice !== null) {
        throw new Failure("policy/malformed", `the key ${String(twice.value)} twice (${at(twice.range?.[0] ?? 0)})`);
      }
    },
    Pair: (_key, { key }) => {
      if (!isScalar(key) || typeof key.value !== "string")
        throw new Failure("policy/malformed", "a key that is not text");
      if (key.value === "<<") throw new Failure("policy/malformed", `a merge (${at(key.range?.[0] ?? 0)})`);
    },
  });
  return toJson(document.contents);
}

function parse(text: string, lineCounter: LineCounter): ReturnType<typeof parseDocument> {
  try {
    return parseDocument(text, {
      version: "1.2",
      schema: "core",
      merge: false,
      strict: true,
      // Done by the reader: here, a mapping would take time by the square of its length.
      uniqueKeys: false,
      lineCounter,
      prettyErrors: false,
    });
  } catch (cause) {
    // The library descends by recursion, and knows no limit but the stack's.
    if (cause instanceof RangeError)
      throw new Failure("policy/malformed", `nesting deeper than ${MAX_DEPTH}`, { cause });
    throw cause;
  }
}

/** @param depth  lists and mappings around the node */
function refusal(node: Node, depth: number): string | null {
  if (depth >= MAX_DEPTH && isCollection(node)) return `nesting deeper than ${MAX_DEPTH}`;
  if (isAlias(node)) return "an alias";
  if ("anchor" in node && node.anchor !== undefined) return "an anchor";
  if (node.tag !== undefined) return `the tag ${node.tag}`;
  return isScalar(node) ? scalarRefusal(node) : null;
}

/** The first key that stands in `map` a second time. */
function repeatedKey({ items }: YAMLMap): Scalar | null {
  const seen = new Set<unknown>();
  for (const { key } of items) {
    if (!isScalar(key)) continue;
    if (seen.has(key.value)) return key;
    seen.add(key.value);
  }
  return null;
}

function scalarRefusal({ value, source }: Scalar): string | null {
  if (typeof value === "number") {
    const isPlain = /^(?:0|-?[1-9][0-9]*)$/.test(source ?? "") && Number.isSafeInteger(value);
    return isPlain ? null : `the number ${source ?? String(value)}; whole ones are read, up to 2^53`;
  }
  // oxlint-disable-next-line no-control-regex -- refusing control characters is the purpose
  const isText = typeof value === "string" && value.isWellFormed() && !/[\u0000-\u0008\u000b-\u001f\u007f]/.test(value);
  if (isText || typeof value === "boolean" || value === null) return null;
  return typeof value === "string" ? "control characters or half a surrogate pair" : "a value of no JSON type";
}

/** `%YAML 1.1` has other readers read other values, and `%TAG` hides a tag. */
const hasDirectives = ({ directives }: Document): boolean =>
  directives !== undefined && (directives.yaml.explicit === true || Object.keys(directives.tags).length > 1);

function toJson(node: unknown): Json {
  if (isMap(node)) {
    return Object.fromEntries(
      node.items.map((pair) => {
        if (!isPair(pair) || !isScalar(pair.key)) throw new Failure("policy/malformed", "a key that is not text");
        return [String(pair.key.value), toJson(pair.value)];
      }),
    );
  }
  if (isSeq(node)) return node.items.map(toJson);
  const value: unknown = isScalar(node) ? node.value : null;
  if (value === null || typeof value === "boolean" || typeof value === "string" || typeof value === "number") {
    return value;
  }
  throw new Failure("policy/malformed", "a value that is neither text, number, boolean, list nor mapping");
}
