import { createHash } from "node:crypto";
import { gzipSync, zstdCompressSync } from "node:zlib";

import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { concat } from "../bytes/join.ts";
import { toUtf8 } from "../bytes/utf8.ts";
import { Failure } from "../failure.ts";
import { digestOf } from "../oci/digest.ts";
import { MEDIA_TYPES } from "../oci/media-types.ts";
import { tarEntry, tarOf } from "../testing/tar.ts";
import { measureLayer } from "./layer.ts";

const { layer: TAR, layerGzip: GZIP, layerZstd: ZSTD } = MEDIA_TYPES;

const END = new Uint8Array(1024);
const FILES = [
  { name: "etc/", type: "5" },
  { name: "etc/motd", contents: "welcome\n" },
  { name: "etc/issue", type: "2", linkName: "motd" },
  { name: "usr/big", contents: "0123456789".repeat(70_000) },
];
const TAR_BYTES = tarOf(FILES);
/** Bytes after the last file's contents, up to a whole block. */
const PADDING = 512 - (700_000 % 512);
/** A skippable frame, as zstd:chunked ends with. */
const SKIPPABLE = concat(Uint8Array.of(0x5a, 0x2a, 0x4d, 0x18, 3, 0, 0, 0), toUtf8("toc"));

/** `bytes` in chunks of one buffer that is overwritten, as files are streamed. */
async function* inChunks(bytes: Uint8Array, chunkBytes = 4096): AsyncGenerator<Uint8Array> {
  const buffer = new Uint8Array(chunkBytes);
  for (let at = 0; at < bytes.length; at += chunkBytes) {
    const chunk = bytes.subarray(at, at + chunkBytes);
    buffer.set(chunk);
    yield buffer.subarray(0, chunk.length);
  }
}

async function* damaged(): AsyncGenerator<Uint8Array> {
  yield* inChunks(flip(gzipped, 20));
  throw new Failure("images/blob-mismatch", "damaged");
}

const halves = (bytes: Uint8Array) => [bytes.subarray(0, 7001), bytes.subarray(7001)] as const;
const twice = (compress: (bytes: Uint8Array) => Uint8Array, between: Uint8Array = new Uint8Array(0)) => {
  const [first, second] = halves(TAR_BYTES);
  return concat(compress(first), between, compress(second));
};

describe("layers that are measured", () => {
  test.each<[string, string, Uint8Array]>([
    ["a plain tar", TAR, TAR_BYTES],
    ["gzip", GZIP, gzipSync(TAR_BYTES)],
    ["gzip of several members", GZIP, twice(gzipSync)],
    ["zstd", ZSTD, zstdCompressSync(TAR_BYTES)],
    ["zstd of several frames", ZSTD, twice(zstdCompressSync)],
    ["zstd with skippable frames", ZSTD, concat(SKIPPABLE, twice(zstdCompressSync, SKIPPABLE), SKIPPABLE)],
    ["Docker's gzip", MEDIA_TYPES.dockerLayerGzip, gzipSync(TAR_BYTES)],
    ["Docker's plain tar", MEDIA_TYPES.dockerLayer, TAR_BYTES],
  ])("%s", async (_, mediaType, blob) => {
    for (const chunkBytes of [1 << 20, 4096, 511]) {
      expect(await measureLayer(inChunks(blob, chunkBytes), mediaType)).toEqual({
        diffId: digestOf(TAR_BYTES),
        uncompressedSize: TAR_BYTES.length,
        entries: 4,
      });
    }
  });

  test.each([
    ["gzip", GZIP, twice(gzipSync).subarray(0)],
    ["zstd", ZSTD, concat(SKIPPABLE, zstdCompressSync(tarOf([])), SKIPPABLE)],
  ])("%s, a byte at a time", async (_, mediaType, blob) => {
    expect((await measureLayer(inChunks(blob, 1), mediaType)).diffId).toMatch(/^sha256:/);
  });

  test.each([
    ["without its end", 1024],
    ["with half its end", 512],
    ["without its end and the last file's padding, as umoci inserts", 1024 + PADDING],
  ])("a tar %s", async (_, cut) => {
    expect(await measureLayer(inChunks(TAR_BYTES.subarray(0, -cut)), TAR)).toMatchObject({ entries: 4 });
  });

  test("an empty tar", async () => {
    expect(await measureLayer(inChunks(END), TAR)).toMatchObject({ entries: 0, uncompressedSize: 1024 });
  });

  test("a tar padded to its record", async () => {
    expect(await measureLayer(inChunks(concat(TAR_BYTES, new Uint8Array(8192))), TAR)).toMatchObject({ entries: 4 });
  });

  test("a size that only a pax header gives, a long name and binary numbers", async () => {
    const pax = tarEntry({ name: "pax", type: "x", contents: "12 path=abc\n14 size=00600\n" });
    const long = tarEntry({ name: "././@LongLink", type: "L", contents: "x".repeat(600) });
    const file = tarEntry({ name: "a", contents: "y".repeat(600), headerSize: 0 });
    const binary = tarEntry({ name: "b", contents: "z".repeat(9), binarySize: true });
    const layer = concat(pax, long, file, binary, END);
    expect(await measureLayer(inChunks(layer), TAR)).toMatchObject({ entries: 2, uncompressedSize: layer.length });
  });

  test("an old GNU sparse file whose list of holes goes on", async () => {
    const header = tarEntry({ name: "a", type: "S", contents: "y".repeat(512), sparse: true });
    const [more, last] = [new Uint8Array(512), new Uint8Array(512)];
    more[504] = 1;
    const layer = concat(header.subarray(0, 512), more, last, header.subarray(512), END);
    expect(await measureLayer(inChunks(layer), TAR)).toMatchObject({ entries: 1 });
  });
});

