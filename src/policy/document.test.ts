import { Check } from "typebox/schema";
import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { Failure } from "../failure.ts";
import { type Json } from "../json/json.ts";
import { mutatedJson } from "../testing/mutation.ts";
import { withValue } from "../testing/manifests.ts";
import { POLICY, policyText } from "../testing/policies.ts";
import { parsePolicy } from "./document.ts";
import { PolicyDocument } from "./schema.ts";

const read = (document: Json) => parsePolicy(policyText(document));
type Path = readonly (string | number)[];
const edited = (...edits: readonly (readonly [Path, Json | undefined])[]): Json =>
  edits.reduce<Json>((document, [path, value]) => withValue(document, path, value), POLICY);

const EXCEPTION = {
  id: "EX-12",
  subject: `sha256:${"ab".repeat(32)}`,
  rule: "apps",
  waive: ["measurement", "attestation:https://spdx.dev/Document"],
  reason: "the scanner is broken",
  owner: "ops@acme.example",
  notBefore: "2026-11-01T00:00:00Z",
  notAfter: "2026-12-01T00:00:00Z",
};
const withException = (...edits: readonly (readonly [keyof typeof EXCEPTION | "because", Json | undefined])[]): Json =>
  edited([
    ["exceptions"],
    [edits.reduce<Json>((exception, [name, value]) => withValue(exception, [name], value), EXCEPTION)],
  ]);
const unwitnessed = { logs: ["log"], witnesses: "none", because: "there is no witness yet" };

test("a policy that uses every field is read as it is", () => {
  expect(read(POLICY)).toEqual(POLICY);
  expect(read(withException())).toEqual({ ...POLICY, exceptions: [EXCEPTION] });
});

