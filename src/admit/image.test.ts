import { describe, expect, test } from "vitest";

import { formatEntryBody, entryOf } from "../bundle/entry.ts";
import { signStatement } from "../bundle/sign.ts";
import { type Statement } from "../bundle/statement.ts";
import { toUtf8 } from "../bytes/utf8.ts";
import { Failure } from "../failure.ts";
import { type Json } from "../json/json.ts";
import { leafHash } from "../merkle/hash.ts";
import { MemoryLog, testKey, testWitness } from "../testing/bundles.ts";
import {
  CONTENTS,
  editBundle,
  editJson,
  HOUR_MS,
  IMAGE_DIGEST,
  IMAGE_MEASUREMENT,
  IMAGE_REQUEST,
  IMAGE_BUNDLES,
  MEASUREMENT,
  newLog,
  NOW,
  parseImageContents,
  QUORUM,
  recorded,
  recordedAs,
  SBOM,
  SIGNATURE,
  withEntriesOf,
  withRecoveredKey,
  witnessed,
} from "../testing/evidence.ts";
import { hashOf, withValue } from "../testing/manifests.ts";
import { POLICY, readTestPolicy } from "../testing/policies.ts";
import { type Policy } from "../policy/policy.ts";
import { type FoundBundle } from "./candidate.ts";
import { admitImage, type ImageRequest } from "./image.ts";
import { NOTHING_REMEMBERED, type Remembered, treeHeadKey } from "./terms.ts";
import { type Verdict } from "./verdict.ts";

type Edit = readonly [path: readonly (string | number)[], value: Json | undefined];

/** One question about the image; what is not said is as it should be. */
interface Scenario {
  /** In the place of the signature; several are all there. */
  readonly signature?: readonly FoundBundle[];
  readonly measurement?: readonly FoundBundle[];
  readonly sbom?: readonly FoundBundle[];
  readonly request?: Partial<ImageRequest>;
  readonly policy?: readonly Edit[];
  /** What no policy file can say. */
  readonly resolved?: (policy: Policy) => Policy;
  readonly remembered?: Partial<Remembered>;
  readonly now?: Date;
}

async function judge(scenario: Scenario): Promise<Verdict> {
  const { resolved = (each) => each, remembered = {}, now = NOW } = scenario;
  const document = (scenario.policy ?? []).reduce<Json>((value, [path, to]) => withValue(value, path, to), POLICY);
  const bundles = [
    ...(scenario.signature ?? [IMAGE_BUNDLES.signature]),
    ...(scenario.measurement ?? [IMAGE_BUNDLES.measurement]),
    ...(scenario.sbom ?? [IMAGE_BUNDLES.sbom]),
  ];
  return admitImage(
    { ...IMAGE_REQUEST, bundles, ...scenario.request },
    resolved(await readTestPolicy(document)),
    { ...NOTHING_REMEMBERED, ...remembered },
    now,
  );
}

/** The codes expected of what is refused, and what differs in that alone: the plain image where nothing is said. */
type Case = readonly [
  name: string,
  codes: readonly string[],
  refused: () => Promise<Scenario>,
  accepted?: () => Promise<Scenario>,
];

function describeRefusals(subject: string, cases: readonly Case[]): void {
  describe(`refused for ${subject}`, () => {
    test.each(cases.map(([name, ...rest]) => [name, rest] as const))(
      "%s",
      async (_name, [codes, refused, accepted]) => {
        const no = await judge(await refused());
        expect(no).toMatchObject({ admitted: false, reasons: codes, validUntil: null, boundBy: null });
        const yes = await judge(accepted === undefined ? {} : await accepted());
        expect(yes).toMatchObject({ admitted: true, reasons: [] });
      },
    );
  });
}

const sign = recorded.bind(null, SIGNATURE);
const about = (statement: Statement, subjects: Statement["subjects"]): Statement => ({ ...statement, subjects });
const [ROOT, AMD, ARM] = SIGNATURE.subjects;
if (ROOT === undefined || AMD === undefined || ARM === undefined) throw new RangeError("an index and two images");
const elsewhere = { digest: { sha256: hashOf("another image") } };
const mallory = testKey("mallory");

test("what is signed, logged, witnessed, measured and described is admitted, until the first of it ends", async () => {
  const verdict = await judge({});
  expect(verdict).toMatchObject({
    admitted: true,
    subject: { kind: "image", name: "registry.example/acme/app", digest: IMAGE_DIGEST },
    policy: { name: "prod" },
    evaluatedAt: "2026-11-22T10:00:00Z",
    reasons: [],
    notes: [],
    validUntil: "2026-11-29T09:00:00Z",
    boundBy: "checkpoint age",
  });
  expect(new Set(verdict.checks.map(({ outcome }) => outcome))).toEqual(new Set(["pass"]));
});

