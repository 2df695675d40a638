import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { fromUtf8, toUtf8 } from "../bytes/utf8.ts";
import { looksLikePae, pae, PAE_PREFIX_BYTES } from "./pae.ts";

describe("pae", () => {
  test("writes the example of DSSE's protocol.md", () => {
    const encoded = pae("http://example.com/HelloWorld", toUtf8("hello world"));
    expect(fromUtf8(encoded)).toBe("DSSEv1 29 http://example.com/HelloWorld 11 hello world");
  });

  test("counts bytes, not characters", () => {
    expect(fromUtf8(pae("é", toUtf8("ß")))).toBe("DSSEv1 2 é 2 ß");
  });

  test("no two payloads with their types are encoded alike", () => {
    const part = fc.string({ unit: fc.constantFrom(" ", "1", "2", "a"), maxLength: 6 });
    fc.assert(
      fc.property(part, part, part, part, (typeA, payloadA, typeB, payloadB) => {
        fc.pre(typeA !== typeB || payloadA !== payloadB);
        expect(pae(typeA, toUtf8(payloadA))).not.toEqual(pae(typeB, toUtf8(payloadB)));
      }),
    );
  });

  test.each([
    ["an encoding", pae("t", toUtf8("p")), true],
    ["its first bytes", toUtf8("DSSEv1 "), true],
    ["a byte less", toUtf8("DSSEv1 ").subarray(0, PAE_PREFIX_BYTES - 1), false],
    ["another version", toUtf8("DSSEv2 2"), false],
    ["other letters", toUtf8("dssev1 2"), false],
    ["nothing", new Uint8Array(), false],
  ])("%s", (_, bytes, expected) => {
    expect(looksLikePae(bytes)).toBe(expected);
  });
});
