import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { toUtf8 } from "../bytes/utf8.ts";
import { Failure } from "../failure.ts";
import { canonicalJson } from "../json/canonical.ts";
import { type Json } from "../json/json.ts";
import { parseJson } from "../json/parser.ts";
import { hashOf, NODE_PREDICATE, withValue } from "../testing/manifests.ts";
import { mutatedBytes, mutatedJson } from "../testing/mutation.ts";
import { formatNodeMeasurement, nodeMeasurementDigest, parseNodeMeasurement, subjectsOf } from "./node-measurement.ts";

type Path = readonly (string | number)[];
const base64 = (text: string): string => Buffer.from(text).toString("base64");
const malformed = (message: RegExp) =>
  expect.objectContaining({ code: "manifest/malformed", message: expect.stringMatching(message) });

const TPM = ["targets", 1] as const;
const deep = (levels: number): Json => (levels === 0 ? null : [deep(levels - 1)]);

describe("accepted", () => {
  const ACCEPTED: readonly (readonly [name: string, path: Path, value: Json | undefined])[] = [
    ["the whole of the design page", ["product"], "acme-node"],
    ["no targets", ["targets"], []],
    ["derived again, so not from a recipe only", ["fromRecipeOnly"], undefined],
    ["sequence 0", ["sequence"], 0],
    ["the highest sequence", ["sequence"], Number.MAX_SAFE_INTEGER],
    ["the 29th of February in a leap year", ["notAfter"], "2028-02-29T23:59:59Z"],
    ["valid for a second", ["notAfter"], "2026-11-01T00:00:01Z"],
    ["an empty artefact", ["artefacts", "cmdline"], { role: "cmdline", in: "uki", at: ".cmdline", bytes: "" }],
    ["bytes of the right size", ["artefacts", "rootfs", "size"], 64],
    ["an id that objects inherit", ["artefacts", "constructor"], { role: "other", sha256: hashOf("x") }],
    [
      "the same place in another artefact",
      ["artefacts", "fw2"],
      { role: "kernel", in: "disk", at: ".linux", sha256: hashOf("x") },
    ],
    ["a register value by SHA-1", [...TPM, "rows", 0, "registers", "pcr4"], `sha1:${"ab".repeat(20)}`],
    ["a register value by SHA-512", [...TPM, "rows", 0, "registers", "pcr4"], `sha512:${"ab".repeat(64)}`],
    ["a register that nothing extended", [...TPM, "rows", 0, "registers", "pcr4"], "zero"],
    ["any JSON as an input", [...TPM, "inputs", "any"], { a: [null, 1.5, "x", { b: false }] }],
    ["a target that uses nothing", [...TPM, "uses"], {}],
  ];

  test.each(ACCEPTED)("%s, and written back the same", (_, path, value) => {
    const predicate = withValue(NODE_PREDICATE, path, value);
    expect(formatNodeMeasurement(parseNodeMeasurement(predicate))).toBe(canonicalJson(predicate));
  });
});

const rows = (count: number) =>
  Array.from({ length: count }, (_, vcpus) => ({ with: { vcpus }, registers: { launchDigest: "zero" } }));