describeRefusals("the signature", [
  ["unsigned", ["admit/unsigned"], async () => ({ signature: [] })],
  [
    // Row 12: an empty list is no proof of anything.
    "nothing attached at all",
    ["admit/unsigned", "admit/no-measurement", "admit/no-attestation"],
    async () => ({ signature: [], measurement: [], sbom: [] }),
  ],
  ["signed by another key", ["admit/wrong-key"], async () => ({ signature: [await sign({ key: mallory })] })],
  [
    "signed by a key for files",
    ["admit/wrong-key"],
    async () => ({ signature: [await sign({ key: testKey("carol") })] }),
    async () => ({ signature: [await sign({ key: testKey("bob") })] }),
  ],
  [
    "signed by a key that may not, should a policy ever name it",
    ["admit/key-use"],
    async () => ({
      resolved: (policy) =>
        mapKeys(policy, (key) => ({ ...key, use: new Set(["blob", "measurement", "attestation"]) })),
    }),
    async () => ({
      resolved: (policy) =>
        mapKeys(policy, (key) => ({ ...key, use: new Set(["image", "measurement", "attestation"]) })),
    }),
  ],
  [
    "changed after it was signed",
    ["admit/wrong-key"],
    async () => {
      const [good, other] = [await sign(), await recorded(about(SIGNATURE, [ROOT, AMD, ARM, elsewhere]))];
      const { dsseEnvelope } = JSON.parse(Buffer.from(other.bytes).toString());
      return { signature: [editJson(good, ["dsseEnvelope", "payload"], dsseEnvelope.payload)] };
    },
  ],
  [
    "a statement under another payload type",
    ["bundle/wrong-content"],
    async () => ({ signature: [editJson(await sign(), ["dsseEnvelope", "payloadType"], "application/json")] }),
  ],
  [
    "a signature's bytes over a file in the place of a statement",
    ["admit/unsigned"],
    async () => {
      const signed = await signStatement(SIGNATURE, testKey());
      return { signature: [recordedAs({ ...signed, kind: "message", digest: signed.paeDigest })] };
    },
    async () => ({ signature: [recordedAs(await signStatement(SIGNATURE, testKey()))] }),
  ],
  [
    // Row 14: identities in certificates are not known here, whatever they say.
    "signed with a certificate",
    ["bundle/certificate-material"],
    async () => ({
      signature: [
        editBundle(await sign(), (bundle) => ({ ...bundle, material: { kind: "certificate", der: toUtf8("evil") } })),
      ],
    }),
  ],
  [
    "a hint that names a trusted key over a signature by another",
    ["admit/wrong-key"],
    async () => {
      const { verificationMaterial } = JSON.parse(Buffer.from((await sign()).bytes).toString());
      const path = ["verificationMaterial", "publicKey"];
      return { signature: [editJson(await sign({ key: mallory }), path, verificationMaterial.publicKey)] };
    },
    async () => ({ signature: [editJson(await sign(), ["verificationMaterial", "publicKey"], { hint: "mallory" })] }),
  ],
  ["no bundle", ["bundle/malformed"], async () => ({ signature: [{ source: "x", bytes: toUtf8("{}") }] })],
  [
    // Row 28.
    "a statement about a thousand and more",
    ["bundle/malformed-statement"],
    async () => ({
      signature: [await recorded(about(SIGNATURE, [ROOT, AMD, ARM, ...Array.from({ length: 1022 }, () => elsewhere)]))],
    }),
    async () => ({
      signature: [await recorded(about(SIGNATURE, [ROOT, AMD, ARM, ...Array.from({ length: 1021 }, () => elsewhere)]))],
    }),
  ],
]);

function mapKeys(
  policy: Policy,
  edit: (
    key: Policy["images"][number]["signatures"]["of"][number],
  ) => Policy["images"][number]["signatures"]["of"][number],
): Policy {
  return {
    ...policy,
    images: policy.images.map((rule) => ({
      ...rule,
      signatures: { ...rule.signatures, of: rule.signatures.of.map(edit) },
    })),
  };
}

describeRefusals("what is signed", [
  // Row 11.
  [
    "another image",
    ["admit/subject-mismatch"],
    async () => ({ signature: [await recorded(about(SIGNATURE, [elsewhere]))] }),
  ],
  [
    "another image of the same name",
    ["admit/subject-mismatch"],
    async () => ({
      signature: [await recorded(about(SIGNATURE, [{ ...elsewhere, name: "registry.example/acme/app" }]))],
    }),
    async () => ({ signature: [await recorded(about(SIGNATURE, [{ ...ROOT, name: "evil.example/app" }, AMD, ARM]))] }),
  ],
  [
    "the image by its SHA-512 alone",
    ["admit/subject-mismatch"],
    async () => ({ signature: [await recorded(about(SIGNATURE, [{ digest: { sha512: "ab".repeat(64) } }]))] }),
    async () => ({
      signature: [
        await recorded(about(SIGNATURE, [{ digest: { ...ROOT.digest, sha512: "ab".repeat(64) } }, AMD, ARM])),
      ],
    }),
  ],
  [
    "an image that is another by its SHA-256",
    ["admit/subject-mismatch"],
    async () => ({ signature: [await recorded(about(SIGNATURE, [{ digest: { sha256: hashOf("x"), sha1: "ab" } }]))] }),
  ],
  [
    "the digest under another name",
    ["admit/subject-mismatch"],
    async () => ({ signature: [await recorded(about(SIGNATURE, [{ digest: { gitCommit: hashOf("index") } }]))] }),
  ],
  // Row 9.
  [
    "a statement of another type",
    ["admit/unsigned"],
    async () => ({ signature: [await recorded({ ...SIGNATURE, predicateType: "https://slsa.dev/provenance/v1" })] }),
  ],
  [
    "a vulnerability report in the place of the SBOM",
    ["admit/no-attestation"],
    async () => ({
      sbom: [await recorded({ ...SBOM, predicateType: "https://cosign.sigstore.dev/attestation/vuln/v1" })],
    }),
  ],
  [
    "an SBOM of another image",
    ["admit/subject-mismatch"],
    async () => ({ sbom: [await recorded(about(SBOM, [elsewhere]))] }),
  ],
  // Row 10.
  ["an SBOM by a stranger", ["admit/wrong-key"], async () => ({ sbom: [await recorded(SBOM, { key: mallory })] })],
  ["an SBOM in no log", ["admit/unlogged"], async () => ({ sbom: [await recorded(SBOM, { log: null })] })],
]);

