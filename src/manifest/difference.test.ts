import { describe, expect, test } from "vitest";

import { memorySource } from "../bytes/source.ts";
import { type Json } from "../json/json.ts";
import { measureUki, type UkiMeasurement } from "../measure/uki.ts";
import { hashOf, NODE_PREDICATE, UKI, withValue } from "../testing/manifests.ts";
import { quickstartImages } from "../testing/uki.ts";
import { compareNodeToUki, formatDifference } from "./difference.ts";
import { parseNodeMeasurement } from "./node-measurement.ts";
import { nodeMeasurementFromUki } from "./uki.ts";

const RELEASE = {
  product: "acme-node",
  version: "1.9.0",
  sequence: 41,
  svn: 7,
  notBefore: "2026-11-01T00:00:00Z",
  notAfter: "2027-05-01T00:00:00Z",
};
const MANIFEST = nodeMeasurementFromUki(RELEASE, UKI);
const base64 = (text: string): string => Buffer.from(text).toString("base64");

/** The sample image with another section; the file's own hashes change with it, as they do. */
const ukiWith = (name: string, contents: string): UkiMeasurement => ({
  ...UKI,
  sha256: hashOf(`uki with ${contents}`),
  authenticode: hashOf(`authenticode with ${contents}`),
  sections: UKI.sections.map((section) => (section.name === name ? { ...section, sha256: hashOf(contents) } : section)),
});
const linesOf = (manifest: typeof MANIFEST, uki: UkiMeasurement) =>
  compareNodeToUki(manifest, uki).map(formatDifference);
const FILE = /^uki: got sha256 [0-9a-f]{64}, want sha256 [0-9a-f]{64}$/;

test("the image of the manifest differs in nothing", () => {
  expect(compareNodeToUki(MANIFEST, UKI)).toEqual([]);
});

/** A section that the stub knows nothing of. */
const unknownSection = (name: string) => ({ name, role: "other", sha256: hashOf(name), size: 1 }) as const;

describe("the component that changed is named first", () => {
  test.each([
    [".initrd", "initrd (.initrd)"],
    [".linux", "kernel (.linux)"],
    [".osrel", "os-release (.osrel)"],
    [".sbat", "sbat (.sbat)"],
    [".text", ".text"],
  ])("%s", (name, component) => {
    const section = UKI.sections.find((each) => each.name === name);
    const [first, ...rest] = linesOf(MANIFEST, ukiWith(name, "another"));
    expect(first).toBe(`${component}: got sha256 ${hashOf("another")}, want sha256 ${section?.sha256}`);
    expect(rest).toEqual([expect.stringMatching(FILE), expect.stringMatching(/^uki: got authenticode/)]);
  });

  test("one byte of a real image's initrd", async () => {
    const [image = new Uint8Array(), tampered = new Uint8Array()] = quickstartImages().values();
    const manifest = nodeMeasurementFromUki(RELEASE, await measureUki(memorySource(image)));
    const [first] = compareNodeToUki(manifest, await measureUki(memorySource(tampered)));
    expect(first?.component).toBe("initrd (.initrd)");
  });

  test("a command line, in words", () => {
    const cmdline = `${UKI.cmdline} init=/bin/sh`;
    const uki = { ...ukiWith(".cmdline", `${cmdline}\0`), cmdline };
    const sections = uki.sections.map((each) =>
      each.name === ".cmdline" ? { ...each, size: cmdline.length + 1 } : each,
    );
    expect(linesOf(MANIFEST, { ...uki, sections })[0]).toBe(
      `cmdline (.cmdline): got ${JSON.stringify(`${cmdline}\0`)}, want ${JSON.stringify(`${UKI.cmdline}\0\0`)}`,
    );
  });

  test("a root hash, in words and with where it is", () => {
    const rootHash = hashOf("another root filesystem");
    expect(linesOf(MANIFEST, { ...UKI, rootHash })).toEqual([
      `rootfs (roothash= in .cmdline): got "${rootHash}", want "${UKI.rootHash}"`,
    ]);
  });
});

describe("differences", () => {
  const DIFFERENT: readonly (readonly [name: string, Partial<UkiMeasurement>, lines: readonly (string | RegExp)[]])[] =
    [
      ["the file alone", { sha256: hashOf("padded") }, [FILE]],
      ["its size alone", { size: 4097 }, ["uki: got 4097 bytes, want 4096 bytes"]],
      [
        "its signature hash alone",
        { authenticode: hashOf("x") },
        [/^uki: got authenticode [0-9a-f]+, want authenticode/],
      ],
      [
        "a section that is not there",
        { sections: UKI.sections.filter(({ name }) => name !== ".sbat") },
        [`sbat (.sbat): got nothing there, want sha256 ${hashOf("sbat")}`],
      ],
      [
        "a section too many",
        { sha256: hashOf("longer"), sections: [...UKI.sections, unknownSection(".extra")] },
        [`.extra: got sha256 ${hashOf(".extra")}, want nothing there`, FILE],
      ],
      [
        "a section by another name",
        {
          sha256: hashOf("x"),
          sections: UKI.sections.map((each) => (each.name === ".sbat" ? unknownSection(".sba") : each)),
        },
        [/^sbat \(\.sbat\): got nothing there/, /^\.sba: .*want nothing there/, FILE],
      ],
      ["no root hash", { rootHash: null }, [/^rootfs \(roothash= in \.cmdline\): got nothing there/]],
    ];

  test.each(DIFFERENT)("%s", (_, change, lines) => {
    const matchers = lines.map((line) => (typeof line === "string" ? line : expect.stringMatching(line)));
    expect(linesOf(MANIFEST, { ...UKI, ...change })).toEqual(matchers);
  });

  test("two texts that read alike are told apart by their hashes", () => {
    const bytes = Buffer.from([0xff]).toString("base64");
    const artefacts = { ...MANIFEST.artefacts, rootfs: { role: "rootfs", in: "cmdline", at: "roothash=", bytes } };
    const [line] = linesOf({ ...MANIFEST, artefacts }, { ...UKI, rootHash: "\ufffd" });
    expect(line).toMatch(/got sha256 [0-9a-f]{64}, want sha256 [0-9a-f]{64}$/);
  });
});

