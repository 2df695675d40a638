import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { Failure } from "../failure.ts";
import { parseReference } from "../oci/reference.ts";
import { matchesPattern, parsePattern } from "./pattern.ts";

const matches = (pattern: string, name: string): boolean => matchesPattern(parsePattern(pattern), name);

describe("a pattern matches whole names, segment by segment", () => {
  /** The pattern, names that it matches, names that it does not. */
  const CASES: readonly (readonly [string, readonly string[], readonly string[]])[] = [
    [
      "ghcr.io/acme/*",
      ["ghcr.io/acme/a", "ghcr.io/acme/a-b.c_d"],
      [
        "ghcr.io/acme/a/b",
        "ghcr.io/acme",
        "ghcr.io.evil.example/acme/a",
        "ghcr.io/acme-evil/a",
        "evil.example/ghcr.io/acme/a",
        "ghcr.io:443/acme/a",
        "xghcr.io/acme/a",
        "ghcrxio/acme/a",
        "docker.io/acme/a",
        "docker.io/library/acme",
        "oci:ghcr.io/acme/a",
      ],
    ],
    [
      "ghcr.io/acme/**",
      ["ghcr.io/acme/a", "ghcr.io/acme/a/b/c"],
      ["ghcr.io/acme", "ghcr.io/acme-evil/a", "ghcr.io/acmes/a/b"],
    ],
    ["ghcr.io/**/app", ["ghcr.io/a/app", "ghcr.io/a/b/app"], ["ghcr.io/app", "ghcr.io/a/apps", "ghcr.io/a/app/b"]],
    ["ghcr.io/acme/app", ["ghcr.io/acme/app"], ["ghcr.io/acme/apps", "ghcr.io/acme/ap", "ghcr.io/acme/app/x"]],
    ["ghcr.io/acme/app-*", ["ghcr.io/acme/app-", "ghcr.io/acme/app-1"], ["ghcr.io/acme/app", "ghcr.io/acme/xapp-1"]],
    ["ghcr.io/acme/*-app", ["ghcr.io/acme/my-app"], ["ghcr.io/acme/my-app-x", "ghcr.io/acme/app"]],
    ["ghcr.io/acme/a*a", ["ghcr.io/acme/aa", "ghcr.io/acme/aba"], ["ghcr.io/acme/a", "ghcr.io/acme/ab"]],
    ["ghcr.io/acme/a*b*c", ["ghcr.io/acme/abc", "ghcr.io/acme/axbbxc"], ["ghcr.io/acme/acb", "ghcr.io/acme/abcx"]],
    ["*.acme.example/**", ["eu.acme.example/x"], ["acme.example/x", "eu.acme.example.evil/x", "oci:eu.acme.example/x"]],
    ["localhost/*", ["localhost/x"], ["localhost:5000/x"]],
    ["localhost:5000/*", ["localhost:5000/x"], ["localhost/x", "localhost:50001/x"]],
    ["docker.io/library/nginx", ["docker.io/library/nginx"], ["docker.io/evil/nginx", "docker.io/library/nginx2"]],
    ["docker.io/**", ["docker.io/library/nginx"], ["docker.io.evil.example/library/nginx"]],
    ["**", ["ghcr.io/a", "localhost/x/y"], ["oci:a", "oci:/srv/image"]],
    ["oci:**", ["oci:a", "oci:a/b", "oci:/srv/a"], ["ghcr.io/a/b", "docker.io/oci/a"]],
    ["oci:image", ["oci:image"], ["oci:image2", "oci:./image", "oci:image/x"]],
    ["oci:/srv/**", ["oci:/srv/a", "oci:/srv/a/b"], ["oci:/srv", "oci:/srvx/a", "oci:srv/a"]],
    ["oci:images/*", ["oci:images/a"], ["oci:images/a/b", "oci:images"]],
  ];

  test.each(CASES)("%s", (pattern, good, bad) => {
    expect(good.filter((name) => !matches(pattern, name))).toEqual([]);
    expect(bad.filter((name) => matches(pattern, name))).toEqual([]);
  });

  test.each([
    ["nginx", "docker.io/library/nginx"],
    ["acme/app", "docker.io/acme/app"],
    ["index.docker.io/acme/app:1.0", "docker.io/acme/app"],
  ])("the short name %s is judged as %s", (short, name) => {
    const reference = parseReference(short);
    expect(reference.transport === "registry" && matches(name, reference.name)).toBe(true);
    expect(reference.transport === "registry" && matches("ghcr.io/**", reference.name)).toBe(false);
  });
});

