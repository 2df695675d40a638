import { createHash } from "node:crypto";

import { describe, expect, test } from "vitest";

import { type Bundle, parseBundle } from "../bundle/bundle.ts";
import { pae, PAYLOAD_TYPE } from "../bundle/pae.ts";
import { signMessage, signStatement } from "../bundle/sign.ts";
import { type Statement } from "../bundle/statement.ts";
import { toHex } from "../bytes/hex.ts";
import { concat } from "../bytes/join.ts";
import { toUtf8 } from "../bytes/utf8.ts";
import { type GivenTrust, policyOf } from "../policy/given-trust.ts";
import { MemoryLog, testEd25519Key, testKey, type TestKey } from "../testing/bundles.ts";
import { editBundle, newLog, NOW, recordedAs, type Recording, SBOM, withEntriesOf } from "../testing/evidence.ts";
import { WITNESS_POLICY } from "../testing/policies.ts";
import { parseTrustPolicy } from "../witness/policy.ts";
import { type BlobDemand, type BlobRequest, verifyBlob } from "./blob.ts";
import { type FoundBundle } from "./candidate.ts";
import { NOTHING_REMEMBERED, treeHeadKey } from "./terms.ts";
import { type Verdict } from "./verdict.ts";

const FILE = toUtf8("the disk image of acme-node");
const sha256 = (bytes: Uint8Array): Uint8Array => new Uint8Array(createHash("sha256").update(bytes).digest());

async function* streamOf(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += 5) yield bytes.subarray(at, at + 5);
}

/** A signature over a file, logged. */
async function signed(file: Uint8Array, recording: Recording = {}): Promise<FoundBundle> {
  const key = recording.key ?? testKey();
  const digest =
    key.publicKey.keyDetails === "PKIX_ED25519" ? createHash("sha512").update(file).digest() : sha256(file);
  return recordedAs(signMessage(new Uint8Array(digest), await key.sign(file), key.publicKey), recording);
}

/** A statement that names a file, logged. */
const stated = async (
  file: Uint8Array,
  change: Partial<Statement> = {},
  recording: Recording = {},
): Promise<FoundBundle> =>
  recordedAs(
    await signStatement(
      { ...SBOM, subjects: [{ name: "disk.raw", digest: { sha256: toHex(sha256(file)) } }], ...change },
      recording.key ?? testKey(),
    ),
    recording,
  );

interface Scenario {
  readonly bundles: readonly FoundBundle[];
  readonly file?: Uint8Array;
  readonly request?: Partial<BlobRequest>;
  readonly trust?: Partial<GivenTrust>;
  readonly accept?: BlobDemand["accept"];
}

const named = (...keys: readonly TestKey[]): GivenTrust["keys"] =>
  keys.map(({ publicKey }) => ({ name: `${publicKey.keyId.slice(0, 8)}.pub`, key: publicKey }));
const TRUST: GivenTrust = { keys: named(testKey()), threshold: 1, logs: [new MemoryLog().trusted], witnesses: null };

async function judge({ bundles, file = FILE, request, trust, accept = "file" }: Scenario): Promise<Verdict> {
  const policy = policyOf({ ...TRUST, ...trust });
  const whole = { name: "disk.raw", sha256: toHex(sha256(file)), open: () => streamOf(file), bundles, ...request };
  return verifyBlob(whole, policy, { ...policy, accept }, NOTHING_REMEMBERED, NOW);
}

const mallory = testKey("mallory");
const bob = testKey("bob");
const PAE = pae(PAYLOAD_TYPE, toUtf8("{}"));

test("a file that is signed and logged is admitted, with its digest", async () => {
  expect(await judge({ bundles: [await signed(FILE)] })).toMatchObject({
    admitted: true,
    subject: { kind: "blob", name: "disk.raw", digest: `sha256:${toHex(sha256(FILE))}` },
    notes: ["tlog/unwitnessed"],
    validUntil: null,
  });
});

