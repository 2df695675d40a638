import { describe, expect, test } from "vitest";

import { toUtf8 } from "../bytes/utf8.ts";
import { type Json } from "../json/json.ts";
import { formatVkey } from "../note/vkey.ts";
import { MemoryLog, testKey, testWitness } from "../testing/bundles.ts";
import { withValue } from "../testing/manifests.ts";
import { pinFile, pinKey, POLICY, policyText, readTestPolicy } from "../testing/policies.ts";
import { matchesPattern } from "./pattern.ts";
import { pinnedFiles, policyDigest, readPolicy } from "./policy.ts";
import { parsePolicy } from "./document.ts";

const witness = (name: string): string => `witness ${name} ${formatVkey(testWitness(name, 0).key)}\n`;
const digestOf = async (document: Json) => (await readTestPolicy(document)).digest;

test("a policy is read with its keys, logs and witnesses", async () => {
  const policy = await readTestPolicy(POLICY);
  const [rule] = policy.images;
  expect(policy).toMatchObject({
    name: "prod",
    version: 7,
    notAfter: new Date("2027-06-30T00:00:00Z"),
    exceptions: [],
  });
  expect(rule).toMatchObject({ digestRequired: true, coverChildren: true });
  expect(rule?.match.some((pattern) => matchesPattern(pattern, "registry.example/acme/app"))).toBe(true);
  expect(rule?.signatures.of.map(({ name, key }) => [name, key.keyId])).toEqual(
    ["alice", "bob"].map((name) => [name, testKey(name).publicKey.keyId]),
  );
  expect(rule?.signatures.of[0]).toMatchObject({
    notBefore: new Date("2026-01-01T00:00:00Z"),
    notAfter: new Date("2027-12-31T00:00:00Z"),
    revokedFrom: null,
  });
  expect(rule?.signatures.of[1]).toMatchObject({ notBefore: null, notAfter: null });
  expect(rule?.transparency?.logs.map(({ origin }) => origin)).toEqual(["log.example.com"]);
  expect(rule?.transparency?.witnesses?.quorum).toBe("quorum");
  expect(rule?.transparency?.maxCheckpointAgeSeconds).toBe(7 * 86_400);
  expect(policy.nodes[0]).toMatchObject({
    products: ["acme-node"],
    status: { maxAgeSeconds: 30 * 86_400 },
    minSequence: 40,
    acceptRecipeOnly: false,
    registers: new Map([["tpm2", ["pcr4", "pcr11"]]]),
  });
});

test.each([
  ["90s", 90],
  ["15m", 900],
  ["12h", 43_200],
  ["30d", 2_592_000],
])("%s are %d seconds", async (text, seconds) => {
  const policy = await readTestPolicy(withValue(POLICY, ["nodes", 0, "status", "maxAge"], text));
  expect(policy.nodes[0]?.status?.maxAgeSeconds).toBe(seconds);
});

test("relaxations are read as such", async () => {
  const unwitnessed = { logs: ["log"], witnesses: "none", because: "not yet" };
  const edits: readonly (readonly [(string | number)[], Json])[] = [
    [["images", 0, "digest"], "resolve"],
    [["images", 0, "platforms"], "referenced-only"],
    [["images", 0, "transparency"], unwitnessed],
    [["images", 0, "measurement"], { none: { because: "not yet" } }],
    [["nodes", 0, "status"], { required: false, because: "not yet" }],
    [["nodes", 0, "recipeOnly"], { allow: { because: "not ours" } }],
  ];
  const policy = await readTestPolicy(
    edits.reduce<Json>((document, [path, value]) => withValue(document, path, value), POLICY),
  );
  expect(policy.images[0]).toMatchObject({
    digestRequired: false,
    coverChildren: false,
    transparency: { witnesses: null, maxCheckpointAgeSeconds: null },
    measurement: null,
  });
  expect(policy.nodes[0]).toMatchObject({ status: null, acceptRecipeOnly: true });
});

