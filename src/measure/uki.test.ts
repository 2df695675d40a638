import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { type ByteSource, memorySource } from "../bytes/source.ts";
import { Failure, type FailureCode } from "../failure.ts";
import { mutatedBytes } from "../testing/mutation.ts";
import { buildPe, type SectionContents } from "../testing/pe.ts";
import { describeProgram, describeWith } from "../testing/require.ts";
import { temporaryDirectory } from "../testing/temporary.ts";
import { ACME_ROOT_HASH, buildUki, quickstartImages, ukiSections } from "../testing/uki.ts";
import { measureUki, type UkiMeasurement } from "./uki.ts";

/** Where Debian and Fedora have it; sections are added behind those it has. */
const STUB = "/usr/lib/systemd/boot/efi/linuxx64.efi.stub";
const ADDED = [".cmdline", ".initrd", ".linux"];

const measure = async (image: Uint8Array): Promise<UkiMeasurement> => measureUki(memorySource(image));
const sha256 = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");
/** The sections of a good image with one exchanged, added or, given null, left out. */
const sectionsWith = (name: string, contents: Uint8Array | string | null): readonly SectionContents[] => [
  ...ukiSections().filter((section) => section.name !== name),
  ...(contents === null ? [] : [{ name, contents: Buffer.from(contents) }]),
];

test("an image is measured whole and by section", async () => {
  const image = buildUki();
  expect(await measure(image)).toEqual({
    sha256: sha256(image),
    size: image.length,
    authenticode: "5ed96f5398f009c37009aa1377096641674328452d13e9aff543878de31d7831",
    stubVersion: "257.9-1",
    sections: [
      ["other", ".text"],
      ["other", ".sdmagic"],
      ["os-release", ".osrel"],
      ["cmdline", ".cmdline"],
      ["uname", ".uname"],
      ["sbat", ".sbat"],
      ["initrd", ".initrd"],
      ["kernel", ".linux"],
    ].map(([role, name], index) => {
      const contents = ukiSections()[index]?.contents ?? new Uint8Array();
      return { name, role, sha256: sha256(contents), size: contents.length };
    }),
    cmdline: `console=ttyS0 quiet ro systemd.verity=yes roothash=${ACME_ROOT_HASH}`,
    rootHash: ACME_ROOT_HASH,
    usrHash: null,
  });
});

test("a section is hashed as it is in memory, filled with zeros", async () => {
  const sections = [...ukiSections(), { name: ".splash", contents: Buffer.from("BM"), virtualSize: 9 }];
  const measured = (await measure(buildUki(sections))).sections.find(({ role }) => role === "splash");
  expect(measured).toEqual({
    name: ".splash",
    role: "splash",
    sha256: sha256(Buffer.from("BM\0\0\0\0\0\0\0")),
    size: 9,
  });
});

test("one byte of the initrd changes the initrd, the file and the Authenticode hash, and nothing else", async () => {
  const [good, tampered] = await Promise.all([...quickstartImages().values()].map(measure));
  const changed = good?.sections.filter(({ sha256 }, index) => sha256 !== tampered?.sections[index]?.sha256);
  expect(changed?.map(({ role }) => role)).toEqual(["initrd"]);
  expect(tampered).toMatchObject({ size: good?.size, rootHash: good?.rootHash, stubVersion: good?.stubVersion });
  expect([tampered?.sha256, tampered?.authenticode]).not.toContain(good?.sha256);
  expect(tampered?.authenticode).not.toBe(good?.authenticode);
});

test.each([...quickstartImages()])("the quickstart's %s is what its generator writes", (name, image) => {
  const committed = readFileSync(join(import.meta.dirname, "../../testdata/quickstart", name));
  expect(sha256(committed)).toBe(sha256(image));
  expect(committed.length).toBeLessThan(40 * 1024);
});