describe("refused", () => {
  /** One edit away from what is accepted. */
  const REFUSED: readonly (readonly [name: string, path: Path, value: Json | undefined, message: RegExp])[] = [
    ["no product", ["product"], undefined, /required/],
    ["an unknown property", ["comment"], "x", /\/comment is not a property/],
    ["an unknown property of an artefact", ["artefacts", "uki", "sha1"], "x", /\/artefacts\/uki\/sha1 is not/],
    ["an unknown property of a target", [...TPM, "ignore"], ["pcr4"], /\/targets\/1\/ignore is not/],
    ["an unknown property of a row", [...TPM, "rows", 0, "optional"], true, /optional is not/],
    ["a product in capitals", ["product"], "Acme", /\/product/],
    ["a version of two lines", ["version"], "1\n2", /\/version/],
    ["a sequence of text", ["sequence"], "41", /\/sequence/],
    ["a negative sequence", ["sequence"], -1, /\/sequence/],
    ["a sequence with a fraction", ["sequence"], 1.5, /\/sequence/],
    ["a sequence that is not safe", ["sequence"], 2 ** 53, /\/sequence/],
    ["no svn", ["svn"], undefined, /required/],
    ["a recipe mark that says no", ["fromRecipeOnly"], false, /\/fromRecipeOnly/],
    ["a time without zone", ["notBefore"], "2026-11-01T00:00:00", /\/notBefore/],
    ["a time in another zone", ["notBefore"], "2026-11-01T00:00:00+00:00", /\/notBefore/],
    ["a time with a fraction", ["notBefore"], "2026-11-01T00:00:00.5Z", /\/notBefore/],
    ["a day that the calendar lacks", ["notAfter"], "2027-02-29T00:00:00Z", /"2027-02-29T00:00:00Z" is not a time/],
    ["hour 24", ["notAfter"], "2027-01-01T24:00:00Z", /is not a time/],
    ["a leap second", ["notAfter"], "2026-12-31T23:59:60Z", /is not a time/],
    ["valid for no time", ["notAfter"], "2026-11-01T00:00:00Z", /is not before/],
    ["over before it begins", ["notAfter"], "2026-10-01T00:00:00Z", /is not before/],

    ["no artefacts", ["artefacts"], {}, /\/artefacts/],
    ["an id with a slash", ["artefacts", "a/b"], { role: "x", sha256: hashOf("x") }, /is not a property/],
    ["a digest in capitals", ["artefacts", "fw", "sha256"], hashOf("x").toUpperCase(), /\/artefacts\/fw\/sha256/],
    ["a digest with its algorithm", ["artefacts", "fw", "sha256"], `sha256:${hashOf("x")}`, /\/artefacts\/fw\/sha256/],
    ["a short digest", ["artefacts", "fw", "sha256"], hashOf("x").slice(2), /\/artefacts\/fw\/sha256/],
    ["a subject without a digest", ["artefacts", "fw"], { role: "firmware", bytes: "" }, /"fw" is in no other/],
    ["a place in nothing", ["artefacts", "fw", "at"], ".fw", /"fw" has a place/],
    ["in an artefact, but not where", ["artefacts", "kernel", "at"], undefined, /nothing says where/],
    ["in an artefact that is not there", ["artefacts", "kernel", "in"], "iso", /"iso", which is not an artefact/],
    [
      "in what objects inherit",
      ["artefacts", "kernel", "in"],
      "constructor",
      /"constructor", which is not an artefact/,
    ],
    ["in itself", ["artefacts", "kernel", "in"], "kernel", /"kernel" is in itself/],
    [
      "in a circle",
      ["artefacts", "uki"],
      { role: "uki", in: "kernel", at: "x", sha256: hashOf("uki") },
      /is in itself: no subject/,
    ],
    [
      "two in one place",
      ["artefacts", "k2"],
      { role: "kernel", in: "uki", at: ".linux", sha256: hashOf("x") },
      /more than one/,
    ],
    ["an artefact that says nothing", ["artefacts", "kernel", "sha256"], undefined, /neither a sha256 nor/],
    ["bytes in URL-safe base64", ["artefacts", "rootfs", "bytes"], "_-8=", /"rootfs": bytes are not/],
    ["bytes with spare bits", ["artefacts", "rootfs", "bytes"], "AB==", /"rootfs": bytes are not/],
    ["bytes that do not hash to the digest", ["artefacts", "cmdline", "bytes"], base64("init=/bin/sh"), /do not hash/],
    ["bytes of another size", ["artefacts", "rootfs", "size"], 63, /has 64 bytes, not 63/],
    ["too many bytes", ["artefacts", "rootfs", "bytes"], "AAAA".repeat(21_847), /\/artefacts\/rootfs\/bytes/],

    ["two targets of one id", [...TPM, "id"], "snp", /target snp: there is more than one/],
    ["a target that uses what is not there", [...TPM, "uses", "uki"], "iso", /uses "iso" as uki/],
    ["a target that uses what objects inherit", [...TPM, "uses", "uki"], "toString", /uses "toString"/],
    ["an algorithm without version", [...TPM, "algorithm"], "uki-stub", /\/algorithm/],
    ["no rows", [...TPM, "rows"], [], /\/rows/],
    ["a row without registers", [...TPM, "rows", 0, "registers"], {}, /\/registers/],
    ["a row for the machine of another", [...TPM, "rows", 1, "with", "secureBoot"], true, /row of target "tpm" with/],
    ["a register without algorithm", [...TPM, "rows", 0, "registers", "pcr4"], hashOf("x"), /\/pcr4/],
    ["a register by MD5", [...TPM, "rows", 0, "registers", "pcr4"], `md5:${"ab".repeat(16)}`, /\/pcr4/],
    ["a register in capitals", [...TPM, "rows", 0, "registers", "pcr4"], `sha256:${"AB".repeat(32)}`, /\/pcr4/],
    ["a register of another length", [...TPM, "rows", 0, "registers", "pcr4"], `sha384:${"ab".repeat(32)}`, /\/pcr4/],
    ["zeros in figures", [...TPM, "rows", 0, "registers", "pcr4"], `sha256:${"00".repeat(32)}`, /all zeros, so "zero"/],
    ["a register by a strange name", [...TPM, "rows", 0, "registers", "PCR 4"], "zero", /is not a property/],
    ["a register both derived and not", [...TPM, "notDerived", "pcr4"], "firmware", /derives pcr4, and says/],
  ];

  test.each(REFUSED)("%s", (_, path, value, message) => {
    const predicate = withValue(NODE_PREDICATE, path, value);
    expect(() => parseNodeMeasurement(predicate)).toThrow(malformed(message));
  });

  test.each([null, [], "acme", 41, {}])("%j is no predicate", (predicate) => {
    expect(() => parseNodeMeasurement(predicate)).toThrow(malformed(/./));
  });

  test("too many rows", () => {
    const path = ["targets", 0, "rows"];
    parseNodeMeasurement(withValue(NODE_PREDICATE, path, rows(4096)));
    expect(() => parseNodeMeasurement(withValue(NODE_PREDICATE, path, rows(4097)))).toThrow(malformed(/\/rows/));
  });
});

