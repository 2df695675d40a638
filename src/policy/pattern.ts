import { Failure } from "../failure.ts";

/** What an image rule matches: a normalised image name, segment by segment. */
export interface NamePattern {
  readonly text: string;
  readonly segments: readonly string[];
}

const SEGMENT = /^(?:\*\*|[a-z0-9*._:-]+)$/;
const LAYOUT = "oci:";

/**
 * Reads a pattern such as `registry.example/acme/**`: `*` stands for any run of characters within one path segment,
 * `**`, alone in its segment, for one or more whole segments.
 *
 * The first segment must be a registry host, so that a pattern cannot be written that looks like a short Docker name
 * and never matches; `oci:**` matches image layouts by path.
 *
 * @throws policy/malformed
 */
export function parsePattern(text: string): NamePattern {
  const rest = text.startsWith(LAYOUT) ? text.slice(LAYOUT.length) : text;
  const segments = rest.split("/");
  const host = segments[0] ?? "";
  const path = text.startsWith(LAYOUT);
  if (path ? rest === "" : !segments.every((segment) => SEGMENT.test(segment))) {
    throw new Failure("policy/malformed", `"${text}" is not an image name pattern`);
  }
  if (segments.some((segment) => segment.includes("**") && segment !== "**")) {
    throw new Failure("policy/malformed", `in "${text}", ** must be a whole path segment`);
  }
  if (!path && host !== "**" && host !== "localhost" && !/[.:]/.test(host)) {
    throw new Failure("policy/malformed", `"${text}" does not begin with a registry host`, {
      hint: "write docker.io/library/NAME for Docker Hub's short names",
    });
  }
  return { text, segments: text.split("/") };
}

/** Whether `pattern` matches all of `name`, a normalised `registry/repository` or `oci:PATH`. */
export function matchesPattern({ segments }: NamePattern, name: string): boolean {
  return matchFrom(segments, name.split("/"));
}

/** Matches front to back, remembering only the last `**`: linear in pattern times name, whatever the pattern. */
function matchFrom(pattern: readonly string[], name: readonly string[]): boolean {
  let at = 0;
  let star = -1;
  let starEnd = 0;
  let each = 0;
  while (at < name.length) {
    const wanted = pattern[each];
    if (wanted === "**" || wanted === "oci:**") {
      star = each;
      starEnd = at + 1;
      if (wanted === "oci:**" && !(name[at] ?? "").startsWith(LAYOUT)) return false;
      at += 1;
      each += 1;
    } else if (wanted !== undefined && matchesSegment(wanted, name[at] ?? "")) {
      at += 1;
      each += 1;
    } else if (star >= 0) {
      starEnd += 1;
      at = starEnd;
      each = star + 1;
    } else {
      return false;
    }
  }
  return each === pattern.length;
}

/** `*` within one segment, by the same last-star walk. */
function matchesSegment(pattern: string, text: string): boolean {
  const parts = pattern.split("*");
  const [first = "", ...later] = parts;
  if (!text.startsWith(first)) return false;
  if (later.length === 0) return text === first;
  const last = later.pop() ?? "";
  let at = first.length;
  for (const part of later) {
    const found = text.indexOf(part, at);
    if (found < 0) return false;
    at = found + part.length;
  }
  return text.length >= at + last.length && text.endsWith(last);
}
