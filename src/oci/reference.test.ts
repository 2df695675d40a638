import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { Failure } from "../failure.ts";
import { formatReference, parseReference } from "./reference.ts";

const HEX = "0123456789abcdef".repeat(4);
const DIGEST = `sha256:${HEX}`;

describe("references that are read", () => {
  test.each([
    ["a short name", "nginx", "docker.io/library/nginx:latest"],
    ["a short name and a tag", "nginx:1", "docker.io/library/nginx:1"],
    ["a user's repository", "acme/app:1", "docker.io/acme/app:1"],
    ["docker.io and a short name", "docker.io/nginx", "docker.io/library/nginx:latest"],
    ["the elder name of docker.io", "index.docker.io/nginx", "docker.io/library/nginx:latest"],
    ["a host", "ghcr.io/acme/app:1.0", "ghcr.io/acme/app:1.0"],
    ["a host with a port", "localhost:5000/app", "localhost:5000/app:latest"],
    ["localhost", "localhost/app:1", "localhost/app:1"],
    ["an IPv6 host", "[::1]:5000/app:1", "[::1]:5000/app:1"],
    ["a digest and no tag", `reg.example/app@${DIGEST}`, `reg.example/app@${DIGEST}`],
    ["a tag and a digest", `reg.example/app:1@${DIGEST}`, `reg.example/app:1@${DIGEST}`],
    ["a SHA-512 digest", `reg.example/app@sha512:${HEX}${HEX}`, `reg.example/app@sha512:${HEX}${HEX}`],
    ["separators in names", "reg.example/a--b/c__d/e.f_g:1", "reg.example/a--b/c__d/e.f_g:1"],
    ["the longest tag", `reg.example/a:${"x".repeat(128)}`, `reg.example/a:${"x".repeat(128)}`],
    ["the last port", "reg.example:65535/a:1", "reg.example:65535/a:1"],
    ["a layout", "oci:image", "oci:image"],
    ["a layout and a tag", "oci:./image:1.0", "oci:./image:1.0"],
    ["a layout and a digest", `oci:../image@${DIGEST}`, `oci:../image@${DIGEST}`],
    ["a layout, a tag and a digest", `oci:/image:1.0@${DIGEST}`, `oci:/image:1.0@${DIGEST}`],
    ["a layout whose name ends in a slash", "oci:a:b/", "oci:a:b/"],
    ["a layout below a directory with an @", "oci:me@home/image", "oci:me@home/image"],
    ["an archive", "oci-archive:image.tar:1.0", "oci-archive:image.tar:1.0"],
    ["an archive of docker save", "docker-archive:/tmp/x.tar", "docker-archive:/tmp/x.tar"],
  ])("%s", (_, text, normalised) => {
    expect(formatReference(parseReference(text))).toBe(normalised);
  });

  test("a registry reference has its parts", () => {
    expect(parseReference(`nginx@${DIGEST}`)).toEqual({
      transport: "registry",
      registry: "docker.io",
      repository: "library/nginx",
      name: "docker.io/library/nginx",
      tag: null,
      digest: DIGEST,
    });
  });

  test.each([
    ["oci:a:b/c:1.0", "a:b/c", "1.0"],
    ["oci:a:b:1.0", "a:b", "1.0"],
    ["oci:a:b/c", "a:b/c", null],
    ["oci:a:b/", "a:b/", null],
    ["oci-archive:c:/x.tar:v1", "c:/x.tar", "v1"],
  ])("the last colon after the last slash starts the tag: %s", (text, path, tag) => {
    expect(parseReference(text)).toMatchObject({ path, tag });
  });
});

describe("references that are refused", () => {
  test.each([
    ["nothing", ""],
    ["a space before it", " nginx"],
    ["a line break behind it", "reg.example/app:1\n"],
    ["an upper-case name", "NGINX:1"],
    ["a digest cut short", "reg.example/app@sha256:abc"],
    ["an upper-case digest", `reg.example/app@${DIGEST.replace("abc", "ABC")}`],
    ["an empty SHA-512 digest", "reg.example/app@sha512:"],
    ["a SHA-512 digest of SHA-256's length", `reg.example/app@sha512:${HEX}`],
    ["two tags", "reg.example/app:1:2"],
    ["a scheme", "https://reg.example/app:1"],
    ["docker's scheme", "docker://reg.example/app:1"],
    ["a parent directory", "reg.example/../app:1"],
    ["a Cyrillic letter", "reg.example/аpp:1"],
    ["a Cyrillic letter in the host", "rеg.example/app:1"],
    ["a full-width full stop", "reg。example/app:1"],
    ["an upper-case host", "Reg.example/app:1"],
    ["an empty repository", "reg.example/:1"],
    ["an empty tag", "reg.example/app:"],
    ["a tag that starts with a dot", "reg.example/app:.1"],
    ["a tag one too long", `reg.example/a:${"x".repeat(129)}`],
    ["two slashes", "reg.example//app"],
    ["a port of zero", "reg.example:0/app"],
    ["a port too large", "reg.example:65536/app"],
    ["a host and no repository", "reg.example:5000/"],
    ["two digests", `reg.example/app@${DIGEST}@${DIGEST}`],
    ["an image ID", HEX],
    ["a name too long", `reg.example/${"a".repeat(255)}`],
    ["a query", "reg.example/app?x=1"],
    ["a layout without a path", "oci:"],
    ["a tag without a layout", "oci::1.0"],
    ["a layout and half a digest", "oci:image@sha256:abc"],
    ["a layout and a tag with a slash's twin", "oci:image:a∕b"],
    ["a control character in a path", "oci:ima\u0007ge"],
    ["an archive and a digest", `oci-archive:image.tar@${DIGEST}`],
    ["more than anybody types", `oci:${"a".repeat(9000)}`],
  ])("%s", (_, text) => {
    expect(() => parseReference(text)).toThrow(expect.objectContaining({ code: "oci/malformed-reference" }));
  });
});

describe("properties", () => {
  const piece = fc.constantFrom(
    "reg.example",
    "app",
    ":",
    "/",
    "@",
    "1.0",
    DIGEST,
    "oci:",
    "oci-archive:",
    "..",
    "A",
    "é",
    "[::1]",
  );
  const texts = fc.oneof(
    fc.string({ unit: "binary" }),
    fc.array(piece, { maxLength: 8 }).map((parts) => parts.join("")),
  );

  test("any text is a reference that formats to itself, or a Failure", () => {
    fc.assert(
      fc.property(texts, (text) => {
        try {
          const reference = parseReference(text);
          expect(parseReference(formatReference(reference))).toEqual(reference);
          if (reference.transport !== "registry") expect(formatReference(reference)).toBe(text);
        } catch (error) {
          expect(error).toBeInstanceOf(Failure);
        }
      }),
      { numRuns: 2000 },
    );
  });
});