test("the subjects are the artefacts that are in no other", () => {
  expect(subjectsOf(parseNodeMeasurement(NODE_PREDICATE))).toEqual([
    { name: "disk", digest: { sha256: hashOf("disk") } },
    { name: "fw", digest: { sha256: hashOf("firmware") } },
  ]);
});

test("the digest is that of the canonical form, whatever the order of the properties", () => {
  const reversed = Object.fromEntries(Object.entries(NODE_PREDICATE).toReversed());
  const digest = nodeMeasurementDigest(parseNodeMeasurement(reversed));
  expect(digest).toBe(`sha256:${hashOf(canonicalJson(NODE_PREDICATE))}`);
  const other = withValue(NODE_PREDICATE, ["sequence"], 42);
  expect(nodeMeasurementDigest(parseNodeMeasurement(other))).not.toBe(digest);
});

function check(predicate: Json): void {
  try {
    const manifest = parseNodeMeasurement(predicate);
    const text = formatNodeMeasurement(manifest);
    expect(parseNodeMeasurement(parseJson(text))).toEqual(manifest);
    subjectsOf(manifest);
  } catch (error) {
    expect(error).toBeInstanceOf(Failure);
  }
}

describe("any document is a node measurement or a Failure", () => {
  test("one to three fields away from a good one", () => {
    fc.assert(
      fc.property(mutatedJson(NODE_PREDICATE), (predicate) => {
        check(predicate);
      }),
      { numRuns: 1000 },
    );
  });

  test("a few bytes away from a good one", () => {
    const seed = toUtf8(canonicalJson(NODE_PREDICATE));
    fc.assert(
      fc.property(mutatedBytes(seed), (bytes) => {
        try {
          check(parseJson(bytes));
        } catch (error) {
          expect(error).toBeInstanceOf(Failure);
        }
      }),
    );
  });

  test("as deep as JSON is read", () => {
    check(withValue(NODE_PREDICATE, [...TPM, "inputs", "any"], deep(50)));
  });
});