describe("refused", () => {
  /** The codes expected of what is refused, and what differs in that alone. */
  const CASES: readonly (readonly [string, readonly string[], () => Promise<Scenario>, () => Promise<Scenario>])[] = [
    ["unsigned", ["admit/unsigned"], async () => ({ bundles: [] }), async () => ({ bundles: [await signed(FILE)] })],
    [
      "one byte changed",
      ["bundle/digest-mismatch"],
      async () => ({ bundles: [await signed(FILE)], file: concat(FILE.subarray(0, -1), toUtf8("E")) }),
      async () => ({ bundles: [await signed(FILE)], file: FILE }),
    ],
    [
      "one byte changed, and the digest in the bundle too",
      ["admit/wrong-key"],
      async () => ({
        bundles: [editBundle(await signed(FILE), claiming(sha256(toUtf8("another"))))],
        file: toUtf8("another"),
      }),
      async () => ({ bundles: [editBundle(await signed(FILE), claiming(sha256(FILE)))] }),
    ],
    [
      "signed by another key",
      ["admit/wrong-key"],
      async () => ({ bundles: [await signed(FILE, { key: mallory })] }),
      async () => ({ bundles: [await signed(FILE, { key: mallory })], trust: { keys: named(testKey(), mallory) } }),
    ],
    [
      "signed with a certificate",
      ["bundle/certificate-material"],
      async () => ({
        bundles: [
          editBundle(await signed(FILE), (bundle) => ({ ...bundle, material: { kind: "certificate", der: FILE } })),
        ],
      }),
      async () => ({ bundles: [await signed(FILE)] }),
    ],
    [
      "unlogged",
      ["admit/unlogged"],
      async () => ({ bundles: [await signed(FILE, { log: null })] }),
      async () => ({ bundles: [await signed(FILE, { log: null })], trust: { logs: null } }),
    ],
    [
      "a trusted root without logs",
      ["bundle/unknown-log"],
      async () => ({ bundles: [await signed(FILE)], trust: { logs: [] } }),
      async () => ({ bundles: [await signed(FILE)] }),
    ],
    [
      "the entry of another file",
      ["bundle/entry-digest-mismatch"],
      async () => ({ bundles: [withEntriesOf(await signed(FILE), await signed(toUtf8("another")))] }),
      async () => ({ bundles: [await signed(FILE)] }),
    ],
    [
      "unwitnessed, where witnesses are asked for",
      ["witness/quorum-not-met"],
      async () => ({
        bundles: [await signed(FILE, { witnesses: [] })],
        trust: { witnesses: parseTrustPolicy(WITNESS_POLICY) },
      }),
      async () => ({ bundles: [await signed(FILE)], trust: { witnesses: parseTrustPolicy(WITNESS_POLICY) } }),
    ],
    [
      "one signer of two",
      ["admit/threshold"],
      async () => ({
        bundles: [await signed(FILE), await signed(FILE)],
        trust: { keys: named(testKey(), bob), threshold: 2 },
      }),
      async () => ({
        bundles: [await signed(FILE), await signed(FILE, { key: bob })],
        trust: { keys: named(testKey(), bob), threshold: 2 },
      }),
    ],
    [
      "a file that is the encoding of a statement",
      ["bundle/pae-shaped"],
      async () => ({ bundles: [await signed(PAE)], file: PAE }),
      async () => ({ bundles: [await signed(PAE.subarray(1))], file: PAE.subarray(1) }),
    ],
    [
      // The very bytes that the key signed, shown as a file: what the statement says would be passed over.
      "a statement's signature in the place of a file's",
      ["bundle/pae-shaped"],
      async () => {
        const statement = await signStatement(SBOM, testKey());
        const file = pae(PAYLOAD_TYPE, statement.envelope.payload);
        return { bundles: [recordedAs({ ...statement, kind: "message", digest: statement.paeDigest })], file };
      },
      async () => ({ bundles: [await signed(FILE)] }),
    ],
    [
      "a statement in the place of a signature",
      ["bundle/wrong-content"],
      async () => ({ bundles: [await stated(FILE)] }),
      async () => ({ bundles: [await stated(FILE)], accept: "any" }),
    ],
    [
      "a statement about another file",
      ["admit/subject-mismatch"],
      async () => ({ bundles: [await stated(toUtf8("another"))], accept: "any" }),
      async () => ({ bundles: [await stated(FILE)], accept: "any" }),
    ],
    [
      "a statement that names the file by SHA-512 alone",
      ["admit/subject-mismatch"],
      async () => ({
        bundles: [await stated(FILE, { subjects: [{ digest: { sha512: "ab".repeat(64) } }] })],
        accept: "any",
      }),
      async () => ({ bundles: [await stated(FILE)], accept: "any" }),
    ],
    [
      "a statement by another key",
      ["admit/wrong-key"],
      async () => ({ bundles: [await stated(FILE, {}, { key: mallory })], accept: "any" }),
      async () => ({ bundles: [await stated(FILE)], accept: "any" }),
    ],
    [
      "no bundle",
      ["bundle/malformed"],
      async () => ({ bundles: [{ source: "x", bytes: toUtf8("{}") }] }),
      async () => ({ bundles: [{ source: "x", bytes: toUtf8("{}") }, await signed(FILE)] }),
    ],
    [
      "a file that changed between two readings",
      ["admit/subject-mismatch"],
      async () => ({ bundles: [await signed(FILE)], request: { sha256: "00".repeat(32) } }),
      async () => ({ bundles: [await signed(FILE)], request: { sha256: toHex(sha256(FILE)) } }),
    ],
    [
      "a digest that another file has",
      ["bundle/digest-mismatch"],
      async () => ({ bundles: [await signed(FILE)], request: { open: () => ({ digest: sha256(toUtf8("another")) }) } }),
      async () => ({ bundles: [await signed(FILE)], request: { open: () => ({ digest: sha256(FILE) }) } }),
    ],
    [
      "a digest, for a key that signs only what it has seen",
      ["bundle/unsupported-key"],
      async () => ({
        bundles: [await signed(FILE, { key: testEd25519Key() })],
        trust: { keys: named(testEd25519Key()) },
        request: { open: () => ({ digest: new Uint8Array(createHash("sha512").update(FILE).digest()) }) },
      }),
      async () => ({
        bundles: [await signed(FILE, { key: testEd25519Key() })],
        trust: { keys: named(testEd25519Key()) },
      }),
    ],
  ];

  test.each(CASES)("%s", async (_name, codes, refused, accepted) => {
    expect(await judge(await refused())).toMatchObject({ admitted: false, reasons: codes, validUntil: null });
    expect(await judge(await accepted())).toMatchObject({ admitted: true, reasons: [] });
  });
});

