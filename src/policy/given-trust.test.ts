import { describe, expect, test } from "vitest";

import { MemoryLog, testKey } from "../testing/bundles.ts";
import { WITNESS_POLICY } from "../testing/policies.ts";
import { parseTrustPolicy } from "../witness/policy.ts";
import { type GivenTrust, policyOf } from "./given-trust.ts";
import { matchesPattern } from "./pattern.ts";

const keyOf = (name: string, key = name) => ({ name: `${name}.pub`, key: testKey(key).publicKey });
const LOG = new MemoryLog().trusted;
const TRUST: GivenTrust = { keys: [keyOf("alice"), keyOf("bob")], threshold: 1, logs: [LOG], witnesses: null };

test("the policy of the flags asks of any image what the flags say, and nothing of node images", () => {
  const { images, nodes, exceptions, notAfter, signatures, transparency } = policyOf(TRUST);
  const [rule] = images;
  expect({ images: images.length, nodes, exceptions, notAfter }).toEqual({
    images: 1,
    nodes: [],
    exceptions: [],
    notAfter: null,
  });
  expect(rule).toMatchObject({ signatures, transparency, coverChildren: true, measurement: null, attestations: [] });
  expect(signatures).toMatchObject({ threshold: 1, of: [{ name: "alice.pub" }, { name: "bob.pub" }] });
  expect(transparency).toEqual({ logs: [LOG], witnesses: null, maxCheckpointAgeSeconds: null });
  for (const name of ["docker.io/library/nginx", "oci:image", "oci:/srv/image"]) {
    expect(rule?.match.some((pattern) => matchesPattern(pattern, name))).toBe(true);
  }
  expect(policyOf({ ...TRUST, logs: null }).images[0]?.transparency).toBeNull();
});

describe("a threshold that no signatures can meet is refused", () => {
  test.each<[string, GivenTrust, GivenTrust]>([
    ["of no keys", { ...TRUST, keys: [] }, TRUST],
    ["of nobody", { ...TRUST, threshold: 0 }, TRUST],
    ["of more than are given", { ...TRUST, threshold: 3 }, { ...TRUST, threshold: 2 }],
    [
      "of one key under two names",
      { ...TRUST, threshold: 2, keys: [keyOf("alice"), keyOf("copy", "alice")] },
      { ...TRUST, threshold: 2 },
    ],
  ])("%s", (_name, refused, accepted) => {
    expect(() => policyOf(refused)).toThrow(expect.objectContaining({ code: "policy/malformed" }));
    expect(policyOf(accepted).name).toBe("flags");
  });
});

test("the digest is that of the trust, whatever it is called", () => {
  const { digest } = policyOf(TRUST);
  const same: GivenTrust[] = [
    { ...TRUST, keys: TRUST.keys.toReversed() },
    { ...TRUST, keys: [keyOf("other", "alice"), keyOf("bob")] },
  ];
  expect(same.map((trust) => policyOf(trust).digest)).toEqual([digest, digest]);
  const others: GivenTrust[] = [
    { ...TRUST, keys: [keyOf("alice")] },
    { ...TRUST, keys: [keyOf("alice", "carol"), keyOf("bob")] },
    { ...TRUST, threshold: 2 },
    { ...TRUST, logs: null },
    { ...TRUST, logs: [] },
    { ...TRUST, logs: [new MemoryLog("other.example.com").trusted] },
    { ...TRUST, witnesses: parseTrustPolicy(WITNESS_POLICY) },
  ];
  expect(new Set([digest, ...others.map((trust) => policyOf(trust).digest)]).size).toBe(others.length + 1);
});