const flip = (bytes: Uint8Array, at: number): Uint8Array =>
  bytes.map((byte, index) => (index === at ? byte ^ 1 : byte));
const gzipped = gzipSync(TAR_BYTES);
const zstd = zstdCompressSync(TAR_BYTES);

describe("layers that are refused", () => {
  test.each<[string, string, Uint8Array]>([
    ["nothing", TAR, new Uint8Array(0)],
    ["a tar cut within its last block", TAR, TAR_BYTES.subarray(0, -1)],
    ["a tar that ends one byte before its last file does", TAR, TAR_BYTES.subarray(0, -1024 - PADDING - 1)],
    ["a tar that ends with a pax header", TAR, tarEntry({ name: "p", type: "x", contents: "12 path=abc\n" })],
    ["a tar cut within a file", TAR, TAR_BYTES.subarray(0, 4000)],
    ["two tars", TAR, concat(TAR_BYTES, TAR_BYTES)],
    ["a file after one block of zeros", TAR, concat(new Uint8Array(512), TAR_BYTES)],
    ["garbage after the end", TAR, concat(TAR_BYTES, new Uint8Array(511), Uint8Array.of(1))],
    ["a wrong checksum", TAR, flip(TAR_BYTES, 0)],
    ["a negative size", TAR, concat(tarEntry({ name: "a", rawSize: "-0000000001\0" }), END)],
    ["a size in hex", TAR, concat(tarEntry({ name: "a", rawSize: "0000000000a\0" }), END)],
    ["a size beyond 2^53", TAR, concat(tarEntry({ name: "a", rawSize: `\u0080${"\u00ff".repeat(11)}` }), END)],
    ["a directory with contents", TAR, tarOf([{ name: "a/", type: "5", contents: "x" }])],
    ["a pax header that no entry follows", TAR, tarOf([{ name: "p", type: "x", contents: "12 path=abc\n" }])],
    ["a malformed pax header", TAR, tarOf([{ name: "p", type: "x", contents: "99 size=1\n" }, { name: "a" }])],
    [
      "two pax headers that give a size",
      TAR,
      tarOf([
        { name: "p", type: "x", contents: "9 size=0\n" },
        { name: "p", type: "x", contents: "9 size=0\n" },
        { name: "a" },
      ]),
    ],
    ["a pax header of a size without end", TAR, tarEntry({ name: "p", type: "x", rawSize: "77777777777\0" })],
    ["a part of a volume", TAR, tarOf([{ name: "a", type: "M" }])],
    ["gzip of no tar", GZIP, gzipSync(toUtf8("hello"))],
    ["gzip cut short", GZIP, gzipped.subarray(0, -1)],
    ["gzip with a wrong checksum", GZIP, flip(gzipped, gzipped.length - 8)],
    ["gzip and zeros", GZIP, concat(gzipped, new Uint8Array(5))],
    ["gzip and a chunk of zeros", GZIP, concat(gzipped, new Uint8Array(9000))],
    ["gzip and garbage", GZIP, concat(gzipped, toUtf8("garbage"))],
    ["gzip and half a member", GZIP, concat(gzipped, gzipped.subarray(0, 30))],
    ["gzip that is zstd", GZIP, zstd],
    ["zstd that is gzip", ZSTD, gzipped],
    ["zstd cut short", ZSTD, zstd.subarray(0, -1)],
    ["zstd and zeros", ZSTD, concat(zstd, new Uint8Array(5))],
    ["zstd and garbage", ZSTD, concat(zstd, toUtf8("garbage"))],
    ["zstd and half a frame", ZSTD, concat(zstd, zstd.subarray(0, 30))],
    ["zstd and half a skippable frame", ZSTD, concat(zstd, SKIPPABLE.subarray(0, -1))],
    ["zstd and a second tar", ZSTD, concat(zstd, zstd)],
    ["only a skippable frame", ZSTD, SKIPPABLE],
    ["zstd with a reserved block", ZSTD, Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd, 0x20, 0, 0x07, 0, 0)],
    ["zstd with a dictionary", ZSTD, Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd, 0x21, 7, 0, 1, 0, 0)],
    ["zstd with a window of 256 MiB", ZSTD, Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd, 0x00, 18 << 3, 1, 0, 0)],
  ])("%s", async (_, mediaType, blob) => {
    for (const chunkBytes of [1 << 20, 4096]) {
      await expect(measureLayer(inChunks(blob, chunkBytes), mediaType)).rejects.toMatchObject({
        code: "measure/malformed-layer",
      });
    }
  });

  test.each([
    ["application/vnd.oci.image.layer.nondistributable.v1.tar+gzip", "measure/foreign-layer"],
    ["application/vnd.docker.image.rootfs.foreign.diff.tar.gzip", "measure/foreign-layer"],
    ["application/vnd.oci.image.layer.v1.tar+gzip+encrypted", "oci/unsupported-media-type"],
    ["constructor", "oci/unsupported-media-type"],
  ])("the type %s", async (mediaType, code) => {
    await expect(measureLayer(inChunks(gzipped), mediaType)).rejects.toMatchObject({ code });
  });

  test("a blob that fails at its end says so, whatever its bytes did before", async () => {
    await expect(measureLayer(damaged(), GZIP)).rejects.toMatchObject({ code: "images/blob-mismatch" });
  });
});

