import { describe, expect, test } from "vitest";

import { memorySource } from "../bytes/source.ts";
import { measureUki } from "../measure/uki.ts";
import { hashOf, UKI } from "../testing/manifests.ts";
import { ACME_ROOT_HASH, buildUki } from "../testing/uki.ts";
import { compareNodeToUki } from "./difference.ts";
import { formatNodeMeasurement, subjectsOf } from "./node-measurement.ts";
import { artefactsFromUki, nodeMeasurementFromUki, type NodeRelease } from "./uki.ts";

const RELEASE: NodeRelease = {
  product: "acme-node",
  version: "1.9.0",
  sequence: 41,
  svn: 7,
  notBefore: "2026-11-01T00:00:00Z",
  notAfter: "2027-05-01T00:00:00Z",
};
const base64 = (text: string): string => Buffer.from(text).toString("base64");

test("a UKI's artefacts: the file, its sections by role, the root hash", () => {
  expect(artefactsFromUki(UKI)).toEqual({
    uki: { role: "uki", sha256: UKI.sha256, size: 4096, authenticode: { sha256: UKI.authenticode } },
    "section.text": { role: "other", in: "uki", at: ".text", sha256: hashOf("stub"), size: 512 },
    "os-release": { role: "os-release", in: "uki", at: ".osrel", sha256: hashOf("osrel"), size: 10 },
    cmdline: {
      role: "cmdline",
      in: "uki",
      at: ".cmdline",
      sha256: hashOf(`${UKI.cmdline}\0\0`),
      size: UKI.cmdline.length + 2,
      bytes: base64(`${UKI.cmdline}\0\0`),
    },
    uname: { role: "uname", in: "uki", at: ".uname", sha256: hashOf("uname"), size: 5 },
    sbat: { role: "sbat", in: "uki", at: ".sbat", sha256: hashOf("sbat"), size: 8 },
    kernel: { role: "kernel", in: "uki", at: ".linux", sha256: hashOf("kernel"), size: 1024 },
    initrd: { role: "initrd", in: "uki", at: ".initrd", sha256: hashOf("initrd"), size: 2048 },
    rootfs: { role: "rootfs", in: "cmdline", at: "roothash=", bytes: base64(UKI.rootHash) },
  });
});

test("a verity root of /usr", () => {
  const artefacts = artefactsFromUki({ ...UKI, rootHash: null, usrHash: UKI.rootHash });
  expect(artefacts["usrfs"]).toEqual({ role: "usrfs", in: "cmdline", at: "usrhash=", bytes: base64(UKI.rootHash) });
  expect(artefacts).not.toHaveProperty("rootfs");
});

const cmdlineOf = (text: string | null, sha256: string, size: number) =>
  artefactsFromUki({ ...UKI, cmdline: text, sections: [{ name: ".cmdline", role: "cmdline", sha256, size }] })[
    "cmdline"
  ];

describe("the command line's bytes", () => {
  test.each([
    ["no NUL after it", "quiet", "quiet"],
    ["one NUL after it", "quiet", "quiet\0"],
    ["many NULs after it", "quiet", `quiet${"\0".repeat(500)}`],
    ["beyond ASCII", "name=Ж", "name=Ж\0"],
    ["empty", "", ""],
  ])("are there: %s", (_, text, section) => {
    expect(cmdlineOf(text, hashOf(section), Buffer.byteLength(section))).toMatchObject({ bytes: base64(section) });
  });

  test.each([
    ["something follows the NUL", "quiet", "quiet\0init=/bin/sh"],
    ["longer than any command line", "quiet", `quiet${"\0".repeat(65_536)}`],
    ["the text is not the section's", "quiet splash", "quiet"],
  ])("are left to the hash: %s", (_, text, section) => {
    expect(cmdlineOf(text, hashOf(section), Buffer.byteLength(section))).not.toHaveProperty("bytes");
  });
});

const section = (name: string, role: "dtb" | "other") => ({ name, role, sha256: hashOf(name), size: 1 });

test("names that are no ids, and roles that come twice, get ids of their own", () => {
  const sections = [section(".dtb", "dtb"), section(".dtb2", "dtb"), section("/4", "other"), section(".a b", "other")];
  const { artefacts } = nodeMeasurementFromUki(RELEASE, { ...UKI, sections, rootHash: null });
  expect(Object.keys(artefacts)).toEqual(["uki", "dtb", "section.dtb2", "section-2f34", "section-2e612062"]);
});

test("two builders of one image and release write the same bytes", () => {
  const reversed = { ...UKI, sections: UKI.sections.toReversed() };
  const text = formatNodeMeasurement(nodeMeasurementFromUki(RELEASE, UKI));
  expect(formatNodeMeasurement(nodeMeasurementFromUki(RELEASE, reversed))).toBe(text);
});

test.each([
  ["a release that begins after it ends", { notBefore: "2028-01-01T00:00:00Z" }],
  ["a sequence below zero", { sequence: -1 }],
  ["a product of two lines", { product: "a\nb" }],
])("refused: %s", (_, change) => {
  expect(() => nodeMeasurementFromUki({ ...RELEASE, ...change }, UKI)).toThrow(
    expect.objectContaining({ code: "manifest/malformed" }),
  );
});

test("a whole image: measured, stated, and found the same", async () => {
  const uki = await measureUki(memorySource(buildUki()));
  const manifest = nodeMeasurementFromUki(RELEASE, uki);
  expect(subjectsOf(manifest)).toEqual([{ name: "uki", digest: { sha256: uki.sha256 } }]);
  expect(manifest.targets).toEqual([]);
  expect(manifest.artefacts["rootfs"]).toMatchObject({ bytes: base64(ACME_ROOT_HASH) });
  expect(manifest.artefacts["cmdline"]).toHaveProperty("bytes");
  expect(compareNodeToUki(manifest, uki)).toEqual([]);
});
