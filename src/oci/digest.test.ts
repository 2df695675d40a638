import { describe, expect, test } from "vitest";

import { toUtf8 } from "../bytes/utf8.ts";
import { digestOf, parseDigest, sha256Digest, splitDigest } from "./digest.ts";

const HEX = "ab".repeat(32);

describe("digests", () => {
  test("the digest of the empty configuration is the one of the specification", () => {
    // OCI image-spec, manifest.md, "Guidance for an Empty Descriptor".
    expect(digestOf(toUtf8("{}"))).toBe("sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a");
  });

  test.each([`sha256:${HEX}`, `sha512:${HEX}${HEX}`])("%s is read and split", (text) => {
    expect(splitDigest(parseDigest(text)).join(":")).toBe(text);
  });

  test.each([
    ["upper-case hex", `sha256:${HEX.toUpperCase()}`],
    ["an upper-case algorithm", `SHA256:${HEX}`],
    ["one digit short", `sha256:${HEX.slice(1)}`],
    ["one digit long", `sha256:${HEX}0`],
    ["a SHA-512 digest half as long", `sha512:${HEX}`],
    ["another algorithm", `sha1:${"a".repeat(40)}`],
    ["a path", `sha256:../../${HEX}`],
    ["a line break", `sha256:${HEX}\n`],
    ["no algorithm", HEX],
    ["nothing", ""],
  ])("%s is refused", (_, text) => {
    expect(() => parseDigest(text)).toThrow(expect.objectContaining({ code: "oci/malformed-digest" }));
  });

  test("a hash of another length is a programmer's mistake", () => {
    expect(() => sha256Digest(new Uint8Array(31))).toThrow(RangeError);
  });
});
