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
 * A pattern that matches no normalised name is refused: the demands of its rule would never be made, and nobody would
 * notice. So the first segment is a registry host, not `index.docker.io`, which is normalised away; there is a path after
 * it, without a tag or a digest, and on Docker Hub with a namespace. `oci:**` matches image layouts by path; a pattern of
 * registries never matches a layout.
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
    throw new Failure("policy/malformed", `"${text}" does not begin with a registry host`, { hint: DOCKER_HINT });
  }
  if (!path) requireNameable(text, host, segments.slice(1));
  return { text, segments: text.split("/") };
}

const DOCKER_HINT = "write docker.io/library/NAME for Docker Hub's short names";

/** Refuses what no `registry/repository` can be. */
function requireNameable(text: string, host: string, rest: readonly string[]): void {
  if (host !== "**" && rest.length === 0) {
    throw new Failure("policy/malformed", `"${text}" names a registry and no repository`, {
      hint: `write ${text}/** for all of them`,
    });
  }
  if (rest.some((segment) => segment.includes(":"))) {
    throw new Failure("policy/malformed", `"${text}" has a tag, and names are matched without`);
  }
  if (host === "index.docker.io" || (host === "docker.io" && rest.length === 1 && rest[0] !== "**")) {
    throw new Failure("policy/malformed", `"${text}" is not how Docker Hub's images are called`, { hint: DOCKER_HINT });
  }
}

/** Whether `pattern` matches all of `name`, a normalised `registry/repository` or `oci:PATH`. */
export function matchesPattern({ text, segments }: NamePattern, name: string): boolean {
  return text.startsWith(LAYOUT) === name.startsWith(LAYOUT) && matchFrom(segments, name.split("/"));
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