describe("limits", () => {
  test.each([
    ["bytes", { maxBytes: TAR_BYTES.length - 1 }, { maxBytes: TAR_BYTES.length }],
    ["entries", { maxEntries: 3 }, { maxEntries: 4 }],
  ])("%s", async (_, tooFew, enough) => {
    await expect(measureLayer(inChunks(gzipped), GZIP, tooFew)).rejects.toMatchObject({
      code: "measure/layer-too-large",
    });
    expect(await measureLayer(inChunks(gzipped), GZIP, enough)).toMatchObject({ entries: 4 });
  });

  test("a bomb is left before it is read to its end", async () => {
    // 64 MiB of zeros to a frame, 1000 frames: 62 GiB in 2 MB. Made of one frame, repeated.
    const frame = zstdCompressSync(new Uint8Array(64 * 1024 ** 2));
    const header = zstdCompressSync(tarEntry({ name: "zeros", contents: "", headerSize: 64_000 * 1024 ** 2 }));
    let frames = 0;
    async function* bomb(): AsyncGenerator<Uint8Array> {
      yield header;
      for (; frames < 1000; frames += 1) yield frame;
    }
    await expect(measureLayer(bomb(), ZSTD)).rejects.toMatchObject({ code: "measure/layer-too-large" });
    expect(frames).toBeLessThan(20);
  });
});

describe("properties", () => {
  test("any bytes, and any change to good ones, are measured or a Failure", async () => {
    const seeds = [
      [TAR, tarOf(FILES.slice(0, 3))],
      [GZIP, gzipSync(tarOf(FILES.slice(0, 3)))],
      [ZSTD, zstdCompressSync(tarOf(FILES.slice(0, 3)))],
    ] as const;
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...seeds),
        fc.array(fc.tuple(fc.nat(4096), fc.nat(255)), { minLength: 1, maxLength: 4 }),
        fc.nat(64),
        fc.uint8Array({ maxLength: 600 }),
        async ([mediaType, seed], changes, cut, tail) => {
          const bytes = concat(seed.subarray(0, seed.length - (cut % seed.length)), tail);
          for (const [at, byte] of changes) bytes[at % bytes.length] = byte;
          try {
            const { diffId } = await measureLayer(inChunks(bytes, 100), mediaType);
            if (mediaType === TAR) expect(diffId).toBe(`sha256:${createHash("sha256").update(bytes).digest("hex")}`);
          } catch (error) {
            expect(error).toBeInstanceOf(Failure);
          }
        },
      ),
      { numRuns: 400 },
    );
  });
});