const CHILD = IMAGE_MEASUREMENT;
const ADDED = withValue(CHILD, ["images", 2], {
  digest: `sha256:${hashOf("image s390x")}`,
  size: 502,
  platform: { os: "linux", architecture: "s390x" },
  config: { digest: `sha256:${hashOf("config s390x")}`, size: 302 },
  layers: [],
});
const oneChild = parseImageContents(
  withValue(withValue(CHILD, ["index"], null), ["images"], [JSON.parse(JSON.stringify(CHILD)).images[0]]),
);
const asChild: Partial<ImageRequest> = { digest: `sha256:${hashOf("image amd64")}`, contents: oneChild };

// Row 25.
describeRefusals("platforms", [
  [
    "the index is signed, a platform is not",
    ["admit/platform-not-covered"],
    async () => ({ signature: [await recorded(about(SIGNATURE, [ROOT, AMD]))] }),
    async () => ({
      signature: [await recorded(about(SIGNATURE, [ROOT, AMD]))],
      policy: [[["images", 0, "platforms"], "referenced-only"]],
    }),
  ],
  [
    "a platform was added to the index",
    ["admit/platform-not-covered", "admit/measurement-mismatch"],
    async () => ({ request: { contents: parseImageContents(ADDED) } }),
    async () => ({
      request: { contents: parseImageContents(ADDED) },
      ...(await bundlesAbout([ROOT, AMD, ARM, { digest: { sha256: hashOf("image s390x") } }], ADDED)),
    }),
  ],
  [
    "a platform is used alone, and only the index is signed",
    ["admit/subject-mismatch"],
    async () => ({ request: asChild, signature: [await recorded(about(SIGNATURE, [ROOT]))] }),
    async () => ({ request: asChild }),
  ],
  [
    "the index is used, and only a platform is signed",
    ["admit/subject-mismatch"],
    async () => ({ signature: [await recorded(about(SIGNATURE, [AMD, ARM]))] }),
  ],
  [
    "the measurement leaves out a platform",
    ["admit/platform-not-covered"],
    async () => ({ measurement: [await recorded(about(MEASUREMENT, [ROOT, ARM]))] }),
  ],
]);

const bundlesAbout = async (subjects: Statement["subjects"], predicate: Json) => ({
  signature: [await recorded(about(SIGNATURE, subjects))],
  measurement: [await recorded({ ...about(MEASUREMENT, subjects), predicate })],
  sbom: [await recorded(about(SBOM, subjects))],
});

