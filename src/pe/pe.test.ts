import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { memorySource } from "../bytes/source.ts";
import { Failure, type FailureCode } from "../failure.ts";
import { mutatedBytes } from "../testing/mutation.ts";
import { buildPe } from "../testing/pe.ts";
import { authenticodeSha256 } from "./authenticode.ts";
import { MAX_SECTIONS, type Pe, readPe } from "./pe.ts";
import { MAX_ZERO_FILL_BYTES, streamSection } from "./section.ts";

const SECTIONS = [
  { name: ".text", contents: Buffer.alloc(700, 0xc3) },
  { name: ".data", contents: Buffer.from("data"), virtualSize: 600 },
  { name: ".bss", contents: Buffer.alloc(0), virtualSize: 5000 },
] as const;

const GOOD = buildPe(SECTIONS);

/** Where {@link buildPe} puts what the tests change. */
const COFF = 0x84;
const OPTIONAL = 0x98;
const SECURITY = OPTIONAL + 112 + 4 * 8;
const table = (index: number): number => OPTIONAL + 240 + index * 40;

/** The image with a 32-bit little-endian value written at an offset. */
function patched(...changes: readonly (readonly [at: number, value: number])[]): Uint8Array {
  const bytes = Buffer.from(buildPe(SECTIONS));
  for (const [at, value] of changes) bytes.writeUInt32LE(value, at);
  return new Uint8Array(bytes);
}

const read = async (bytes: Uint8Array): Promise<Pe> => readPe(memorySource(bytes));

/** The bytes in memory of one section of an image, in chunks. */
async function chunksOf(bytes: Uint8Array, index: number): Promise<readonly Uint8Array[]> {
  const source = memorySource(bytes);
  const chunks: Uint8Array[] = [];
  for (const section of (await readPe(source)).sections.slice(index, index + 1)) {
    for await (const chunk of streamSection(source, section)) chunks.push(chunk);
  }
  return chunks;
}

describe("headers", () => {
  test("of a PE32+ image", async () => {
    const bytes = buildPe(SECTIONS);
    expect(await read(bytes)).toEqual({
      machine: 0x8664,
      is64: true,
      checksumOffset: OPTIONAL + 64,
      securityDirectoryOffset: SECURITY,
      sizeOfHeaders: 0x200,
      certificateTable: null,
      sections: [
        { name: ".text", virtualAddress: 0x1000, virtualSize: 700, rawOffset: 0x200, rawSize: 0x400 },
        { name: ".data", virtualAddress: 0x2000, virtualSize: 600, rawOffset: 0x600, rawSize: 0x200 },
        { name: ".bss", virtualAddress: 0x3000, virtualSize: 5000, rawOffset: 0, rawSize: 0 },
      ],
      fileSize: 0x800,
    });
  });

  test("of a PE32 image", async () => {
    const pe = await read(buildPe(SECTIONS, { is64: false }));
    expect(pe).toMatchObject({ machine: 0x14c, is64: false, securityDirectoryOffset: OPTIONAL + 96 + 4 * 8 });
    expect(pe.sections.map(({ name }) => name)).toEqual([".text", ".data", ".bss"]);
  });

  test("with no room for signatures", async () => {
    const pe = await read(buildPe(SECTIONS, { directories: 4 }));
    expect(pe).toMatchObject({ securityDirectoryOffset: null, certificateTable: null });
    expect((await read(buildPe(SECTIONS, { directories: 5 }))).securityDirectoryOffset).toBe(SECURITY);
  });

  test("with certificates", async () => {
    const signed = Buffer.concat([patched([SECURITY, 0x800], [SECURITY + 4, 16]), Buffer.alloc(16)]);
    expect((await read(signed)).certificateTable).toEqual({ offset: 0x800, size: 16 });
  });
});

describe("sections in memory", () => {
  test("the file's padding is cut off", async () => {
    expect(Buffer.concat(await chunksOf(GOOD, 0))).toEqual(Buffer.alloc(700, 0xc3));
  });

  test("zeros follow where memory is longer than the file", async () => {
    expect(Buffer.concat(await chunksOf(GOOD, 1))).toEqual(Buffer.concat([Buffer.from("data"), Buffer.alloc(596)]));
    expect(Buffer.concat(await chunksOf(GOOD, 2))).toEqual(Buffer.alloc(5000));
  });

  test("more than a chunk of each", async () => {
    const stored = Buffer.alloc(3 * 1024 * 1024 + 5, 7);
    const chunks = await chunksOf(buildPe([{ name: ".big", contents: stored, virtualSize: 6 * 1024 * 1024 + 1 }]), 0);
    expect(Buffer.concat(chunks).equals(Buffer.concat([stored, Buffer.alloc(3 * 1024 * 1024 - 4)]))).toBe(true);
    expect(Math.max(...chunks.map(({ length }) => length))).toBe(1024 * 1024);
  });
});

