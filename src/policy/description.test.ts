import { describe, expect, test } from "vitest";

import { type Json } from "../json/json.ts";
import { withValue } from "../testing/manifests.ts";
import { POLICY, readTestPolicy } from "../testing/policies.ts";
import { describePolicy } from "./description.ts";

const NOW = new Date("2026-11-22T10:00:00Z");
const notesOf = async (document: Json, now = NOW) => describePolicy(await readTestPolicy(document), now).notes;

test("each rule is a sentence that says what is demanded, of whom", async () => {
  expect(describePolicy(await readTestPolicy(POLICY), NOW).rules).toEqual([
    "apps: images registry.example/acme/**; by digest; all platforms; 1 of alice, bob; " +
      "logged in log.example.com with a quorum of witnesses; measured by 1 of alice; " +
      "https://spdx.dev/Document by 1 of alice, bob",
    "nodes: node images of acme-node; 1 of alice, bob; logged in log.example.com with a quorum of witnesses; " +
      "a status not older than 2592000 s by 1 of alice, bob; sequence 40 or later; tpm2: pcr4, pcr11",
  ]);
});

test("a policy without relaxations has no notes", async () => {
  expect(await notesOf(POLICY)).toEqual([]);
});

describe("every relaxation is said", () => {
  const unwitnessed = { logs: ["log"], witnesses: "none", because: "not yet" };
  const exception = {
    id: "EX-12",
    subject: `sha256:${"ab".repeat(32)}`,
    rule: "apps",
    waive: ["measurement"],
    reason: "the scanner is broken",
    owner: "ops@acme.example",
    notBefore: "2026-11-01T00:00:00Z",
    notAfter: "2026-12-01T00:00:00Z",
  };
  test.each<[string, (string | number)[], Json, string]>([
    ["no witnesses for images", ["images", 0, "transparency"], unwitnessed, "apps: without witnesses"],
    ["no witnesses for nodes", ["nodes", 0, "transparency"], unwitnessed, "nodes: without witnesses"],
    ["no measurement", ["images", 0, "measurement"], { none: { because: "not yet" } }, "apps: images are not measured"],
    ["no status", ["nodes", 0, "status"], { required: false, because: "not yet" }, "nodes: without a status"],
    [
      "recipes",
      ["nodes", 0, "recipeOnly"],
      { allow: { because: "not ours" } },
      "nodes: measurements that nobody derived",
    ],
    ["no registers", ["nodes", 0, "registers"], {}, "nodes: no registers are required"],
    ["an exception", ["exceptions"], [exception], "exception EX-12 ends at 2026-12-01T00:00:00.000Z"],
    [
      "an exception that has ended",
      ["exceptions"],
      [{ ...exception, notAfter: "2026-11-22T09:59:59Z" }],
      "exception EX-12 has ended and waives nothing",
    ],
    ["an end that is near", ["notAfter"], "2026-12-06T09:59:59Z", "the policy ends at 2026-12-06T09:59:59.000Z"],
    ["an end that was", ["notAfter"], "2026-11-22T09:59:59Z", "the policy has ended: it admits nothing"],
  ])("%s", async (_name, path, value, note) => {
    expect(await notesOf(withValue(POLICY, path, value))).toEqual([expect.stringContaining(note)]);
  });

  test("an end that is 14 days away is not near", async () => {
    expect(await notesOf(withValue(POLICY, ["notAfter"], "2026-12-06T10:00:00Z"))).toEqual([]);
  });
});