describeRefusals("the log", [
  ["unlogged", ["admit/unlogged"], async () => ({ signature: [await sign({ log: null })] })],
  [
    // Row 1.
    "an entry that is in the log, for something else",
    ["bundle/entry-digest-mismatch"],
    async () => ({ signature: [withEntriesOf(await sign(), await recorded(MEASUREMENT))] }),
  ],
  [
    // Row 2.
    "an entry for the same statement, signed another time",
    ["bundle/entry-signature-mismatch"],
    async () => ({ signature: [withEntriesOf(await sign(), await sign())] }),
  ],
  [
    "an entry for the same statement by another key",
    ["bundle/entry-key-mismatch"],
    async () => ({ signature: [withEntriesOf(await sign(), await sign({ key: mallory }))] }),
  ],
  [
    "an entry for the very signature, under a key computed from it",
    ["bundle/entry-key-mismatch"],
    async () => {
      const signed = await signStatement(SIGNATURE, testKey());
      return { signature: [withRecoveredKey(recordedAs(signed, { log: null }), signed)] };
    },
    async () => ({ signature: [recordedAs(await signStatement(SIGNATURE, testKey()))] }),
  ],
  [
    "logged in a log that the rule does not name",
    ["bundle/unknown-log"],
    async () => ({ signature: [await sign({ log: newLog("other.example.com") })] }),
    async () => ({
      signature: [await sign({ log: newLog("other.example.com") })],
      policy: [
        [
          ["images", 0, "transparency", "logs"],
          ["log", "other"],
        ],
      ],
    }),
  ],
  [
    "logged in another log that claims to be this one",
    ["bundle/bad-checkpoint"],
    async () => ({
      signature: [
        await sign({
          log: newLog("other.example.com"),
          entry: (entry) => ({ ...entry, logId: new MemoryLog().trusted.logId }),
        }),
      ],
    }),
  ],
  [
    // Row 4.
    "a promise, and no proof",
    ["bundle/no-inclusion-proof"],
    async () => ({ signature: [await promised(await sign())] }),
  ],
  [
    // Row 3.
    "a proof without a checkpoint",
    ["bundle/bad-checkpoint"],
    async () => ({ signature: [await sign({ entry: withProof((proof) => ({ ...proof, checkpoint: "" })) })] }),
  ],
  [
    "a checkpoint of another size",
    ["bundle/not-included"],
    async () => {
      const log = newLog();
      return {
        signature: [
          await sign({ log, entry: withProof((proof) => ({ ...proof, checkpoint: log.checkpoint(9, QUORUM) })) }),
        ],
      };
    },
    async () => {
      const log = newLog();
      return {
        signature: [
          await sign({ log, entry: withProof((proof) => ({ ...proof, checkpoint: log.checkpoint(10, QUORUM) })) }),
        ],
      };
    },
  ],
  // Row 8.
  [
    "an index beyond the tree",
    ["bundle/not-included"],
    async () => ({
      signature: [
        await sign({
          entry: (entry) => ({ ...withProof((proof) => ({ ...proof, index: 1e6 }))(entry), logIndex: 1e6 }),
        }),
      ],
    }),
  ],
  [
    "a path that is one hash short",
    ["bundle/not-included"],
    async () => ({
      signature: [await sign({ entry: withProof((proof) => ({ ...proof, path: proof.path.slice(1) })) })],
    }),
  ],
  [
    "a path that is one hash long",
    ["bundle/not-included"],
    async () => ({
      signature: [
        await sign({ entry: withProof((proof) => ({ ...proof, path: [...proof.path, ...proof.path.slice(0, 1)] })) }),
      ],
    }),
  ],
  [
    "another root",
    ["bundle/not-included"],
    async () => ({
      signature: [await sign({ entry: withProof((proof) => ({ ...proof, rootHash: leafHash(new Uint8Array()) })) })],
    }),
  ],
  [
    "a log whose key has ended before the checkpoint",
    ["admit/log-not-valid"],
    async () => ({ resolved: logUntil("2026-11-22T08:59:59Z") }),
    async () => ({ resolved: logUntil("2026-11-22T09:00:00Z") }),
  ],
]);

type Entry = Parameters<NonNullable<NonNullable<Parameters<typeof recorded>[1]>["entry"]>>[0];
type Proof = NonNullable<Entry["proof"]>;

const withProof =
  (edit: (proof: Proof) => Proof) =>
  (entry: Entry): Entry => ({ ...entry, proof: entry.proof === null ? null : edit(entry.proof) });

async function promised(bundle: FoundBundle): Promise<FoundBundle> {
  const path = ["verificationMaterial", "tlogEntries", 0];
  const proofless = editJson(bundle, [...path, "inclusionProof"], undefined);
  return editJson(proofless, [...path, "inclusionPromise"], { signedEntryTimestamp: "AAAA" });
}

const logUntil =
  (end: string) =>
  (policy: Policy): Policy => ({
    ...policy,
    images: policy.images.map((rule) => ({
      ...rule,
      transparency: rule.transparency && {
        ...rule.transparency,
        logs: rule.transparency.logs.map((log) => ({ ...log, validTo: new Date(end) })),
      },
    })),
  });

const by = async (...witnesses: NonNullable<Parameters<typeof recorded>[1]>["witnesses"] & object) => ({
  signature: [await sign({ witnesses })],
});
const DAY_MS = 24 * HOUR_MS;

// Rows 5 and 6.
describeRefusals("witnesses", [
  ["none has signed", ["witness/quorum-not-met"], () => by()],
  [
    "one of two has signed",
    ["witness/quorum-not-met"],
    () => by(witnessed("w1")),
    () => by(witnessed("w1"), witnessed("w3")),
  ],
  ["one has signed twice", ["witness/quorum-not-met"], () => by(witnessed("w1"), witnessed("w1", 1000))],
  ["one has signed, and a stranger", ["witness/quorum-not-met"], () => by(witnessed("w1"), witnessed("w4"))],
  ["one has signed, and the log once more", ["witness/quorum-not-met"], () => by(witnessed("w1"), newLog().signer)],
  ["one has signed without a time", ["witness/quorum-not-met"], () => by(witnessed("w1"), testWitness("w2", 0))],
  [
    "one has signed in the future",
    ["witness/quorum-not-met"],
    () => by(witnessed("w1"), witnessed("w2", -301_000)),
    () => by(witnessed("w1"), witnessed("w2", -300_000)),
  ],
  [
    "one has signed something else",
    ["note/bad-signature"],
    async () => ({
      signature: [await sign({ entry: withProof((proof) => ({ ...proof, checkpoint: tampered(proof.checkpoint) })) })],
    }),
  ],
  [
    "the quorum was too long ago",
    ["admit/checkpoint-stale"],
    () => by(witnessed("w1", 7 * DAY_MS + 1000), witnessed("w2", 7 * DAY_MS + 1000)),
    () => by(witnessed("w1", 7 * DAY_MS), witnessed("w2", 7 * DAY_MS)),
  ],
  [
    "the quorum was reached only with one that was too long ago",
    ["admit/checkpoint-stale"],
    () => by(witnessed("w1"), witnessed("w2", 7 * DAY_MS + 1000)),
    () => by(witnessed("w1"), witnessed("w2", 7 * DAY_MS + 1000), witnessed("w3")),
  ],
]);

