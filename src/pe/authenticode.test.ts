import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { toHex } from "../bytes/hex.ts";
import { memorySource } from "../bytes/source.ts";
import { buildPe } from "../testing/pe.ts";
import { describeProgram } from "../testing/require.ts";
import { temporaryDirectory } from "../testing/temporary.ts";
import { buildUki } from "../testing/uki.ts";
import { authenticodeSha256 } from "./authenticode.ts";
import { readPe } from "./pe.ts";

async function authenticode(bytes: Uint8Array): Promise<string> {
  const source = memorySource(bytes);
  return toHex(await authenticodeSha256(source, await readPe(source)));
}

const sha256 = (...parts: readonly Uint8Array[]): string =>
  createHash("sha256").update(Buffer.concat(parts)).digest("hex");

const SECTIONS = [
  { name: ".a", contents: Buffer.alloc(600, 1) },
  { name: ".b", contents: Buffer.alloc(0), virtualSize: 10 },
  { name: ".c", contents: Buffer.alloc(100, 3) },
];
const IMAGE = Buffer.from(buildPe(SECTIONS));
const CHECKSUM = 0x98 + 64;
const SECURITY = 0x98 + 112 + 4 * 8;
const TABLE = 0x98 + 240;
/** The image without what is never hashed. */
const hashed = (image: Uint8Array): readonly Uint8Array[] => [
  image.subarray(0, CHECKSUM),
  image.subarray(CHECKSUM + 4, SECURITY),
  image.subarray(SECURITY + 8),
];

describe("what is hashed", () => {
  test("everything but the checksum and the certificate table's entry", async () => {
    expect(await authenticode(IMAGE)).toBe(sha256(...hashed(IMAGE)));
  });

  test("bytes after the last section, but not the certificates", async () => {
    const longer = Buffer.concat([IMAGE, Buffer.from("12345678")]);
    expect(await authenticode(longer)).toBe(sha256(...hashed(longer)));
    const signed = Buffer.concat([longer, Buffer.alloc(16, 9)]);
    signed.writeUInt32LE(longer.length, SECURITY);
    signed.writeUInt32LE(16, SECURITY + 4);
    expect(await authenticode(signed)).toBe(sha256(...hashed(longer)));
  });

  test("sections in the order of the file, not of the table", async () => {
    const swapped = Buffer.from(IMAGE);
    const [first, third] = [IMAGE.subarray(TABLE, TABLE + 40), IMAGE.subarray(TABLE + 80, TABLE + 120)];
    swapped.set(third, TABLE);
    swapped.set(first, TABLE + 80);
    expect(await authenticode(swapped)).toBe(sha256(...hashed(swapped)));
  });

  test("after sections with a gap between them, from where as many bytes were hashed", async () => {
    const gap = Buffer.alloc(0x200, 7);
    const end = IMAGE.length - 0x200;
    const gapped = Buffer.concat([IMAGE.subarray(0, end), gap, IMAGE.subarray(end)]);
    gapped.writeUInt32LE(end + gap.length, TABLE + 80 + 20);
    const withoutGap = Buffer.concat([gapped.subarray(0, end), gapped.subarray(end + gap.length)]);
    expect(await authenticode(gapped)).toBe(sha256(...hashed(withoutGap), gapped.subarray(-gap.length)));
  });

  test("without the certificate table's entry, there is nothing to leave out", async () => {
    const image = buildPe(SECTIONS, { directories: 4 });
    expect(await authenticode(image)).toBe(sha256(image.subarray(0, CHECKSUM), image.subarray(CHECKSUM + 4)));
  });

  test("any byte outside those places changes the hash", async () => {
    const unhashed = (at: number): boolean => (at >= CHECKSUM && at < CHECKSUM + 4) || at >= IMAGE.length;
    const before = await authenticode(IMAGE);
    await fc.assert(
      fc.asyncProperty(fc.nat({ max: IMAGE.length - 1 }), fc.integer({ min: 1, max: 255 }), async (at, change) => {
        const changed = Uint8Array.from(IMAGE);
        changed[at] = (changed[at] ?? 0) ^ change;
        const after = await authenticode(changed).catch(() => null);
        if (unhashed(at)) expect(after).toBe(before);
        else expect(after).not.toBe(before);
      }),
      { numRuns: 500 },
    );
  });
});

/** The digest in the signature's SpcIndirectDataContent: a DigestInfo of SHA-256, the only one there. */
function signedDigest(signed: Buffer): string {
  const digestInfo = Buffer.from("3031300d060960864801650304020105000420", "hex");
  const at = signed.indexOf(digestInfo) + digestInfo.length;
  return signed.subarray(at, at + 32).toString("hex");
}

describeProgram("sbsign")("an image that sbsign signed", () => {
  const directory = temporaryDirectory();
  const run = (program: string, ...parameters: readonly string[]): string => {
    const { status, stdout, stderr } = spawnSync(program, parameters, { cwd: directory, encoding: "utf8" });
    expect({ program, status, stderr: status === 0 ? "" : stderr }).toEqual({ program, status: 0, stderr: "" });
    return stdout;
  };
  const sign = (image: Uint8Array): Buffer => {
    const subject = ["-subj", "/CN=test", "-days", "3650"];
    run(
      "openssl",
      "req",
      "-x509",
      "-newkey",
      "rsa:2048",
      "-nodes",
      "-keyout",
      "key.pem",
      "-out",
      "cert.pem",
      ...subject,
    );
    writeFileSync(join(directory, "image.efi"), image);
    run("sbsign", "--key", "key.pem", "--cert", "cert.pem", "--output", "signed.efi", "image.efi");
    expect(run("sbverify", "--cert", "cert.pem", "signed.efi")).toContain("Signature verification OK");
    return readFileSync(join(directory, "signed.efi"));
  };
  test("hashes to what the signature says, signed or not", async () => {
    const image = buildUki();
    const signed = sign(image);
    expect((await readPe(memorySource(signed))).certificateTable).not.toBeNull();
    expect(await authenticode(signed)).toBe(signedDigest(signed));
    expect(await authenticode(image)).toBe(signedDigest(signed));
  });

  test("is padded to eight bytes first, which changes the hash of a file that was not", async () => {
    const image = Buffer.concat([buildUki(), Buffer.from("odd")]);
    const signed = sign(image);
    expect(await authenticode(signed)).toBe(signedDigest(signed));
    expect(await authenticode(Buffer.concat([image, Buffer.alloc(5)]))).toBe(signedDigest(signed));
    expect(await authenticode(image)).not.toBe(signedDigest(signed));
  });
});