const claiming =
  (digest: Uint8Array) =>
  (bundle: Bundle): Bundle => ({
    ...bundle,
    content: bundle.content.kind === "message" ? { ...bundle.content, digest } : bundle.content,
  });

test("where a statement is accepted, its type is said", async () => {
  const { checks } = await judge({ bundles: [await stated(FILE)], accept: "any" });
  expect(checks.find(({ check }) => check === "content")).toMatchObject({
    message: expect.stringContaining("https://spdx.dev/Document"),
    evidence: { predicateType: "https://spdx.dev/Document" },
  });
});

test("without a log the verdict says so", async () => {
  const verdict = await judge({ bundles: [await signed(FILE, { log: null })], trust: { logs: null } });
  expect(verdict).toMatchObject({ admitted: true, notes: ["tlog/unlogged"] });
});

test("a root other than the one remembered is a fork", async () => {
  const bundle = await signed(FILE, { log: newLog() });
  const [entry] = parseBundle(bundle.bytes).entries;
  const key = treeHeadKey(toHex(entry?.logId ?? FILE), entry?.proof?.treeSize ?? 0);
  const policy = policyOf(TRUST);
  const request = { name: "disk.raw", sha256: toHex(sha256(FILE)), open: () => streamOf(FILE), bundles: [bundle] };
  const seen = (root: string) =>
    verifyBlob(
      request,
      policy,
      { ...policy, accept: "file" },
      { ...NOTHING_REMEMBERED, roots: new Map([[key, root]]) },
      NOW,
    );
  expect(await seen("00".repeat(32))).toMatchObject({ admitted: false, reasons: ["tlog/forked"] });
  expect(await seen(toHex(entry?.proof?.rootHash ?? FILE))).toMatchObject({ admitted: true });
});

test("a file that cannot be read is an error, and no verdict", async () => {
  const bundles = [await signed(FILE)];
  async function* failing(): AsyncGenerator<Uint8Array> {
    yield FILE;
    throw new TypeError("the disk is gone");
  }
  await expect(judge({ bundles, request: { open: failing } })).rejects.toThrow(TypeError);
});