/** Another witness' signature in the place of w2's. */
function tampered(checkpoint: string): string {
  const lines = checkpoint.split("\n").map((line) => {
    if (!line.startsWith("— w2 ")) return line;
    const bytes = Buffer.from(line.split(" ")[2] ?? "", "base64");
    bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1;
    return `— w2 ${bytes.toString("base64")}`;
  });
  return lines.join("\n");
}

const UNWITNESSED: readonly Edit[] = [
  [["images", 0, "transparency"], { logs: ["log"], witnesses: "none", because: "not yet" }],
];
const keyEdit = (name: "notBefore" | "notAfter" | "revokedFrom", value: Json): Edit => [
  ["trust", "keys", 0, name],
  value,
];
const revoked = (logId: Uint8Array, index: number): Edit =>
  keyEdit("revokedFrom", { logId: Buffer.from(logId).toString("hex"), index });

/** Three statements by alice in one log, the first as entry 9, for when her key is cut off. */
async function entriesOf(log: MemoryLog): Promise<Scenario> {
  return {
    signature: [await sign({ log })],
    measurement: [await recorded(MEASUREMENT, { log })],
    sbom: [await recorded(SBOM, { log })],
  };
}

describeRefusals("time and revocation of a key", [
  [
    "it had ended when the signature is first known",
    ["admit/key-not-valid"],
    async () => ({ policy: [keyEdit("notAfter", "2026-11-22T08:59:59Z")] }),
    async () => ({ policy: [keyEdit("notAfter", "2026-11-22T09:00:00Z")] }),
  ],
  [
    "it has ended, and nobody knows when the signature was made",
    ["admit/key-not-valid"],
    async () => ({ policy: [...UNWITNESSED, keyEdit("notAfter", "2026-11-22T09:59:59Z")] }),
    async () => ({ policy: [...UNWITNESSED, keyEdit("notAfter", "2026-11-22T10:00:00Z")] }),
  ],
  [
    "it had not begun when the signature was there already",
    ["admit/key-not-valid"],
    async () => ({ policy: [keyEdit("notBefore", "2026-11-22T09:00:01Z")] }),
    async () => ({ policy: [keyEdit("notBefore", "2026-11-22T09:00:00Z")] }),
  ],
  [
    "it has not begun, and nobody knows when the signature was made",
    ["admit/key-not-valid"],
    async () => ({ policy: [...UNWITNESSED, keyEdit("notBefore", "2026-11-22T10:00:01Z")] }),
    async () => ({ policy: [...UNWITNESSED, keyEdit("notBefore", "2026-11-22T10:00:00Z")] }),
  ],
  [
    "it was stolen before the first of its entries",
    ["admit/key-revoked"],
    async () => {
      const log = newLog();
      return { ...(await entriesOf(log)), policy: [revoked(log.trusted.logId, 9)] };
    },
    async () => {
      const log = newLog();
      return { ...(await entriesOf(log)), policy: [revoked(log.trusted.logId, 12)] };
    },
  ],
  [
    "it was stolen before the last of its entries",
    ["admit/key-revoked"],
    async () => {
      const log = newLog();
      return { ...(await entriesOf(log)), policy: [revoked(log.trusted.logId, 11)] };
    },
    async () => {
      const log = newLog();
      return { ...(await entriesOf(log)), policy: [revoked(log.trusted.logId, 12)] };
    },
  ],
  [
    "it was stolen, by the count of another log",
    ["admit/key-revoked"],
    async () => ({ policy: [revoked(new MemoryLog("other.example.com").trusted.logId, 1_000_000)] }),
    async () => ({ policy: [revoked(new MemoryLog().trusted.logId, 1_000_000)] }),
  ],
  [
    "it was stolen, and the log is not asked",
    ["admit/key-revoked"],
    async () => ({ policy: [revoked(new MemoryLog().trusted.logId, 1_000_000)], resolved: unlogged }),
    async () => ({ resolved: unlogged }),
  ],
]);

const unlogged = (policy: Policy): Policy => ({
  ...policy,
  images: policy.images.map((rule) => ({ ...rule, transparency: null })),
});