describe("what a policy pins", () => {
  /** What is wrong, the document, its code, and the document with that alone put right. */
  const CASES: readonly (readonly [string, Json, string, Json])[] = [
    [
      "a key file that changed",
      withValue(POLICY, ["trust", "keys", 0, "sha256"], "00".repeat(32)),
      "policy/pin-mismatch",
      POLICY,
    ],
    [
      "a trusted root that changed",
      withValue(POLICY, ["trust", "logs", 0, "sha256"], "00".repeat(32)),
      "policy/pin-mismatch",
      POLICY,
    ],
    [
      "witnesses that changed",
      withValue(POLICY, ["trust", "witnesses", "sha256"], "00".repeat(32)),
      "policy/pin-mismatch",
      POLICY,
    ],
    [
      "one file pinned in two ways",
      withValue(
        withValue(POLICY, ["trust", "logs", 1, "file"], POLICY.trust.logs[0].file),
        ["trust", "logs", 1, "origin"],
        "log.example.com",
      ),
      "policy/pin-mismatch",
      withValue(POLICY, ["trust", "logs", 1], { ...POLICY.trust.logs[0], name: "other" }),
    ],
    [
      "a file that is not there",
      withValue(POLICY, ["trust", "keys", 0, "file"], "absent.pub"),
      "files/missing",
      POLICY,
    ],
    [
      "a key file that holds no key",
      withValue(POLICY, ["trust", "keys", 0], { ...POLICY.trust.keys[0], ...pinFile("empty.pub", "") }),
      "bundle/malformed-key",
      POLICY,
    ],
    [
      "a trusted root that is none",
      withValue(POLICY, ["trust", "logs", 0], { ...POLICY.trust.logs[0], ...pinFile("empty.json", "{}") }),
      "bundle/malformed-trusted-root",
      POLICY,
    ],
    [
      "a log that its trusted root does not have",
      withValue(POLICY, ["trust", "logs", 0, "origin"], "log.example.org"),
      "policy/malformed",
      POLICY,
    ],
    [
      "witnesses of whom none is asked",
      withValue(POLICY, ["trust", "witnesses"], pinFile("nobody.txt", `${witness("w1")}quorum none\n`)),
      "policy/malformed",
      withValue(POLICY, ["trust", "witnesses"], pinFile("somebody.txt", `${witness("w1")}quorum w1\n`)),
    ],
    [
      "witnesses without a quorum",
      withValue(POLICY, ["trust", "witnesses"], pinFile("w.txt", witness("w1"))),
      "witness/malformed-policy",
      withValue(POLICY, ["trust", "witnesses"], pinFile("somebody.txt", `${witness("w1")}quorum w1\n`)),
    ],
    [
      "one key under two names, which would make two signers of one",
      withValue(POLICY, ["trust", "keys", 1], {
        ...POLICY.trust.keys[1],
        ...pinKey("copy", testKey("alice").publicKey),
      }),
      "policy/malformed",
      withValue(POLICY, ["trust", "keys", 1], { ...POLICY.trust.keys[1], ...pinKey("dave") }),
    ],
  ];

  test.each(CASES)("%s", async (_name, refused, code, accepted) => {
    await expect(readTestPolicy(refused)).rejects.toThrow(expect.objectContaining({ code }));
    await expect(readTestPolicy(accepted)).resolves.toMatchObject({ name: "prod" });
  });

  test("every pinned file is read, and no other", async () => {
    const asked: string[] = [];
    const reading = readPolicy(policyText(POLICY), async (file) => {
      asked.push(file);
      throw new TypeError("the disk is on fire");
    });
    await expect(reading).rejects.toThrow("the disk is on fire");
    expect(asked).toEqual(["alice.pub"]);
    expect(pinnedFiles(parsePolicy(policyText(POLICY))).map(({ file }) => file)).toEqual([
      "alice.pub",
      "bob.pub",
      "carol.pub",
      "log.json",
      "other.json",
      "witnesses.txt",
    ]);
  });

  test("a log is found by its origin among several", async () => {
    const [first, second] = [new MemoryLog(), new MemoryLog("other.example.com")].map(({ trustedRoot }) =>
      JSON.parse(trustedRoot),
    );
    const both = pinFile("both.json", JSON.stringify({ ...first, tlogs: [...second.tlogs, ...first.tlogs] }));
    const policy = await readTestPolicy(withValue(POLICY, ["trust", "logs", 0], { ...POLICY.trust.logs[0], ...both }));
    expect(policy.images[0]?.transparency?.logs.map(({ origin }) => origin)).toEqual(["log.example.com"]);
  });
});

describe("the digest of a policy", () => {
  const reversed = (value: Json): Json =>
    Array.isArray(value)
      ? value.map(reversed)
      : typeof value === "object" && value !== null
        ? Object.fromEntries(
            Object.entries(value)
              .toReversed()
              .map(([key, each]) => [key, reversed(each)]),
          )
        : value;

  test("does not depend on layout, comments, quotes and the order of keys", async () => {
    const digest = await digestOf(POLICY);
    expect(digest).toMatch(/^sha256:[0-9a-f]{64}$/);
    expect(await digestOf(reversed(POLICY))).toBe(digest);
    const text = new TextDecoder().decode(policyText(POLICY));
    const reformatted = `# edited\n---\n${text.replaceAll(/^( *)"(\w+)":/gm, "$1$2:")}`.replaceAll("\n", "\r\n");
    expect(reformatted).not.toContain('"version"');
    expect(policyDigest(parsePolicy(toUtf8(reformatted)))).toBe(digest);
  });

  test.each<[string, (string | number)[], Json]>([
    ["its version", ["version"], 8],
    ["its end", ["notAfter"], "2027-06-30T00:00:01Z"],
    ["what a key may sign", ["trust", "keys", 2, "use"], ["blob", "image"]],
    ["the end of a key", ["trust", "keys", 1, "notAfter"], "2028-01-01T00:00:00Z"],
    ["a threshold", ["images", 0, "signatures", "threshold"], 2],
    ["the order of signers", ["images", 0, "signatures", "of"], ["bob", "alice"]],
    ["a pattern", ["images", 0, "match", 0], "registry.example/acme/*"],
    ["the age of a checkpoint", ["images", 0, "transparency", "maxCheckpointAge"], "8d"],
    ["a register", ["nodes", 0, "registers", "tpm2"], ["pcr4"]],
    ["a pinned file", ["trust", "keys", 1], { ...POLICY.trust.keys[1], ...pinKey("dave") }],
  ])("depends on %s", async (_name, path, value) => {
    const document = withValue(POLICY, path, value);
    expect(await digestOf(document)).not.toBe(await digestOf(POLICY));
    expect(await digestOf(document)).toBe(await digestOf(document));
  });
});