describe("the stub's version", () => {
  test.each([
    ["with a NUL", "#### LoaderInfo: systemd-stub 252.39-1~deb12u2 ####\0", "252.39-1~deb12u2"],
    ["without one", "#### LoaderInfo: systemd-stub 262 ####", "262"],
    ["of a loader that is no stub", "#### LoaderInfo: systemd-boot 262 ####", null],
    ["with more after it", "#### LoaderInfo: systemd-stub 262 #### x", null],
    ["with more before it", "x#### LoaderInfo: systemd-stub 262 ####", null],
    ["of two words", "#### LoaderInfo: systemd-stub 2 62 ####", null],
    ["in a section too long for it", `#### LoaderInfo: systemd-stub 262 ####${"\0".repeat(300)}`, null],
  ])("%s", async (_name, text, version) => {
    expect((await measure(buildUki(sectionsWith(".sdmagic", text)))).stubVersion).toBe(version);
  });

  test("is not known without its section", async () => {
    expect((await measure(buildUki(sectionsWith(".sdmagic", null)))).stubVersion).toBeNull();
  });
});

test("an image without a command line has no root hash", async () => {
  expect(await measure(buildUki(sectionsWith(".cmdline", null)))).toMatchObject({
    cmdline: null,
    rootHash: null,
    usrHash: null,
  });
});

describe("each refusal and its accepted twin", () => {
  const hash = "a1".repeat(32);
  test.each<[string, Uint8Array, FailureCode, Uint8Array]>([
    ["no kernel", buildUki(sectionsWith(".linux", null)), "measure/not-a-uki", buildUki(sectionsWith(".linux", "x"))],
    [
      "a kernel of no bytes",
      buildUki(sectionsWith(".linux", "")),
      "measure/not-a-uki",
      buildUki(sectionsWith(".linux", "x")),
    ],
    [
      "an EFI program that is no UKI",
      buildPe([{ name: ".text", contents: Buffer.of(0xc3) }]),
      "measure/not-a-uki",
      buildUki(),
    ],
    [
      "several profiles",
      buildUki(sectionsWith(".profile", "ID=main")),
      "measure/unsupported-uki",
      buildUki(sectionsWith(".other", "ID=main")),
    ],
    [
      "two root hashes",
      buildUki(ukiSections({ cmdline: `roothash=${hash} roothash=${hash}` })),
      "measure/malformed-cmdline",
      buildUki(ukiSections({ cmdline: `roothash=${hash} usrhash=${hash}` })),
    ],
    [
      "a command line longer than any",
      buildUki(sectionsWith(".cmdline", "x".repeat(64 * 1024 + 1))),
      "measure/malformed-cmdline",
      buildUki(sectionsWith(".cmdline", "x".repeat(64 * 1024))),
    ],
    ["no PE image", Buffer.from("#!/bin/sh\n".repeat(20)), "pe/malformed", buildUki()],
    [
      "two kernels",
      buildUki([...ukiSections(), { name: ".linux", contents: Buffer.of(1) }]),
      "pe/duplicate-section",
      buildUki([...ukiSections(), { name: ".linux2", contents: Buffer.of(1) }]),
    ],
  ])("%s", async (_name, refused, code, accepted) => {
    await expect(measure(refused)).rejects.toThrow(expect.objectContaining({ code }));
    expect((await measure(accepted)).size).toBe(accepted.length);
  });
});

test("an image of any size is read a megabyte at a time", async () => {
  const whole = memorySource(buildUki(ukiSections({ initrd: new Uint8Array(5_000_000) })));
  const lengths: number[] = [];
  const source: ByteSource = {
    size: whole.size,
    read: async (offset, length) => {
      lengths.push(length);
      return whole.read(offset, length);
    },
  };
  expect((await measureUki(source)).size).toBe(whole.size);
  expect(Math.max(...lengths)).toBe(1024 * 1024);
});