const both: readonly Edit[] = [[["images", 0, "signatures", "threshold"], 2]];
const bothMeasure: readonly Edit[] = [
  [["images", 0, "measurement"], { signatures: { threshold: 2, of: ["alice", "bob"] } }],
];
const bob = testKey("bob");
const otherSizes = withValue(IMAGE_MEASUREMENT, ["images", 0, "layers", 0, "uncompressedSize"], 5001);

// Row 16.
describeRefusals("thresholds", [
  [
    "one signer of two",
    ["admit/threshold"],
    async () => ({ policy: both }),
    async () => ({ policy: both, signature: [await sign(), await sign({ key: bob })] }),
  ],
  [
    "one signer twice",
    ["admit/threshold"],
    async () => ({ policy: both, signature: [await sign(), await sign()] }),
    async () => ({ policy: both, signature: [await sign(), await sign(), await sign({ key: bob })] }),
  ],
  [
    "one bundle twice",
    ["admit/threshold"],
    async () => {
      const bundle = await sign();
      return { policy: both, signature: [bundle, bundle] };
    },
    async () => ({ policy: both, signature: [await sign(), await sign({ key: bob })] }),
  ],
  [
    "one key under two names, should a policy ever have it",
    ["admit/threshold"],
    async () => ({ policy: both, signature: [await sign(), await sign()], resolved: twice }),
    async () => ({ policy: both, signature: [await sign(), await sign({ key: bob })], resolved: twice }),
  ],
  [
    "a second signer who is in no log",
    ["admit/unlogged", "admit/threshold"],
    async () => ({ policy: both, signature: [await sign(), await sign({ key: bob, log: null })] }),
    async () => ({ policy: both, signature: [await sign(), await sign({ key: bob })] }),
  ],
  [
    "two who measured different things",
    ["admit/threshold"],
    async () => ({
      policy: bothMeasure,
      measurement: [
        await recorded(MEASUREMENT),
        await recorded({ ...MEASUREMENT, predicate: otherSizes }, { key: bob }),
      ],
    }),
    async () => ({
      policy: bothMeasure,
      measurement: [await recorded(MEASUREMENT), await recorded(MEASUREMENT, { key: bob })],
    }),
  ],
]);

const twice = (policy: Policy): Policy => ({
  ...policy,
  images: policy.images.map((rule) => ({
    ...rule,
    signatures: {
      ...rule.signatures,
      of: rule.signatures.of.flatMap((key) => [key, { ...key, name: `${key.name}-2` }]),
    },
  })),
});

const measuredAs = async (path: readonly (string | number)[], value: Json) => ({
  measurement: [await recorded({ ...MEASUREMENT, predicate: withValue(IMAGE_MEASUREMENT, path, value) })],
});
const OTHER = `sha256:${hashOf("something else")}`;

describeRefusals("the measurement", [
  ["there is none", ["admit/no-measurement"], async () => ({ measurement: [] })],
  [
    "by somebody who only signs",
    ["admit/wrong-key"],
    async () => ({ measurement: [await recorded(MEASUREMENT, { key: bob })] }),
    async () => ({ measurement: [await recorded(MEASUREMENT)], signature: [await sign({ key: bob })] }),
  ],
  ["in no log", ["admit/unlogged"], async () => ({ measurement: [await recorded(MEASUREMENT, { log: null })] })],
  [
    "of another image",
    ["admit/subject-mismatch"],
    async () => ({ measurement: [await recorded(about(MEASUREMENT, [elsewhere]))] }),
  ],
  ["of another layer", ["admit/measurement-mismatch"], () => measuredAs(["images", 0, "layers", 0, "digest"], OTHER)],
  ["of another diffID", ["admit/measurement-mismatch"], () => measuredAs(["images", 0, "layers", 0, "diffId"], OTHER)],
  [
    "of another configuration",
    ["admit/measurement-mismatch"],
    () => measuredAs(["images", 1, "config", "digest"], OTHER),
  ],
  ["of another platform", ["admit/measurement-mismatch"], () => measuredAs(["images", 1, "platform", "os"], "windows")],
  [
    "with a verity root, which nobody can check here",
    ["admit/measurement-mismatch"],
    () => measuredAs(["images", 0, "layers", 0, "verity"], { rootHash: OTHER, tool: "genpolicy", version: "3" }),
  ],
  ["that is none", ["manifest/malformed"], () => measuredAs(["images"], [])],
]);

describeRefusals("the name and the contents", [
  // Row 20.
  [
    "a name that no rule matches",
    ["admit/no-rule"],
    async () => ({ request: { name: "registry.example/acme-evil/app" } }),
  ],
  ["no rules at all", ["admit/no-rule"], async () => ({ policy: [[["images"], []]] })],
  [
    // Row 18.
    "a tag",
    ["admit/digest-required"],
    async () => ({ request: { pinned: false } }),
    async () => ({ request: { pinned: false }, policy: [[["images", 0, "digest"], "resolve"]] }),
  ],
  [
    "a blob that is not its digest",
    ["images/blob-mismatch"],
    async () => ({ request: { broken: [new Failure("images/blob-mismatch", "it is another")] } }),
  ],
  [
    "another rule that matches too",
    ["admit/threshold"],
    async () => ({
      policy: [
        [["images", 1], { ...POLICY.images[0], name: "strict", signatures: { threshold: 2, of: ["alice", "bob"] } }],
      ],
    }),
    async () => ({
      policy: [
        [
          ["images", 1],
          {
            ...POLICY.images[0],
            name: "strict",
            match: ["registry.example/acme/strict"],
            signatures: { threshold: 2, of: ["alice", "bob"] },
          },
        ],
      ],
    }),
  ],
]);

