import { describe, expect, test } from "vitest";

import { type Json } from "../json/json.ts";
import { parseNodeMeasurement, nodeMeasurementDigest } from "../manifest/node-measurement.ts";
import { type ReportedRegisters } from "../manifest/rows.ts";
import { type Policy } from "../policy/policy.ts";
import { testKey } from "../testing/bundles.ts";
import {
  IMAGE_BUNDLES,
  newLog,
  NODE,
  NODE_MEASUREMENT,
  NODE_REQUEST,
  nodeStatement,
  NOW,
  recorded,
  statusStatement,
} from "../testing/evidence.ts";
import { hashOf, NODE_PREDICATE, STATUS_PREDICATE, UKI, withValue } from "../testing/manifests.ts";
import { POLICY, readTestPolicy } from "../testing/policies.ts";
import { type FoundBundle } from "./candidate.ts";
import { admitNodeImage, type NodeImageRequest } from "./node-image.ts";
import { NOTHING_REMEMBERED, type Remembered } from "./terms.ts";
import { type Verdict } from "./verdict.ts";

type Path = readonly (string | number)[];
type Edit = readonly [path: Path, value: Json | undefined];

interface Scenario {
  readonly measurements?: readonly FoundBundle[];
  readonly statuses?: readonly FoundBundle[];
  readonly request?: Partial<NodeImageRequest>;
  readonly policy?: readonly Edit[];
  readonly resolved?: (policy: Policy) => Policy;
  readonly remembered?: Partial<Remembered>;
  readonly now?: Date;
}

const MEASURED = await recorded(NODE);
const STANDS = await recorded(statusStatement());