test("any bytes, and any image with bytes changed, cut or added, are either measured or a Failure", async () => {
  const image = buildUki(ukiSections({ initrd: Buffer.from("initrd"), kernel: Buffer.from("kernel") }));
  await fc.assert(
    fc.asyncProperty(fc.oneof(mutatedBytes(image), mutatedBytes(image.subarray(0, 0x500))), async (bytes) => {
      const measured = await measure(bytes).catch((error: unknown) => {
        expect(error).toBeInstanceOf(Failure);
        return null;
      });
      if (measured !== null) expect(measured.sha256).toBe(sha256(bytes));
    }),
    { numRuns: 1000 },
  );
});

describeProgram("objcopy")("binutils", () => {
  test("take the same sections out of an image of ours", async () => {
    const image = buildUki();
    const { sections } = await measure(image);
    expect(listSections(image)).toEqual(sections.map(({ name, size }) => [name, size]));
    expect(dumpSections(image, namesOf(sections))).toEqual(sections.map(({ sha256 }) => sha256));
  });

  describeWith("systemd-stub", existsSync(STUB))("with systemd's own stub", () => {
    test("take the same sections out of an image that they made", async () => {
      const image = linkUki();
      const measured = await measure(image);
      expect(measured.stubVersion).toMatch(/^[0-9]{3}/);
      expect(measured.rootHash).toBe(ACME_ROOT_HASH);
      expect(listSections(image)).toEqual(measured.sections.map(({ name, size }) => [name, size]));
      const added = measured.sections.filter(({ name }) => ADDED.includes(name));
      expect(added).toHaveLength(ADDED.length);
      expect(dumpSections(image, namesOf(added))).toEqual(added.map(({ sha256 }) => sha256));
    });

    describeProgram("pesign")("pesign", () => {
      test("hashes it to the same", async () => {
        const image = linkUki();
        expect(run("pesign", ["-h", "-i", fileOf(image)])).toContain((await measure(image)).authenticode);
      });
    });
  });
});

const namesOf = (sections: readonly { readonly name: string }[]): readonly string[] => sections.map(({ name }) => name);

function fileOf(image: Uint8Array): string {
  const file = join(temporaryDirectory(), "image.efi");
  writeFileSync(file, image);
  return file;
}

/** Name and length in memory of each section, as `objdump` prints them. */
function listSections(image: Uint8Array): readonly (readonly [string, number])[] {
  const rows = run("objdump", ["-h", fileOf(image)]).matchAll(/^ +[0-9]+ (\S+) +([0-9a-f]{8}) /gm);
  return [...rows].map(([, name = "", size = ""]) => [name, Number.parseInt(size, 16)]);
}

/** SHA-256 of each section as `objcopy` takes it out of the image. */
function dumpSections(image: Uint8Array, names: readonly string[]): readonly string[] {
  const directory = temporaryDirectory();
  const dumps = names.flatMap((name) => ["--dump-section", `${name}=${join(directory, `${name}.bin`)}`]);
  run("objcopy", [...dumps, fileOf(image), join(directory, "copy.efi")]);
  return names.map((name) => sha256(readFileSync(join(directory, `${name}.bin`))));
}

/** Command line, initrd and kernel behind the sections of the real stub. */
function linkUki(): Uint8Array {
  const directory = temporaryDirectory();
  let address = 0x1000_0000;
  const additions = ukiSections().flatMap(({ name, contents }) => {
    if (!ADDED.includes(name)) return [];
    writeFileSync(join(directory, name), contents);
    address += 0x10_0000;
    return ["--add-section", `${name}=${join(directory, name)}`, "--change-section-vma", `${name}=${address}`];
  });
  run("objcopy", [...additions, STUB, join(directory, "uki.efi")]);
  return readFileSync(join(directory, "uki.efi"));
}

function run(program: string, parameters: readonly string[]): string {
  const { status, stdout, stderr } = spawnSync(program, parameters, { encoding: "utf8" });
  expect({ program, status, stderr: status === 0 ? "" : stderr }).toEqual({ program, status: 0, stderr: "" });
  return stdout;
}