const EXCEPTION = {
  id: "EX-12",
  subject: IMAGE_DIGEST,
  rule: "apps",
  waive: ["measurement"],
  reason: "the measurer is down",
  owner: "ops@acme.example",
  notBefore: "2026-11-22T10:00:00Z",
  notAfter: "2026-11-22T10:00:01Z",
};
const excepted = (change: Partial<typeof EXCEPTION> = {}): readonly Edit[] => [
  [["exceptions"], [{ ...EXCEPTION, ...change }]],
];
const unmeasured = async (policy: readonly Edit[]): Promise<Scenario> => ({ measurement: [], policy });

// Row 24.
describeRefusals("exceptions", [
  [
    "one that has ended",
    ["admit/no-measurement"],
    async () => ({ ...(await unmeasured(excepted())), now: new Date("2026-11-22T10:00:01.001Z") }),
    () => unmeasured(excepted()),
  ],
  [
    "one that has not begun",
    ["admit/no-measurement"],
    async () => ({ ...(await unmeasured(excepted())), now: new Date("2026-11-22T09:59:59Z") }),
    () => unmeasured(excepted()),
  ],
  [
    "one for another image",
    ["admit/no-measurement"],
    () => unmeasured(excepted({ subject: OTHER })),
    () => unmeasured(excepted()),
  ],
  [
    "one for another rule",
    ["admit/no-measurement"],
    () =>
      unmeasured([
        ...excepted({ rule: "others" }),
        [["images", 1], { ...POLICY.images[0], name: "others", match: ["registry.example/others/**"] }],
      ]),
    () =>
      unmeasured([
        ...excepted(),
        [["images", 1], { ...POLICY.images[0], name: "others", match: ["registry.example/others/**"] }],
      ]),
  ],
  [
    "one for something else",
    ["admit/no-measurement"],
    () => unmeasured(excepted({ waive: ["attestation:https://spdx.dev/Document"] })),
    () => unmeasured(excepted()),
  ],
  [
    "one for a measurement, of an image that nobody signed",
    ["admit/unsigned"],
    async () => ({ ...(await unmeasured(excepted())), signature: [] }),
    () => unmeasured(excepted()),
  ],
]);

test("an exception in force is said, and ends the yes", async () => {
  const verdict = await judge(await unmeasured(excepted()));
  expect(verdict).toMatchObject({
    admitted: true,
    notes: ["policy/exception-used"],
    boundBy: "exception EX-12",
    validUntil: "2026-11-22T10:00:01Z",
  });
  const late = await judge({ ...(await unmeasured(excepted())), now: new Date("2026-11-22T11:00:00Z") });
  expect(late).toMatchObject({ admitted: false, notes: ["policy/exception-ignored"] });
});

test("an exception may waive an attestation", async () => {
  expect(
    await judge({ sbom: [], policy: excepted({ waive: ["attestation:https://spdx.dev/Document"] }) }),
  ).toMatchObject({ admitted: true });
});

const fork = async (log: MemoryLog): Promise<Remembered["roots"]> => {
  log.append(toUtf8("what others were shown"));
  const { proof, logId } = log.prove(9);
  return new Map([
    [treeHeadKey(Buffer.from(logId).toString("hex"), 10), Buffer.from(proof?.rootHash ?? []).toString("hex")],
  ]);
};

describeRefusals("what was seen before", [
  [
    "the policy has ended",
    ["admit/policy-expired"],
    async () => ({ policy: [[["notAfter"], "2026-11-22T09:59:59Z"]] }),
    async () => ({ policy: [[["notAfter"], "2026-11-22T10:00:00Z"]] }),
  ],
  [
    "a newer version of the policy was used",
    ["admit/policy-rolled-back"],
    async () => ({ remembered: { policyVersion: 8 } }),
    async () => ({ remembered: { policyVersion: 7 } }),
  ],
  [
    "the log had another root at this size",
    ["tlog/forked"],
    async () => ({ signature: [await sign({ log: newLog() })], remembered: { roots: await fork(newLog()) } }),
    async () => ({
      signature: [await sign({ log: newLog() })],
      remembered: { roots: await fork(newLog("other.example.com")) },
    }),
  ],
  [
    "the log shows two roots of one size at once",
    ["tlog/forked"],
    async () => ({ signature: [await sign({ log: newLog() })], sbom: [await recorded(SBOM, { log: newLog() })] }),
    async () => {
      const log = newLog();
      return { signature: [await sign({ log })], sbom: [await recorded(SBOM, { log })] };
    },
  ],
]);