describe("a pattern that nothing can match is refused", () => {
  /** What is wrong, the pattern, and the one that says what was meant. */
  test.each([
    ["empty", "", "**"],
    ["no host", "acme/*", "docker.io/acme/*"],
    ["a short Docker name", "nginx", "docker.io/library/nginx"],
    ["a Docker name without its namespace", "docker.io/nginx", "docker.io/library/nginx"],
    ["Docker Hub without namespaces", "docker.io/*", "docker.io/**"],
    ["Docker Hub's other name", "index.docker.io/acme/app", "docker.io/acme/app"],
    ["a registry alone", "ghcr.io", "ghcr.io/**"],
    ["any host", "*/acme", "*.example/acme"],
    ["a tag", "ghcr.io/acme/app:1.0", "ghcr.io/acme/app"],
    ["a tag on part of a path", "ghcr.io/ac:me/app", "ghcr.io/acme/app"],
    ["a digest", "ghcr.io/acme/app@sha256:00", "ghcr.io/acme/app"],
    ["a scheme", "https://ghcr.io/acme/app", "ghcr.io/acme/app"],
    ["upper case", "ghcr.io/Acme/app", "ghcr.io/acme/app"],
    ["a homoglyph", "ghcr.io/аcme/app", "ghcr.io/acme/app"],
    ["two slashes", "ghcr.io//app", "ghcr.io/app"],
    ["a slash at the end", "ghcr.io/acme/", "ghcr.io/acme/*"],
    ["** in a word", "ghcr.io/acme/a**", "ghcr.io/acme/a*"],
    ["***", "ghcr.io/***", "ghcr.io/**"],
    ["a regular expression", "ghcr.io/(acme|evil)/app", "ghcr.io/acme/app"],
    ["a line break", "ghcr.io/acme/app\n", "ghcr.io/acme/app"],
    ["a space", " ghcr.io/acme/app", "ghcr.io/acme/app"],
    ["a layout without a path", "oci:", "oci:**"],
    ["** in a layout's word", "oci:a**", "oci:a*"],
  ])("%s", (_name, refused, accepted) => {
    expect(() => parsePattern(refused)).toThrow(expect.objectContaining({ code: "policy/malformed" }));
    expect(parsePattern(accepted).text).toBe(accepted);
  });
});

test("patterns with many stars take no more steps than pattern times name", () => {
  const name = `ghcr.io/${"a/".repeat(2000)}b`;
  expect(matches(`ghcr.io/${"**/a/".repeat(100)}c`, name)).toBe(false);
  expect(matches(`ghcr.io/${"**/a/".repeat(100)}b`, name)).toBe(true);
  expect(matches(`ghcr.io/${"*a".repeat(200)}c`, `ghcr.io/${"a".repeat(100_000)}`)).toBe(false);
  expect(matches(`ghcr.io/${"*a".repeat(200)}`, `ghcr.io/${"a".repeat(100_000)}`)).toBe(true);
});

describe("against a slow reference", () => {
  const segment = fc.stringMatching(/^[ab*]{1,4}$/).filter((text) => !text.includes("**"));
  const pattern = fc.array(fc.oneof(segment, fc.constant("**")), { minLength: 1, maxLength: 5 });
  const name = fc.array(fc.stringMatching(/^[ab]{1,4}$/), { minLength: 1, maxLength: 6 });

  test("it says the same", () => {
    fc.assert(
      fc.property(pattern, name, (patternSegments, nameSegments) => {
        const text = ["h.x", ...patternSegments].join("/");
        const expression = ["h\\.x", ...patternSegments]
          .map((each) => (each === "**" ? "[^/]+(?:/[^/]+)*" : each.replaceAll("*", "[^/]*")))
          .join("/");
        const asked = ["h.x", ...nameSegments].join("/");
        expect(matches(text, asked)).toBe(new RegExp(`^${expression}$`).test(asked));
      }),
      { numRuns: 2000 },
    );
  });
});

test("any text is a pattern or a Failure", () => {
  const text = fc.oneof(fc.string({ unit: "binary" }), fc.stringMatching(/^[a-z.:/*]{1,30}$/));
  fc.assert(
    fc.property(text, (input) => {
      try {
        expect(parsePattern(input).text).toBe(input);
      } catch (error) {
        expect(error).toBeInstanceOf(Failure);
      }
    }),
  );
});
