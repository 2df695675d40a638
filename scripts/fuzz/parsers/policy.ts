import { stringify } from "yaml";

import { toUtf8 } from "../../../src/bytes/utf8.ts";
import { formatVkey } from "../../../src/note/vkey.ts";
import { parsePolicy } from "../../../src/policy/document.ts";
import { parsePattern } from "../../../src/policy/pattern.ts";
import { policyDigest } from "../../../src/policy/policy.ts";
import { MemoryLog, testWitness } from "../../../src/testing/bundles.ts";
import { POLICY, WITNESS_POLICY } from "../../../src/testing/policies.ts";
import { formatTrustPolicy, parseTrustPolicy } from "../../../src/witness/policy.ts";
import { jsonMutation } from "../json-mutation.ts";
import { parser, readsBack, textParser } from "../parser.ts";

const witness = `witness w ${formatVkey(testWitness("w", 0).key)} https://w.example/\n`;
const log = `log ${formatVkey(new MemoryLog().key)} https://log.example/\n`;

export const parsers = [
  parser({
    name: "policy yaml",
    seeds: [{}, { defaultStringType: "QUOTE_DOUBLE" } as const].map((style) =>
      toUtf8(stringify(POLICY, { aliasDuplicateObjects: false, ...style })),
    ),
    parse: parsePolicy,
    check: policyDigest,
  }),
  // Every JSON text of a policy is YAML too, so that its values can be edited one by one.
  parser({
    name: "policy values",
    seeds: [toUtf8(JSON.stringify(POLICY))],
    mutation: jsonMutation,
    parse: parsePolicy,
    check: policyDigest,
  }),
  textParser({
    name: "name pattern",
    seeds: ["registry.example/acme/**", "**/app-*", "docker.io/library/nginx", "oci:**", "localhost:5000/a"],
    parse: parsePattern,
  }),
  textParser({
    name: "tlog-policy",
    seeds: [WITNESS_POLICY, `# a comment\n${log}${witness}group g all w\ngroup h any g\nquorum h\n`, "quorum none\n"],
    parse: parseTrustPolicy,
    check: readsBack(formatTrustPolicy, (bytes) => parseTrustPolicy(Buffer.from(bytes).toString())),
  }),
];
