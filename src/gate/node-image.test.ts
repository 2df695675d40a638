import { describe, expect, test } from "vitest";

import { NOTHING_REMEMBERED } from "../admit/terms.ts";
import { type ByteSource } from "../bytes/source.ts";
import { Failure } from "../failure.ts";
import { nodeMeasurementFromUki } from "../manifest/uki.ts";
import { measureUki } from "../measure/uki.ts";
import { NOW, nodeStatement, recorded, statusStatement } from "../testing/evidence.ts";
import { withValue } from "../testing/manifests.ts";
import { POLICY, readTestPolicy } from "../testing/policies.ts";
import { quickstartImages } from "../testing/uki.ts";
import { judgeNodeImage } from "./node-image.ts";

const sourceOf = (bytes: Uint8Array): ByteSource => ({
  size: bytes.length,
  read: async (offset, length) => bytes.subarray(offset, offset + length),
});
const [GOOD, TAMPERED] = [...quickstartImages().values()];
if (GOOD === undefined || TAMPERED === undefined) throw new RangeError("two images");

const release = {
  product: "acme-node",
  version: "1.9.0",
  sequence: 41,
  svn: 7,
  notBefore: "2026-11-01T00:00:00Z",
  notAfter: "2027-05-01T00:00:00Z",
};
const uki = await measureUki(sourceOf(GOOD));
const measurement = nodeStatement({ ...nodeMeasurementFromUki(release, uki) });
const evidence = {
  measurements: [await recorded({ ...measurement, subjects: [{ name: "uki", digest: { sha256: uki.sha256 } }] })],
  statuses: [await recorded(statusStatement())],
};
const policy = await readTestPolicy(withValue(POLICY, ["nodes", 0, "registers"], {}));
const judge = (source: ByteSource) =>
  judgeNodeImage(
    { name: "node.efi", product: null, reported: new Map(), ...evidence, source },
    policy,
    NOTHING_REMEMBERED,
    NOW,
  );

test("the image that was measured is admitted", async () => {
  expect(await judge(sourceOf(GOOD))).toMatchObject({ admitted: true, subject: { digest: `sha256:${uki.sha256}` } });
});

test("one byte of the initrd changed: denied, and the initrd is named", async () => {
  const verdict = await judge(sourceOf(TAMPERED));
  expect(verdict).toMatchObject({ admitted: false, reasons: ["admit/subject-mismatch", "admit/measurement-mismatch"] });
  expect(verdict.checks.map(({ message }) => message)).toContainEqual(
    expect.stringMatching(/^initrd \(\.initrd\): got sha256/),
  );
});

test("one byte changed anywhere is denied, whatever it is", async () => {
  for (let at = 0; at < GOOD.length; at += Math.ceil(GOOD.length / 40)) {
    const changed = Uint8Array.from(GOOD);
    changed[at] = (changed[at] ?? 0) ^ 1;
    expect(await judge(sourceOf(changed))).toMatchObject({ admitted: false });
  }
});

describe("what is no node image is denied, what cannot be read is an error", () => {
  test.each<[string, Uint8Array, string]>([
    ["nothing", new Uint8Array(), "pe/malformed"],
    ["text", new TextEncoder().encode("a kernel, believe me"), "pe/malformed"],
    ["half an image", GOOD.subarray(0, GOOD.length / 2), "pe/malformed"],
  ])("%s", async (_name, bytes, code) => {
    expect(await judge(sourceOf(bytes))).toMatchObject({ admitted: false, reasons: [code], subject: { digest: null } });
  });

  test("a disk that fails", async () => {
    const failure = new Failure("files/unreadable", "the disk is gone");
    await expect(judge({ size: GOOD.length, read: () => Promise.reject(failure) })).rejects.toBe(failure);
  });

  test("a bug", async () => {
    await expect(judge({ size: GOOD.length, read: () => Promise.reject(new TypeError("a bug")) })).rejects.toThrow(
      TypeError,
    );
  });
});