describe("each refusal and its accepted twin", () => {
  const certificates = Buffer.alloc(16);

  test.each<[string, Uint8Array, FailureCode, Uint8Array]>([
    ["an empty file", new Uint8Array(), "pe/malformed", GOOD],
    ["a file without MZ", patched([0, 0x4d5a]), "pe/malformed", patched([0, 0x5a4d])],
    ["a PE signature in the DOS header", patched([0x3c, 0x3c]), "pe/malformed", patched([0x3c, 0x80])],
    ["a PE signature beyond the file", patched([0x3c, 0xffffffff]), "pe/malformed", patched([0x3c, 0x80])],
    ["no PE signature", patched([0x80, 0x01004550]), "pe/malformed", patched([0x80, 0x00004550])],
    ["no section", patched([COFF, 0x00008664]), "pe/malformed", patched([COFF, 0x00018664])],
    ["a section table beyond the headers", patched([COFF, 0x00058664]), "pe/malformed", patched([COFF, 0x00038664])],
    [
      "an optional header of no bytes",
      patched([COFF + 16, 0x02260000]),
      "pe/malformed",
      patched([COFF + 16, 0x022600f0]),
    ],
    [
      "an optional header cut short",
      patched([COFF + 16, 0x022600ef]),
      "pe/malformed",
      patched([COFF + 16, 0x022600f0]),
    ],
    ["an unknown magic", patched([OPTIONAL, 0x107]), "pe/malformed", patched([OPTIONAL, 0x20b])],
    ["17 directories", patched([OPTIONAL + 108, 17]), "pe/malformed", patched([OPTIONAL + 108, 16])],
    ["headers cut short", patched([OPTIONAL + 60, 0x1ff]), "pe/malformed", patched([OPTIONAL + 60, 0x200])],
    ["headers longer than the file", patched([OPTIONAL + 60, 0x801]), "pe/malformed", patched([OPTIONAL + 60, 0x200])],
    ["headers over a section", patched([OPTIONAL + 60, 0x201]), "pe/overlap", patched([OPTIONAL + 60, 0x200])],
    ["a file cut short", GOOD.subarray(0, -1), "pe/malformed", GOOD],
    ["a table of sections cut short", GOOD.subarray(0, table(3) - 1), "pe/malformed", GOOD],
    [
      "a section without a name",
      patched([table(1), 0], [table(1) + 4, 0]),
      "pe/malformed",
      patched([table(1), 0x61], [table(1) + 4, 0]),
    ],
    [
      "a NUL inside a name",
      patched([table(1), 0x61], [table(1) + 4, 0x61]),
      "pe/malformed",
      patched([table(1) + 4, 0x62]),
    ],
    ["a name that is not ASCII", patched([table(1), 0xe964612e]), "pe/malformed", patched([table(1), 0x6964612e])],
    ["a section twice", patched([table(2), 0x7461642e], [table(2) + 4, 0x61]), "pe/duplicate-section", GOOD],
    [
      "sections that share a byte of memory",
      patched([table(0) + 8, 0x1001]),
      "pe/overlap",
      patched([table(0) + 8, 0x1000]),
    ],
    [
      "a section over the headers in memory",
      patched([table(0) + 12, 0x1ff]),
      "pe/overlap",
      patched([table(0) + 12, 0x200]),
    ],
    [
      "sections that share a byte of the file",
      patched([table(0) + 16, 0x401]),
      "pe/overlap",
      patched([table(0) + 16, 0x400]),
    ],
    [
      "a section over the headers in the file",
      patched([table(0) + 20, 0x1ff]),
      "pe/overlap",
      patched([table(0) + 20, 0x200]),
    ],
    ["a section beyond the file", patched([table(1) + 16, 0x201]), "pe/malformed", patched([table(1) + 16, 0x200])],
    [
      "a section beyond 4 GiB of the file",
      patched([table(1) + 20, 0xfffffe00]),
      "pe/malformed",
      patched([table(1) + 20, 0x600]),
    ],
    [
      "a section beyond 4 GiB of memory",
      patched([table(1) + 12, 0xfffffda9]),
      "pe/malformed",
      patched([table(1) + 12, 0xfffffda8]),
    ],
    ["a section with no place in memory", patched([table(0) + 8, 0]), "pe/malformed", patched([table(0) + 8, 1])],
    [
      "more zeros than are hashed",
      patched([table(2) + 8, MAX_ZERO_FILL_BYTES - 87]),
      "pe/malformed",
      patched([table(2) + 8, MAX_ZERO_FILL_BYTES - 88]),
    ],
    [
      "certificates that end before the file",
      Buffer.concat([patched([SECURITY, 0x800], [SECURITY + 4, 8]), certificates]),
      "pe/malformed",
      Buffer.concat([patched([SECURITY, 0x800], [SECURITY + 4, 16]), certificates]),
    ],
    [
      "certificates that end after the file",
      Buffer.concat([patched([SECURITY, 0x800], [SECURITY + 4, 24]), certificates]),
      "pe/malformed",
      Buffer.concat([patched([SECURITY, 0x808], [SECURITY + 4, 8]), certificates]),
    ],
    ["certificates of no bytes", patched([SECURITY, 0x800]), "pe/malformed", patched([SECURITY, 0])],
    [
      "certificates out of alignment",
      Buffer.concat([patched([SECURITY, 0x804], [SECURITY + 4, 12]), certificates]),
      "pe/malformed",
      Buffer.concat([patched([SECURITY, 0x808], [SECURITY + 4, 8]), certificates]),
    ],
    [
      "certificates over a section",
      patched([SECURITY, 0x7f8], [SECURITY + 4, 8]),
      "pe/malformed",
      patched([SECURITY, 0]),
    ],
  ])("%s", async (_name, refused, code, accepted) => {
    await expect(read(refused)).rejects.toThrow(expect.objectContaining({ code }));
    expect((await read(accepted)).sections.length).toBeGreaterThan(0);
  });

  test("more sections than loaders take", async () => {
    const sections = Array.from({ length: MAX_SECTIONS + 1 }, (_, index) => ({
      name: `.s${index}`,
      contents: Buffer.of(index),
    }));
    expect((await read(buildPe(sections.slice(1)))).sections).toHaveLength(MAX_SECTIONS);
    await expect(read(buildPe(sections))).rejects.toThrow(expect.objectContaining({ code: "pe/malformed" }));
  });
});