describe("what else is attached neither denies nor hides", () => {
  const beside: readonly (readonly [string, () => Promise<FoundBundle>])[] = [
    ["bytes", async () => ({ source: "x", bytes: Uint8Array.of(0xff, 0) })],
    ["an empty document", async () => ({ source: "x", bytes: toUtf8("{}") })],
    ["a bundle cut short", async () => ({ source: "x", bytes: (await sign()).bytes.subarray(0, -1) })],
    ["a stranger's", () => sign({ key: mallory })],
    ["a stranger's measurement", () => recorded({ ...MEASUREMENT, predicate: { evil: true } }, { key: mallory })],
    ["one in no log", () => sign({ log: null })],
    ["one in another log", () => sign({ log: newLog("other.example.com") })],
    ["one without witnesses", () => sign({ witnesses: [] })],
    ["one about another image", () => recorded(about(SIGNATURE, [elsewhere]))],
    ["one of another type", () => recorded({ ...SBOM, predicateType: "https://slsa.dev/provenance/v1" })],
    ["a wrong measurement by the right key", () => recorded({ ...MEASUREMENT, predicate: { wrong: true } })],
    [
      "one with a certificate",
      async () =>
        editBundle(await sign(), (bundle) => ({ ...bundle, material: { kind: "certificate", der: toUtf8("x") } })),
    ],
    ["the same again", () => sign()],
  ];

  test.each(beside)("%s", async (_name, make) => {
    const good = Object.values(IMAGE_BUNDLES);
    const other = await make();
    for (const bundles of [
      [other, ...good],
      [...good, other],
    ]) {
      expect(await judge({ request: { bundles } })).toMatchObject({ admitted: true, reasons: [] });
    }
  });

  test("all of it", async () => {
    const others = await Promise.all(beside.map(([, make]) => make()));
    expect(await judge({ request: { bundles: [...others, ...Object.values(IMAGE_BUNDLES)] } })).toMatchObject({
      admitted: true,
    });
  });

  test("an entry of an unknown log beside the good one in a bundle", async () => {
    const foreign = await sign({ log: newLog("other.example.com") });
    const doubled = editBundle(await sign(), (bundle) => ({
      ...bundle,
      entries: [
        newLog("other.example.com").append(
          formatEntryBody(
            entryOf({ digest: new Uint8Array(32), signature: new Uint8Array(8), key: mallory.publicKey }),
          ),
        ),
        ...bundle.entries,
        ...bundle.entries,
      ],
    }));
    expect(await judge({ signature: [foreign, doubled] })).toMatchObject({ admitted: true });
  });
});

describe("the end of a yes", () => {
  const until = (policy: readonly Edit[], now = NOW): Promise<Verdict> => judge({ policy, now });

  test.each<[string, readonly Edit[], string, string]>([
    ["the age of the checkpoint", [], "checkpoint age", "2026-11-29T09:00:00Z"],
    ["the policy's", [[["notAfter"], "2026-11-23T00:00:00Z"]], "policy", "2026-11-23T00:00:00Z"],
    [
      "the key's, without a trusted time",
      [...UNWITNESSED, keyEdit("notAfter", "2026-11-24T00:00:00Z")],
      "key alice",
      "2026-11-24T00:00:00Z",
    ],
    ["the exception's", excepted({ notAfter: "2026-11-25T00:00:00Z" }), "exception EX-12", "2026-11-25T00:00:00Z"],
  ])("is %s", async (_name, policy, boundBy, validUntil) => {
    expect(await until(policy)).toMatchObject({ admitted: true, boundBy, validUntil });
  });

  test("is the log's, without a trusted time", async () => {
    expect(await judge({ policy: UNWITNESSED, resolved: logUntil("2026-11-23T00:00:00Z") })).toMatchObject({
      admitted: true,
      notes: ["tlog/unwitnessed"],
      boundBy: "log log.example.com",
      validUntil: "2026-11-23T00:00:00Z",
    });
  });

  test("is not a key's that ended after its signature was witnessed", async () => {
    expect(await until([keyEdit("notAfter", "2026-11-22T09:30:00Z")])).toMatchObject({ boundBy: "checkpoint age" });
  });

  test("is told ahead where it is the policy's", async () => {
    expect(await until([[["notAfter"], "2026-12-06T09:59:59Z"]])).toMatchObject({ notes: ["policy/expires-soon"] });
    expect(await until([[["notAfter"], "2026-12-06T10:00:00Z"]])).toMatchObject({ notes: [] });
  });
});

// Row 30.
test("a fault of our own is no verdict", async () => {
  const broken: Partial<ImageRequest> = {
    get contents(): typeof CONTENTS {
      throw new TypeError("a bug");
    },
  };
  const bundles = Object.values(IMAGE_BUNDLES);
  const policy = await readTestPolicy(POLICY);
  const request = Object.defineProperties({ ...IMAGE_REQUEST, bundles }, Object.getOwnPropertyDescriptors(broken));
  expect(() => admitImage(request, policy, NOTHING_REMEMBERED, NOW)).toThrow(TypeError);
});