const parse = (path: readonly string[], value: Json | undefined) =>
  parseNodeMeasurement(withValue({ ...RELEASE, targets: [], artefacts: { ...MANIFEST.artefacts } }, path, value));

describe("manifests of other shapes", () => {
  test("a UKI in a disk is compared as well", () => {
    const manifest = parseNodeMeasurement(NODE_PREDICATE);
    const cmdline = {
      name: ".cmdline",
      role: "cmdline",
      sha256: hashOf(UKI.cmdline),
      size: UKI.cmdline.length,
    } as const;
    const uki = { ...UKI, sections: UKI.sections.map((each) => (each.name === ".cmdline" ? cmdline : each)) };
    expect(compareNodeToUki(manifest, uki)).toEqual([]);
    expect(linesOf(manifest, { ...uki, sha256: hashOf("x") })).toContainEqual(expect.stringMatching(FILE));
  });

  test("no UKI at all", () => {
    const manifest = parse(["artefacts"], { fw: { role: "firmware", sha256: hashOf("firmware") } });
    expect(linesOf(manifest, UKI)).toEqual([
      `uki: got sha256 ${UKI.sha256}, want a manifest with an artefact of this role`,
    ]);
  });

  test("of two UKIs, the nearest", () => {
    const manifest = parse(["artefacts", "other"], { role: "uki", sha256: hashOf("the other slot") });
    expect(compareNodeToUki(manifest, UKI)).toEqual([]);
    const [first, ...rest] = linesOf(manifest, ukiWith(".initrd", "another"));
    expect(first).toMatch(/^initrd /);
    expect(rest).toHaveLength(2);
  });

  test("sections that the manifest does not list matter where the file differs", () => {
    const manifest = parse(["artefacts"], { uki: { role: "uki", sha256: UKI.sha256 } });
    expect(compareNodeToUki(manifest, UKI)).toEqual([]);
    expect(linesOf(manifest, ukiWith(".initrd", "another"))).toContainEqual(
      `initrd (.initrd): got sha256 ${hashOf("another")}, want nothing there`,
    );
  });

  test.each<readonly [string, string, Json]>([
    ["a section by a false role", "kernel", { role: "initrd", in: "uki", at: ".linux", sha256: hashOf("kernel") }],
    ["a section by a false hash", "kernel", { role: "kernel", in: "uki", at: ".linux", sha256: hashOf("x") }],
    ["a section by false bytes", "kernel", { role: "kernel", in: "uki", at: ".linux", bytes: base64("x") }],
    [
      "a section of a false size",
      "kernel",
      { role: "kernel", in: "uki", at: ".linux", sha256: hashOf("kernel"), size: 1 },
    ],
    [
      "a signature hash where there is none",
      "kernel",
      { role: "kernel", in: "uki", at: ".linux", sha256: hashOf("kernel"), authenticode: { sha256: hashOf("x") } },
    ],
    [
      "a part that a UKI does not give",
      "module",
      { role: "module", in: "initrd", at: "/ext4.ko", sha256: hashOf("x") },
    ],
    ["an option that is not read", "init", { role: "init", in: "cmdline", at: "init=", bytes: base64("/init") }],
    [
      "a place that spells like another",
      "rootfs2",
      { role: "rootfs", in: "uki", at: "roothash= in .cmdline", bytes: base64(UKI.rootHash) },
    ],
    [
      "a root hash of a false size",
      "rootfs",
      { role: "rootfs", in: "cmdline", at: "roothash=", sha256: hashOf(UKI.rootHash), size: 1 },
    ],
  ])("cannot be stated: %s", (_, id, artefact) => {
    expect(compareNodeToUki(parse(["artefacts", id], artefact), UKI)).toHaveLength(1);
  });

  test.each<readonly [string, string, Json]>([
    ["a section by its bytes", "kernel", { role: "kernel", in: "uki", at: ".linux", bytes: base64("kernel") }],
    [
      "a root hash by its hash",
      "rootfs",
      { role: "rootfs", in: "cmdline", at: "roothash=", sha256: hashOf(UKI.rootHash), size: 64 },
    ],
  ])("can be stated: %s", (_, id, artefact) => {
    expect(compareNodeToUki(parse(["artefacts", id], artefact), UKI)).toEqual([]);
  });
});