describe("what a policy may not say", () => {
  /** What is wrong, the document, and one that differs in that alone. */
  const CASES: readonly (readonly [string, Json, Json])[] = [
    ["an unknown field", edited([["mode"], "audit"]), POLICY],
    ["an unknown field in a key", edited([["trust", "keys", 0, "trusted"], true]), POLICY],
    ["an unknown field in a rule", edited([["images", 0, "mode"], "audit"]), POLICY],
    ["an unknown field in a demand", edited([["images", 0, "signatures", "any"], true]), POLICY],
    ["an unknown field in the registers", edited([["nodes", 0, "registers", "TPM2"], ["pcr4"]]), POLICY],
    ["a field of JavaScript's", edited([["constructor"], 1]), POLICY],
    // Row 15 of the negative tests: who signs is a key here, and never part of a name.
    ["a pattern of a subject as signer", edited([["trust", "identities"], [{ subjectRegexp: "https://…" }]]), POLICY],
    ["a pattern of a subject in a rule", edited([["images", 0, "signatures", "subjectRegexp"], ".*"]), POLICY],
    ["a version to come", edited([["apiVersion"], "assay/v2"]), POLICY],
    ["another kind", edited([["kind"], "ClusterImagePolicy"]), POLICY],
    ["no end", edited([["notAfter"], undefined]), POLICY],
    ["an end that is never", edited([["notAfter"], "never"]), POLICY],
    ["an end in the 13th month", edited([["notAfter"], "2027-13-01T00:00:00Z"]), POLICY],
    ["an end on the 30th of February", edited([["notAfter"], "2027-02-30T00:00:00Z"]), POLICY],
    ["an end at 24 o'clock", edited([["notAfter"], "2027-06-30T24:00:00Z"]), POLICY],
    ["an end in local time", edited([["notAfter"], "2027-06-30T00:00:00"]), POLICY],
    ["version 0", edited([["version"], 0]), edited([["version"], 1])],
    ["a version in text", edited([["version"], "7"]), POLICY],
    ["no image rules, not even none", edited([["images"], undefined]), edited([["images"], []])],

    ["a key without an end", edited([["trust", "keys", 0, "notAfter"], undefined]), POLICY],
    ["a key that ends in the 13th month", edited([["trust", "keys", 0, "notAfter"], "2027-13-01T00:00:00Z"]), POLICY],
    ["a key that begins on day 0", edited([["trust", "keys", 0, "notBefore"], "2026-01-00T00:00:00Z"]), POLICY],
    ["a key that ends before it begins", edited([["trust", "keys", 0, "notAfter"], "2025-12-31T23:59:59Z"]), POLICY],
    ["a key without use", edited([["trust", "keys", 0, "use"], []]), POLICY],
    ["a key with a use that is none", edited([["trust", "keys", 0, "use", 0], "everything"]), POLICY],
    ["a key that is not pinned", edited([["trust", "keys", 0, "sha256"], undefined]), POLICY],
    ["two keys of one name", edited([["trust", "keys", 1, "name"], "alice"]), POLICY],
    [
      "a revocation without a log",
      edited([["trust", "keys", 0, "revokedFrom"], { index: 7 }]),
      edited([["trust", "keys", 0, "revokedFrom"], { logId: "ab".repeat(32), index: 7 }]),
    ],
    [
      "a revocation from a negative index",
      edited([["trust", "keys", 0, "revokedFrom"], { logId: "ab".repeat(32), index: -1 }]),
      edited([["trust", "keys", 0, "revokedFrom"], { logId: "ab".repeat(32), index: 0 }]),
    ],
    ["two logs of one name", edited([["trust", "logs", 1, "name"], "log"]), POLICY],

    ["two rules of one name", edited([["nodes", 0, "name"], "apps"]), POLICY],
    ["a rule that matches nothing", edited([["images", 0, "match"], []]), POLICY],
    ["a pattern that matches nothing", edited([["images", 0, "match", 0], "nginx"]), POLICY],
    ["a digest that is optional", edited([["images", 0, "digest"], "optional"]), POLICY],
    ["a threshold of none", edited([["images", 0, "signatures", "threshold"], 0]), POLICY],
    ["a threshold of a half", edited([["images", 0, "signatures", "threshold"], 0.5]), POLICY],
    [
      "a threshold that cannot be met",
      edited([["images", 0, "signatures", "threshold"], 3]),
      edited([["images", 0, "signatures", "threshold"], 2]),
    ],
    ["nobody who signs", edited([["images", 0, "signatures", "of"], []]), POLICY],
    [
      "a signer twice",
      edited([
        ["images", 0, "signatures", "of"],
        ["alice", "alice"],
      ]),
      POLICY,
    ],
    ["a signer that trust does not define", edited([["images", 0, "signatures", "of", 0], "mallory"]), POLICY],
    ["a signer that may sign files only", edited([["images", 0, "signatures", "of", 0], "carol"]), POLICY],
    ["a measurer that may not", edited([["images", 0, "measurement", "signatures", "of", 0], "carol"]), POLICY],
    ["an attester that may not", edited([["images", 0, "attestations", 0, "signatures", "of", 0], "carol"]), POLICY],
    ["a node's signer that may not", edited([["nodes", 0, "signatures", "of", 0], "carol"]), POLICY],
    ["a status's signer that may not", edited([["nodes", 0, "status", "signatures", "of", 0], "carol"]), POLICY],

    ["no transparency", edited([["images", 0, "transparency"], undefined]), POLICY],
    ["no log", edited([["images", 0, "transparency", "logs"], []]), POLICY],
    ["a log that trust does not define", edited([["images", 0, "transparency", "logs", 0], "rekor"]), POLICY],
    [
      "no witnesses, without a reason",
      edited([["images", 0, "transparency"], { logs: ["log"], witnesses: "none" }]),
      edited([["images", 0, "transparency"], unwitnessed]),
    ],
    [
      "no witnesses, with an empty reason",
      edited([["images", 0, "transparency"], { ...unwitnessed, because: "" }]),
      edited([["images", 0, "transparency"], unwitnessed]),
    ],
    [
      "an age of the checkpoint without witnesses, who alone know it",
      edited([["images", 0, "transparency"], { ...unwitnessed, maxCheckpointAge: "7d" }]),
      edited([["images", 0, "transparency"], unwitnessed]),
    ],
    [
      "a quorum where trust has no witnesses",
      edited([["trust", "witnesses"], { none: { because: "none yet" } }]),
      edited(
        [["trust", "witnesses"], { none: { because: "none yet" } }],
        [["images", 0, "transparency"], unwitnessed],
        [["nodes", 0, "transparency"], unwitnessed],
      ),
    ],
    ["an age of nothing", edited([["images", 0, "transparency", "maxCheckpointAge"], "0d"]), POLICY],
    ["an age without a unit", edited([["images", 0, "transparency", "maxCheckpointAge"], 7]), POLICY],
    [
      "no measurement, without a reason",
      edited([["images", 0, "measurement"], { none: {} }]),
      edited([["images", 0, "measurement"], { none: { because: "nobody measures yet" } }]),
    ],
    [
      "no measurement, and one",
      edited([["images", 0, "measurement", "none"], { because: "both" }]),
      edited([["images", 0, "measurement"], { none: { because: "one" } }]),
    ],

    [
      "one product in two rules",
      edited([["nodes"], [POLICY.nodes[0], { ...POLICY.nodes[0], name: "nodes-2" }]]),
      edited([["nodes"], [POLICY.nodes[0], { ...POLICY.nodes[0], name: "nodes-2", products: ["acme/node.2"] }]]),
    ],
    ["a rule for no product", edited([["nodes", 0, "products"], []]), POLICY],
    ["a status without an age", edited([["nodes", 0, "status", "maxAge"], undefined]), POLICY],
    [
      "no status, without a reason",
      edited([["nodes", 0, "status"], { required: false }]),
      edited([["nodes", 0, "status"], { required: false, because: "one release only" }]),
    ],
    ["no lowest sequence", edited([["nodes", 0, "minSequence"], undefined]), edited([["nodes", 0, "minSequence"], 0])],
    [
      "recipes, without a reason",
      edited([["nodes", 0, "recipeOnly"], "allow"]),
      edited([["nodes", 0, "recipeOnly"], { allow: { because: "the firmware is not ours" } }]),
    ],
    ["a platform without registers", edited([["nodes", 0, "registers", "tpm2"], []]), POLICY],
    ["a register that is no name", edited([["nodes", 0, "registers", "tpm2", 0], "pcr-4"]), POLICY],

    ["an exception for a pattern", withException(["subject", "registry.example/acme/**"]), withException()],
    ["an exception for a tag", withException(["subject", "registry.example/acme/app:1.0"]), withException()],
    ["an exception that waives a signature", withException(["waive", ["signature"]]), withException()],
    ["an exception that waives the log", withException(["waive", ["inclusion"]]), withException()],
    ["an exception that waives everything", withException(["waive", ["*"]]), withException()],
    ["an exception that waives two lines", withException(["waive", ["attestation:a\nsignature"]]), withException()],
    ["an exception that waives nothing", withException(["waive", []]), withException()],
    ["an exception to a rule that is not there", withException(["rule", "other"]), withException()],
    ["an exception to a node rule", withException(["rule", "nodes"]), withException()],
    ["an exception without a reason", withException(["reason", undefined]), withException()],
    ["an exception without an owner", withException(["owner", undefined]), withException()],
    ["an exception without an end", withException(["notAfter", undefined]), withException()],
    [
      "an exception of 30 days and a second",
      withException(["notAfter", "2026-12-01T00:00:01Z"]),
      withException(["notAfter", "2026-12-01T00:00:00Z"]),
    ],
    ["an exception that ends when it begins", withException(["notAfter", "2026-11-01T00:00:00Z"]), withException()],
    [
      "an exception that ends on the 31st of November",
      withException(["notAfter", "2026-11-31T00:00:00Z"]),
      withException(),
    ],
    ["two exceptions of one id", edited([["exceptions"], [EXCEPTION, EXCEPTION]]), withException()],
  ];

  test.each(CASES)("%s", (_name, refused, accepted) => {
    expect(() => read(refused)).toThrow(expect.objectContaining({ code: "policy/malformed" }));
    expect(read(accepted)).toEqual(accepted);
  });
});

test("what is wrong is told by its place", () => {
  expect(() => read(edited([["images", 0, "signatures", "threshold"], 3]))).toThrow('rule "apps" wants 3 of 2 signers');
  expect(() => read(edited([["nodes", 0, "minSequence"], "x"]))).toThrow("/nodes/0/minSequence");
});

test("a policy one to three edits away is one by the published schema, or a Failure", () => {
  fc.assert(
    fc.property(mutatedJson(withException()), (document) => {
      try {
        expect(Check(PolicyDocument, read(document))).toBe(true);
      } catch (error) {
        expect(error).toBeInstanceOf(Failure);
      }
    }),
    { numRuns: 500 },
  );
});
