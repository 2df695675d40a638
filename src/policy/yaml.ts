import { isAlias, isMap, isPair, isScalar, isSeq, LineCounter, type Node, parseDocument, visit } from "yaml";

import { fromUtf8 } from "../bytes/utf8.ts";
import { Failure } from "../failure.ts";
import { type Json } from "../json/json.ts";

/** Longest policy file read, in bytes. */
export const MAX_POLICY_BYTES = 1024 * 1024;

/** Nesting that no policy needs. */
const MAX_DEPTH = 16;

/**
 * Reads the part of YAML 1.2 that is one JSON-like tree: no second document, duplicate key, anchor, alias, tag, merge
 * or key that is not text, each of which makes two readers see two policies.
 *
 * @throws policy/malformed with the line and column
 */
export function readYaml(bytes: Uint8Array): Json {
  if (bytes.length > MAX_POLICY_BYTES) {
    throw new Failure("policy/malformed", `the policy has ${bytes.length} bytes; at most ${MAX_POLICY_BYTES} are read`);
  }
  const lines = new LineCounter();
  const document = parseDocument(fromUtf8(bytes), {
    version: "1.2",
    schema: "core",
    merge: false,
    strict: true,
    uniqueKeys: true,
    lineCounter: lines,
    prettyErrors: false,
    logLevel: "silent",
  });
  const at = (offset: number): string => {
    const { line, col } = lines.linePos(offset);
    return `line ${line}, column ${col}`;
  };
  const [problem] = [...document.errors, ...document.warnings];
  if (problem !== undefined) throw new Failure("policy/malformed", `${problem.message} (${at(problem.pos[0])})`);

  visit(document, {
    Node: (_key, node, path) => {
      const refused = refusal(node, path.length);
      if (refused !== null) throw new Failure("policy/malformed", `${refused} (${at(node.range?.[0] ?? 0)})`);
    },
    Pair: (_key, pair) => {
      if (isScalar(pair.key) && typeof pair.key.value === "string") return;
      throw new Failure("policy/malformed", "a key that is not text");
    },
  });
  return toJson(document.contents);
}

function refusal(node: Node, depth: number): string | null {
  if (depth > 2 * MAX_DEPTH) return `nesting deeper than ${MAX_DEPTH}`;
  if (isAlias(node)) return "an alias";
  if ("anchor" in node && node.anchor !== undefined) return "an anchor";
  if (node.tag !== undefined) return `the tag ${node.tag}`;
  return null;
}

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
  if (value === null || typeof value === "boolean" || typeof value === "string") return value;
  if (typeof value === "number" && Number.isFinite(value)) return value;
  throw new Failure("policy/malformed", "a value that is neither text, number, boolean, list nor mapping");
}