describe("properties", () => {
  const source = fc.oneof(
    mutatedBytes(buildPe(SECTIONS)),
    mutatedBytes(buildPe(SECTIONS, { is64: false, directories: 6 })),
    fc.array(field(), { minLength: 1, maxLength: 4 }).map((changes) => patched(...changes)),
    fc.uint8Array({ maxLength: 300 }),
  );

  test("any bytes are either an image that can be hashed, or a Failure", async () => {
    await fc.assert(
      fc.asyncProperty(source, async (bytes) => {
        const source = memorySource(bytes);
        const pe = await readPe(source).catch((error: unknown) => {
          expect(error).toBeInstanceOf(Failure);
          return null;
        });
        if (pe === null) return;
        expect(await authenticodeSha256(source, pe)).toHaveLength(32);
        for (const section of pe.sections) {
          let length = 0;
          for await (const chunk of streamSection(source, section)) length += chunk.length;
          expect(length).toBe(section.virtualSize);
        }
      }),
      { numRuns: 2000 },
    );
  });
});

/** A field of the headers, and a value that is near a boundary or anything. */
function field(): fc.Arbitrary<readonly [number, number]> {
  const rows = [0, 1, 2].flatMap((row) => [8, 12, 16, 20].map((offset) => table(row) + offset));
  const at = fc.constantFrom(
    0x3c,
    COFF,
    COFF + 16,
    OPTIONAL,
    OPTIONAL + 60,
    OPTIONAL + 108,
    SECURITY,
    SECURITY + 4,
    ...rows,
  );
  const near = fc.constantFrom(
    0,
    1,
    8,
    0x1ff,
    0x200,
    0x201,
    0x600,
    0x7ff,
    0x800,
    0x801,
    0x1000,
    0x7fffffff,
    0xffffffff,
  );
  return fc.tuple(at, fc.oneof(near, fc.nat({ max: 0x4000 }), fc.nat({ max: 0xffffffff })));
}
