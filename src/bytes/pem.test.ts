import fc from "fast-check";
import { expect, test } from "vitest";

import { Failure } from "../failure.ts";
import { formatPem, parsePem } from "./pem.ts";

const block = { label: "PUBLIC KEY", contents: Uint8Array.from({ length: 60 }, (_, index) => index) };
const text = formatPem(block);

test("wraps at 64 characters and ends with a line break", () => {
  expect(text.split("\n").map((line) => line.length)).toEqual([26, 64, 16, 24, 0]);
});

test.each([
  ["as written", text],
  ["without the last line break", text.trimEnd()],
  ["with CRLF", text.replaceAll("\n", "\r\n")],
  ["with blank lines around", `\n\n${text}\n`],
  [
    "on one line",
    `-----BEGIN PUBLIC KEY-----\n${Buffer.from(block.contents).toString("base64")}\n-----END PUBLIC KEY-----`,
  ],
])("reads a block %s", (_, input) => {
  expect(parsePem(input)).toEqual([block]);
});

test.each([
  ["nothing", ""],
  ["no block", "hello"],
  ["a block of nothing", formatPem({ label: "X", contents: new Uint8Array() })],
  ["text before", `key:\n${text}`],
  ["text after", `${text}more`],
  ["unequal labels", text.replace("END PUBLIC", "END PRIVATE")],
  ["no end", text.replace("-----END PUBLIC KEY-----\n", "")],
  ["a header", text.replace("KEY-----\n", "KEY-----\nProc-Type: 4,ENCRYPTED\n\n")],
  ["a lower-case label", text.replaceAll("PUBLIC", "public")],
  ["two blocks where one is wanted", text + text],
])("refuses %s", (_, input) => {
  expect(() => parsePem(input)).toThrow(expect.objectContaining({ code: "bytes/malformed-pem" }));
});

test("refuses a body that is not canonical base64", () => {
  expect(() => parsePem(text.replace("\n-----END", "=\n-----END"))).toThrow(
    expect.objectContaining({ code: "bytes/malformed-base64" }),
  );
});

test("reads as many blocks as it is allowed", () => {
  const other = { label: "EC PRIVATE KEY", contents: Uint8Array.of(7) };
  expect(parsePem(text + formatPem(other), 2)).toEqual([block, other]);
});

test("any block is read back, and any text is blocks or a Failure", () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 1, maxLength: 300 }), (contents) => {
      expect(parsePem(formatPem({ label: "X", contents }))).toEqual([{ label: "X", contents }]);
    }),
  );
  fc.assert(
    fc.property(fc.nat(text.length), fc.nat(5), fc.string(), (at, cut, inserted) => {
      try {
        parsePem(text.slice(0, at) + inserted + text.slice(at + cut), 4);
      } catch (error) {
        expect(error).toBeInstanceOf(Failure);
      }
    }),
  );
});
