import { createHash } from "node:crypto";

import { describe, expect, test } from "vitest";

import { fromHex, toHex } from "../bytes/hex.ts";
import { toUtf8 } from "../bytes/utf8.ts";
import { asHash, EMPTY_ROOT, leafHash, nodeHash } from "./hash.ts";

const sha256 = (hex: string) => createHash("sha256").update(fromHex(hex)).digest("hex");

describe("RFC 6962 §2.1", () => {
  test("a tree without leaves has the hash of nothing", () => expect(toHex(EMPTY_ROOT)).toBe(sha256("")));

  test.each([
    ["an empty entry", "", "00"],
    ["one byte", "2a", "002a"],
    ["many", "ff".repeat(70_000), `00${"ff".repeat(70_000)}`],
  ])("a leaf is the hash of 00 and the entry: %s", (_, entry, preimage) => {
    expect(toHex(leafHash(fromHex(entry)))).toBe(sha256(preimage));
  });

  test("a node is the hash of 01 and both children", () => {
    const [left, right] = [leafHash(toUtf8("left")), leafHash(toUtf8("right"))];
    expect(toHex(nodeHash(left, right))).toBe(sha256(`01${toHex(left)}${toHex(right)}`));
  });

  test("no entry passes for a node", () => {
    const [left, right] = [leafHash(toUtf8("left")), leafHash(toUtf8("right"))];
    expect(leafHash(new Uint8Array([...left, ...right]))).not.toEqual(nodeHash(left, right));
  });
});

test("a hash is 32 bytes", () => {
  expect(asHash(new Uint8Array(32))).toHaveLength(32);
  for (const length of [0, 31, 33]) expect(() => asHash(new Uint8Array(length))).toThrow(RangeError);
});
