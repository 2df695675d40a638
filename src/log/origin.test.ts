import { expect, test } from "vitest";

import { requireOrigin } from "./origin.ts";

test.each([
  "log.example.com",
  "localhost",
  "log2025-1.rekor.example",
  "192.0.2.7",
  `${"a".repeat(60)}.${"b".repeat(60)}.${"c".repeat(60)}.${"d".repeat(60)}.${"e".repeat(11)}`,
])("a log may be called %s", (origin) => {
  requireOrigin(origin);
});

test.each([
  ["a port", "log.example.com:8080"],
  ["a path", "log.example.com/log"],
  ["a final slash", "log.example.com/"],
  ["a scheme", "https://log.example.com"],
  ["capitals", "Log.example.com"],
  ["a final dot", "log.example.com."],
  ["a user", "me@log.example.com"],
  ["a query", "log.example.com?x"],
  ["a plus sign", "log+1.example.com"],
  ["a space", "log example.com"],
  ["a line break", "log.example.com\n"],
  ["nothing", ""],
  ["Rekor v1's form", "rekor.example.com - 1193050959916656506"],
  ["letters that URLs write otherwise", "lög.example.com"],
  ["a number that is an address", "127.1"],
  ["an IPv6 literal", "[::1]"],
  ["256 characters", `${"a".repeat(60)}.${"b".repeat(60)}.${"c".repeat(60)}.${"d".repeat(60)}.${"e".repeat(12)}`],
])("a log may not be called with %s", (_, origin) => {
  expect(() => requireOrigin(origin)).toThrow(expect.objectContaining({ code: "log/malformed-origin" }));
});
