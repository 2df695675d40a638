import { readFileSync } from "node:fs";
import { join } from "node:path";

import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { fromHex } from "../bytes/hex.ts";
import { concat } from "../bytes/join.ts";
import { Failure, type FailureCode } from "../failure.ts";
import { describeVectors, VECTORS } from "../testing/require.ts";
import { type DerNode, MAX_DER_BYTES, MAX_DER_DEPTH, readDer, writeDer } from "./node.ts";
import { TAGS } from "./tag.ts";

/** `depth` sequences inside one another. */
const nested = (depth: number): Uint8Array =>
  Array.from({ length: depth }).reduce<Uint8Array>((inner) => writeDer(TAGS.sequence, inner), new Uint8Array());

test("a value is its tag, its contents and its children", () => {
  const node = readDer(fromHex("30080201050c03616263"));
  expect(node.tag).toBe(TAGS.sequence);
  expect(node.contents).toEqual(fromHex("0201050c03616263"));
  expect(node.children.map(({ tag, contents, raw }) => [tag, contents, raw])).toEqual([
    [TAGS.integer, fromHex("05"), fromHex("020105")],
    [TAGS.utf8String, fromHex("616263"), fromHex("0c03616263")],
  ]);
});

describe("each refusal and its accepted twin", () => {
  test.each<[string, string, string]>([
    ["nothing", "", "0500"],
    ["a tag only", "05", "0500"],
    ["a byte after the value", "050000", "0500"],
    ["contents cut short", "0c0361", "0c0161"],
    ["a child longer than its parent", "3003020201", "3003020101"],
    ["an indefinite length", "30800201010000", "3003020101"],
    ["a length in two octets that fits one", "0c810161", "0c0161"],
    ["a length with a leading zero octet", "0c820080" + "61".repeat(128), "0c8180" + "61".repeat(128)],
    ["a length cut short", "0c8201", "0c8180" + "61".repeat(128)],
    ["a length in five octets", "0c850000000161", "0c0161"],
    ["a length of 2^32 - 1", "0c84ffffffff61", "0c0161"],
    ["the reserved length ff", "0cff61", "0c0161"],
    ["a tag number above 30", "1f2000", "9e00"],
    ["the end-of-contents tag", "0000", "0500"],
    ["a primitive sequence", "1000", "3000"],
    ["a primitive set", "1100", "3100"],
    ["a constructed string", "2403040161", "040161"],
    ["a constructed integer", "2203020101", "020101"],
    ["a boolean that is not ff", "010101", "0101ff"],
    ["a boolean of two octets", "01020000", "010100"],
    ["a null with contents", "050100", "0500"],
    ["an integer without contents", "0200", "020100"],
    ["an integer padded with zeros", "0202007f", "02020080"],
    ["an integer padded with ones", "0202ff80", "0202ff7f"],
    ["a bit string without contents", "0300", "030100"],
    ["eight unused bits", "03020800", "03020700"],
    ["unused bits of no bits", "030101", "030100"],
    ["unused bits that are set", "0302017f", "0302017e"],
    ["an object identifier without contents", "0600", "06012a"],
    ["an object identifier that is padded", "06032a8001", "06032a8101"],
    ["an object identifier cut short", "06022a81", "06022a01"],
  ])("%s", (_name, refused, accepted) => {
    expect(() => readDer(fromHex(refused))).toThrow(expect.objectContaining({ code: "der/malformed" }));
    const bytes = fromHex(accepted);
    expect(readDer(bytes).raw).toEqual(bytes);
  });

  test("more levels than are read", () => {
    expect(readDer(nested(MAX_DER_DEPTH)).children).toHaveLength(1);
    expect(() => readDer(nested(MAX_DER_DEPTH + 1))).toThrow(expect.objectContaining({ code: "der/too-deep" }));
    expect(() => readDer(nested(10_000))).toThrow(expect.objectContaining({ code: "der/too-deep" }));
  });

  test("more bytes than are read", () => {
    const whole = writeDer(TAGS.octetString, new Uint8Array(MAX_DER_BYTES - 5));
    expect(whole).toHaveLength(MAX_DER_BYTES);
    expect(readDer(whole).contents).toHaveLength(MAX_DER_BYTES - 5);
    const longer = writeDer(TAGS.octetString, new Uint8Array(MAX_DER_BYTES - 4));
    expect(() => readDer(longer)).toThrow(expect.objectContaining({ code: "der/malformed" }));
  });
});

describeVectors("boot")("a real certificate", () => {
  const certificate = readFileSync(join(VECTORS, "boot/r1/ek.crt"));

  test("is read whole, and written back the same", () => {
    const node = readDer(certificate);
    expect(node.children.map(({ tag }) => tag)).toEqual([TAGS.sequence, TAGS.sequence, TAGS.bitString]);
    expect(rewrite(node)).toEqual(new Uint8Array(certificate));
  });

  test("with bytes changed, cut or added is either a value or a Failure", () => {
    const change = fc.tuple(fc.nat({ max: certificate.length - 1 }), fc.nat({ max: 255 }));
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 4 }), fc.nat({ max: 8 }), (changes, cut) => {
        const bytes = Uint8Array.from(certificate);
        for (const [at, byte] of changes) bytes[at] = byte;
        isValueOrFailure(bytes.subarray(0, bytes.length - cut));
      }),
      { numRuns: 2000 },
    );
  });
});

test("any bytes at all are either a value that is written back the same, or a Failure", () => {
  const tag = fc.constantFrom(...Object.values(TAGS), 0x80, 0xa0, 0xa3, 0x61, 0x1f, 0x24);
  const tlv = fc.letrec<{ node: Uint8Array }>((tie) => ({
    node: fc.oneof(
      { maxDepth: 5 },
      fc.tuple(tag, fc.uint8Array({ maxLength: 6 })).map(([tag, contents]) => writeDer(tag, contents)),
      fc.tuple(tag, fc.array(tie("node"), { maxLength: 3 })).map(([tag, inner]) => writeDer(tag, concat(...inner))),
    ),
  })).node;
  fc.assert(fc.property(fc.oneof(fc.uint8Array({ maxLength: 40 }), tlv), isValueOrFailure), { numRuns: 3000 });
});

function isValueOrFailure(bytes: Uint8Array): void {
  let node: DerNode;
  try {
    node = readDer(bytes);
  } catch (error) {
    expect(error).toBeInstanceOf(Failure);
    const codes: readonly FailureCode[] = ["der/malformed", "der/too-deep"];
    expect(codes).toContain(error instanceof Failure ? error.code : error);
    return;
  }
  expect(rewrite(node)).toEqual(Uint8Array.from(bytes));
}

/** The value written again from its leaves up. */
const rewrite = ({ tag, contents, children }: DerNode): Uint8Array =>
  children.length === 0 ? writeDer(tag, contents) : writeDer(tag, ...children.map(rewrite));