async function judge({ measurements = [MEASURED], statuses = [STANDS], ...scenario }: Scenario): Promise<Verdict> {
  const { resolved = (each) => each, remembered = {}, now = NOW } = scenario;
  const document = (scenario.policy ?? []).reduce<Json>((value, [path, to]) => withValue(value, path, to), POLICY);
  return admitNodeImage(
    { ...NODE_REQUEST, measurements, statuses, ...scenario.request },
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

const measuredAs = async (...edits: readonly Edit[]): Promise<Scenario> => ({
  measurements: [
    await recorded(
      nodeStatement(edits.reduce<Json>((value, [path, to]) => withValue(value, path, to), NODE_MEASUREMENT)),
    ),
  ],
});
const status = (...edits: readonly Edit[]): Promise<FoundBundle> =>
  recorded(statusStatement(edits.reduce<Json>((value, [path, to]) => withValue(value, path, to), STATUS_PREDICATE)));
const stands = async (...edits: readonly Edit[]): Promise<Scenario> => ({ statuses: [await status(...edits)] });
const mallory = testKey("mallory");
const bob = testKey("bob");

test("what is measured, signed, logged and stands is admitted, until the first of it ends", async () => {
  const verdict = await judge({});
  expect(verdict).toMatchObject({
    admitted: true,
    subject: { kind: "node-image", name: "node.efi", digest: `sha256:${UKI.sha256}` },
    reasons: [],
    notes: [],
    validUntil: "2026-11-29T09:00:00Z",
    boundBy: "checkpoint age",
  });
  expect(await judge(await measuredAs([["notAfter"], "2026-11-23T00:00:00Z"]))).toMatchObject({
    boundBy: "manifest",
    validUntil: "2026-11-23T00:00:00Z",
  });
  expect(await judge(await stands([["notAfter"], "2026-11-24T00:00:00Z"]))).toMatchObject({
    boundBy: "status",
    validUntil: "2026-11-24T00:00:00Z",
  });
});

const otherUki = (name: string): Partial<NodeImageRequest> => ({
  uki: {
    ...UKI,
    sha256: hashOf("another file"),
    authenticode: hashOf("another image"),
    sections: UKI.sections.map((section) =>
      section.name === name ? { ...section, sha256: hashOf("other") } : section,
    ),
  },
});

describeRefusals("the measurement", [
  ["there is none", ["admit/unsigned"], async () => ({ measurements: [] })],
  ["by a stranger", ["admit/wrong-key"], async () => ({ measurements: [await recorded(NODE, { key: mallory })] })],
  ["in no log", ["admit/unlogged"], async () => ({ measurements: [await recorded(NODE, { log: null })] })],
  [
    "in a log that the rule does not name",
    ["bundle/unknown-log"],
    async () => ({ measurements: [await recorded(NODE, { log: newLog("other.example.com") })] }),
  ],
  [
    "without witnesses",
    ["witness/quorum-not-met"],
    async () => ({ measurements: [await recorded(NODE, { witnesses: [] })] }),
  ],
  [
    "of the image's container, by the same key",
    ["admit/unsigned"],
    async () => ({ measurements: [IMAGE_BUNDLES.measurement] }),
  ],
  [
    "another image",
    ["admit/subject-mismatch", "admit/measurement-mismatch"],
    async () => ({ request: otherUki(".initrd") }),
  ],
  [
    "that names the image and describes another",
    ["admit/measurement-mismatch"],
    () => measuredAs([["artefacts", "initrd", "sha256"], hashOf("other")]),
  ],
  [
    "that describes the image and names another",
    ["admit/subject-mismatch"],
    async () => ({ measurements: [await recorded({ ...NODE, subjects: [{ digest: { sha256: hashOf("other") } }] })] }),
  ],
  [
    "that names the image by its Authenticode hash",
    ["admit/subject-mismatch"],
    async () => ({ measurements: [await recorded({ ...NODE, subjects: [{ digest: { sha256: UKI.authenticode } }] })] }),
  ],
  [
    "of a file that is no kernel image",
    ["admit/measurement-mismatch"],
    () => measuredAs([["artefacts"], { disk: { role: "disk", sha256: UKI.sha256 } }], [["targets"], [TPM_OF("disk")]]),
  ],
  [
    "without a shape",
    ["manifest/malformed"],
    async () => ({ measurements: [await recorded({ ...NODE, predicate: { product: "acme-node" } })] }),
  ],
  [
    "recorded from the recipe alone",
    ["admit/recipe-only"],
    () => measuredAs([["fromRecipeOnly"], true]),
    async () => ({
      ...(await measuredAs([["fromRecipeOnly"], true])),
      policy: [[["nodes", 0, "recipeOnly"], { allow: { because: "not ours" } }]],
    }),
  ],
  [
    "not valid yet",
    ["manifest/not-yet-valid"],
    () => measuredAs([["notBefore"], "2026-11-22T10:00:01Z"]),
    () => measuredAs([["notBefore"], "2026-11-22T10:00:00Z"]),
  ],
  [
    "not valid any more",
    ["manifest/expired"],
    () => measuredAs([["notAfter"], "2026-11-22T09:59:59Z"]),
    () => measuredAs([["notAfter"], "2026-11-22T10:00:00Z"]),
  ],
  [
    "by one signer of two",
    ["admit/threshold"],
    async () => ({
      policy: [[["nodes", 0, "signatures", "threshold"], 2]],
      measurements: [MEASURED, await recorded(NODE)],
    }),
    async () => ({
      policy: [[["nodes", 0, "signatures", "threshold"], 2]],
      measurements: [MEASURED, await recorded(NODE, { key: bob })],
    }),
  ],
  [
    "two signers of two releases",
    ["admit/threshold"],
    async () => ({
      policy: [[["nodes", 0, "signatures", "threshold"], 2]],
      measurements: [MEASURED, await recorded(nodeStatement(withValue(NODE_MEASUREMENT, ["svn"], 8)), { key: bob })],
    }),
    async () => ({
      policy: [[["nodes", 0, "signatures", "threshold"], 2]],
      measurements: [MEASURED, await recorded(NODE, { key: bob })],
    }),
  ],
]);

function TPM_OF(artefact: string): Json {
  return { ...NODE_PREDICATE.targets[1], uses: { uki: artefact } };
}

test.each([".initrd", ".linux", ".osrel"])("one byte of %s changed: the component is named", async (name) => {
  const { checks } = await judge({ request: otherUki(name) });
  const messages = checks.filter(({ outcome }) => outcome === "fail").map(({ message }) => message);
  expect(messages).toContainEqual(expect.stringContaining(`(${name}): got sha256 ${hashOf("other")}`));
});

describeRefusals("the product", [
  [
    "an image of another product",
    ["admit/no-rule"],
    () => measuredAs([["product"], "acme-other"]),
    async () => ({
      ...(await measuredAs([["product"], "acme-other"])),
      ...(await stands([["product"], "acme-other"])),
      policy: [[["nodes", 0, "products"], ["acme-other"]]],
    }),
  ],
  [
    "a product that no rule is for",
    ["admit/no-rule"],
    async () => ({ request: { product: "acme-other" } }),
    async () => ({ request: { product: "acme-node" } }),
  ],
  ["no rules at all", ["admit/no-product"], async () => ({ policy: [[["nodes"], []]] })],
  [
    "one of several products, and none is named",
    ["admit/no-product"],
    async () => ({
      policy: [
        [
          ["nodes", 0, "products"],
          ["acme-node", "acme-other"],
        ],
      ],
    }),
    async () => ({
      policy: [
        [
          ["nodes", 0, "products"],
          ["acme-node", "acme-other"],
        ],
      ],
      request: { product: "acme-node" },
    }),
  ],
]);

const DIGEST = nodeMeasurementDigest(parseNodeMeasurement(NODE_MEASUREMENT));
const revoked: Edit = [["revoked"], [{ digest: DIGEST, reason: "the key leaked" }]];
const products = (sequence: number | null, latest: number | null): Partial<Remembered> => ({
  products: new Map([["acme-node", { sequence, latest }]]),
});
const UNASKED: Edit = [["nodes", 0, "status"], { required: false, because: "one release" }];

describeRefusals("the status", [
  ["withheld", ["admit/status-missing", "manifest/status-unknown"], async () => ({ statuses: [] })],
  [
    "a measurement in its place",
    ["admit/status-missing", "manifest/status-unknown"],
    async () => ({ statuses: [MEASURED] }),
  ],
  [
    "by a stranger",
    ["admit/wrong-key", "manifest/status-unknown"],
    async () => ({ statuses: [await recorded(statusStatement(), { key: mallory })] }),
  ],
  [
    "in no log",
    ["admit/unlogged", "manifest/status-unknown"],
    async () => ({ statuses: [await recorded(statusStatement(), { log: null })] }),
  ],
  ["of another product", ["manifest/status-unknown"], () => stands([["product"], "acme-other"])],
  [
    "without a shape",
    ["manifest/malformed", "manifest/status-unknown"],
    async () => ({ statuses: [await recorded(statusStatement({ product: "acme-node" }))] }),
  ],
  ["the measurement is revoked", ["manifest/revoked"], () => stands(revoked), () => stands()],
  [
    "the measurement is revoked by one of two, and the other does not know",
    ["manifest/revoked"],
    async () => ({ statuses: [STANDS, await status(revoked)] }),
    async () => ({ statuses: [STANDS, await status()] }),
  ],
  [
    "the measurement was revoked by one that has expired",
    ["manifest/revoked"],
    async () => ({ statuses: [STANDS, await status(revoked, [["notAfter"], "2026-11-21T00:00:00Z"])] }),
    async () => ({ statuses: [STANDS, await status([["notAfter"], "2026-11-21T00:00:00Z"])] }),
  ],
  [
    "a stranger's revocation does not count, its own does",
    ["manifest/revoked"],
    async () => ({ statuses: [STANDS, await status(revoked)] }),
    async () => ({
      statuses: [
        STANDS,
        await recorded(statusStatement(withValue(STATUS_PREDICATE, ["revoked"], revoked[1])), { key: mallory }),
      ],
    }),
  ],
  [
    "a later release is the first that stands",
    ["manifest/superseded"],
    () => stands([["minSequence"], 42]),
    () => stands([["minSequence"], 41]),
  ],
  ["a higher svn is asked for", ["manifest/superseded"], () => stands([["minSvn"], 8]), () => stands([["minSvn"], 7])],
  [
    "the policy asks for a later release",
    ["manifest/superseded"],
    async () => ({ policy: [[["nodes", 0, "minSequence"], 42]] }),
    async () => ({ policy: [[["nodes", 0, "minSequence"], 41]] }),
  ],
  [
    "it does not reach this release",
    ["manifest/status-unknown"],
    () => stands([["latest"], 40]),
    () => stands([["latest"], 41]),
  ],
  [
    "it is not valid yet",
    ["manifest/status-not-yet-valid"],
    () => stands([["notBefore"], "2026-11-22T10:00:01Z"]),
    () => stands([["notBefore"], "2026-11-22T10:00:00Z"]),
  ],
  [
    "it is not valid any more",
    ["manifest/status-expired"],
    () => stands([["notAfter"], "2026-11-22T09:59:59Z"]),
    () => stands([["notAfter"], "2026-11-22T10:00:00Z"]),
  ],
  [
    "it is too old",
    ["manifest/status-stale"],
    () => stands([["notBefore"], "2026-10-23T09:59:59Z"]),
    () => stands([["notBefore"], "2026-10-23T10:00:00Z"]),
  ],
  [
    "an older one than was seen is shown",
    ["manifest/status-rolled-back"],
    async () => ({ remembered: products(null, 43) }),
    async () => ({ remembered: products(null, 42) }),
  ],
  [
    "one was seen before, and now none is asked for and none shown",
    ["manifest/status-rolled-back"],
    async () => ({ policy: [UNASKED], statuses: [], remembered: products(null, 42) }),
    async () => ({ policy: [UNASKED], statuses: [], remembered: products(41, null) }),
  ],
  [
    "a later release was admitted before",
    ["manifest/rolled-back"],
    async () => ({ remembered: products(42, null) }),
    async () => ({ remembered: products(41, null) }),
  ],
  [
    "by one signer of two",
    ["admit/threshold", "manifest/status-unknown"],
    async () => ({
      policy: [[["nodes", 0, "status", "signatures", "threshold"], 2]],
      statuses: [STANDS, await status()],
    }),
    async () => ({
      policy: [[["nodes", 0, "status", "signatures", "threshold"], 2]],
      statuses: [STANDS, await recorded(statusStatement(), { key: bob })],
    }),
  ],
  [
    "by a key that may measure only, should a policy ever name it",
    ["admit/key-use", "manifest/status-unknown"],
    async () => ({ resolved: statusKeysFor("measurement") }),
    async () => ({ resolved: statusKeysFor("status") }),
  ],
]);

const statusKeysFor =
  (use: "measurement" | "status") =>
  (policy: Policy): Policy => ({
    ...policy,
    nodes: policy.nodes.map((rule) => ({
      ...rule,
      status: rule.status && {
        ...rule.status,
        signatures: {
          ...rule.status.signatures,
          of: rule.status.signatures.of.map((key) => ({ ...key, use: new Set([use]) })),
        },
      },
    })),
  });

test("a status that nobody asks for is missed aloud", async () => {
  expect(await judge({ policy: [UNASKED], statuses: [] })).toMatchObject({
    admitted: true,
    notes: ["manifest/status-unknown"],
  });
});

const [SECURE, INSECURE] = NODE_PREDICATE.targets[1].rows.map(({ registers }) => registers);
if (SECURE === undefined || INSECURE === undefined) throw new RangeError("two rows");
const reporting = (registers: ReportedRegisters, platform = "tpm2"): Scenario => ({
  request: { reported: new Map([[platform, registers]]) },
});
const registersAs = (path: Path, value: Json | undefined): Promise<Scenario> =>
  measuredAs([["targets", 0, ...path], value]);

describeRefusals("registers", [
  [
    "the measurement has no target for the platform",
    ["admit/register-missing"],
    () => measuredAs([["targets"], []]),
    async () => ({ ...(await measuredAs([["targets"], []])), policy: [[["nodes", 0, "registers"], {}]] }),
  ],
  [
    "the measurement has a target for another platform",
    ["admit/register-missing"],
    () => registersAs(["platform"], "tdx"),
    () => registersAs(["platform"], "tpm2"),
  ],
  [
    "one row leaves out a register",
    ["admit/register-missing"],
    () => registersAs(["rows", 1, "registers", "pcr11"], undefined),
    () => registersAs(["rows", 1, "registers", "pcr12"], undefined),
  ],
  [
    "one row has a register by SHA-1",
    ["admit/register-missing"],
    () => registersAs(["rows", 1, "registers", "pcr11"], `sha1:${"ab".repeat(20)}`),
    () => registersAs(["rows", 1, "registers", "pcr12"], `sha1:${"ab".repeat(20)}`),
  ],
  [
    "two targets have one register each",
    ["admit/register-missing"],
    () =>
      measuredAs([
        ["targets"],
        [
          { ...NODE_PREDICATE.targets[1], rows: [{ with: {}, registers: { pcr4: SECURE.pcr4 } }] },
          { ...NODE_PREDICATE.targets[1], id: "tpm-2", rows: [{ with: {}, registers: { pcr11: SECURE.pcr11 } }] },
        ],
      ]),
    () =>
      measuredAs([
        ["targets"],
        [
          { ...NODE_PREDICATE.targets[1], rows: [{ with: {}, registers: { pcr4: SECURE.pcr4 } }] },
          {
            ...NODE_PREDICATE.targets[1],
            id: "tpm-2",
            rows: [{ with: {}, registers: { pcr4: SECURE.pcr4, pcr11: SECURE.pcr11 } }],
          },
        ],
      ]),
  ],
  [
    "a register that every object has",
    ["admit/register-missing"],
    async () => ({
      policy: [
        [
          ["nodes", 0, "registers", "tpm2"],
          ["pcr4", "constructor"],
        ],
      ],
    }),
    async () => ({ policy: [[["nodes", 0, "registers", "tpm2"], ["pcr4"]]] }),
  ],
  [
    "the machine reports another value",
    ["admit/register-mismatch"],
    async () => reporting({ ...SECURE, pcr4: `sha256:${hashOf("other firmware")}` }),
    async () => reporting(SECURE),
  ],
  [
    "the machine reports another value of a register that is not required",
    ["admit/register-mismatch"],
    async () => reporting({ ...SECURE, pcr9: `sha256:${hashOf("other")}` }),
    async () => reporting({ pcr4: SECURE.pcr4, pcr11: SECURE.pcr11 }),
  ],
  [
    "the machine reports registers of two rows",
    ["admit/register-mismatch"],
    async () => reporting({ ...SECURE, pcr4: INSECURE.pcr4 }),
    async () => reporting({ ...INSECURE }),
  ],
  [
    "the machine does not report a register",
    ["admit/register-missing"],
    async () => reporting({ pcr4: SECURE.pcr4 }),
    async () => reporting({ pcr4: SECURE.pcr4, pcr11: SECURE.pcr11 }),
  ],
  ["the machine reports nothing", ["admit/register-missing"], async () => reporting({}), async () => reporting(SECURE)],
  [
    "the machine reports by SHA-1",
    ["admit/register-missing"],
    async () => reporting({ ...SECURE, pcr4: `sha1:${"ab".repeat(20)}` }),
    async () => reporting(SECURE),
  ],
  [
    "the machine is of another platform",
    ["admit/register-missing"],
    async () => reporting(SECURE, "sev-snp"),
    async () => reporting(SECURE),
  ],
  [
    "the machine reports, and the policy asks for nothing",
    ["admit/register-missing"],
    async () => ({ ...reporting(SECURE), policy: [[["nodes", 0, "registers"], {}]] }),
    async () => ({ policy: [[["nodes", 0, "registers"], {}]] }),
  ],
]);

describe("what else is shown neither denies nor hides", () => {
  test.each<[string, () => Promise<Scenario>]>([
    ["bytes", async () => ({ measurements: [{ source: "x", bytes: Uint8Array.of(0) }, MEASURED] })],
    ["a stranger's", async () => ({ measurements: [await recorded(NODE, { key: mallory }), MEASURED] })],
    [
      "one that has expired",
      async () => ({
        measurements: [...((await measuredAs([["notAfter"], "2026-11-02T00:00:00Z"])).measurements ?? []), MEASURED],
      }),
    ],
    [
      "one of another image",
      async () => ({
        measurements: [MEASURED, await recorded({ ...NODE, subjects: [{ digest: { sha256: hashOf("x") } }] })],
      }),
    ],
    ["a measurement among the statuses", async () => ({ statuses: [MEASURED, STANDS] })],
    ["a stranger's status", async () => ({ statuses: [await recorded(statusStatement(), { key: mallory }), STANDS] })],
    ["a status of another product", async () => ({ statuses: [await status([["product"], "acme-other"]), STANDS] })],
  ])("%s", async (_name, scenario) => {
    expect(await judge(await scenario())).toMatchObject({ admitted: true, reasons: [] });
  });

  test("but of two measurements that count, each must stand", async () => {
    const again = nodeStatement(withValue(NODE_MEASUREMENT, ["sequence"], 42));
    expect(await judge({ measurements: [MEASURED, await recorded(again)] })).toMatchObject({ admitted: true });
    expect(
      await judge({ measurements: [MEASURED, await recorded(again)], statuses: [await status(revoked)] }),
    ).toMatchObject({
      admitted: false,
      reasons: ["manifest/revoked"],
    });
  });
});

test("a policy that has ended decides nothing, for no product either", async () => {
  const now = new Date("2027-07-01T00:00:00Z");
  expect((await judge({ now })).reasons).toContain("admit/policy-expired");
  expect((await judge({ now, request: { product: "x" } })).reasons).toEqual(["admit/policy-expired", "admit/no-rule"]);
});
