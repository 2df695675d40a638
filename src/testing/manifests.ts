import { createHash } from "node:crypto";

import { isJsonArray, isJsonObject, type Json } from "../json/json.ts";
import { type UkiMeasurement, type UkiSection } from "../measure/uki.ts";

/** SHA-256 of `text`, lower-case hex: a hash of its own for each word. */
export const hashOf = (text: string): string => createHash("sha256").update(text).digest("hex");

const digestOf = (text: string): string => `sha256:${hashOf(text)}`;
const base64 = (text: string): string => Buffer.from(text).toString("base64");

const ROOT_HASH = hashOf("root filesystem");
const CMDLINE = `console=ttyS0 roothash=${ROOT_HASH}`;

/** The node measurement of the design page, filled in: every property that the schema has is there once. */
export const NODE_PREDICATE = {
  product: "acme-node",
  version: "1.9.0",
  sequence: 41,
  svn: 7,
  notBefore: "2026-11-01T00:00:00Z",
  notAfter: "2027-05-01T00:00:00Z",
  fromRecipeOnly: true,
  artefacts: {
    disk: { role: "disk", form: "raw", sha256: hashOf("disk"), size: 1 },
    uki: {
      role: "uki",
      in: "disk",
      at: "esp:/EFI/BOOT/BOOTX64.EFI",
      sha256: hashOf("uki"),
      authenticode: { sha256: hashOf("authenticode") },
    },
    kernel: { role: "kernel", in: "uki", at: ".linux", sha256: hashOf("kernel") },
    cmdline: { role: "cmdline", in: "uki", at: ".cmdline", bytes: base64(CMDLINE), sha256: hashOf(CMDLINE) },
    rootfs: { role: "rootfs", in: "cmdline", at: "roothash=", bytes: base64(ROOT_HASH) },
    fw: { role: "firmware", sha256: hashOf("firmware") },
  },
  targets: [
    {
      id: "snp",
      platform: "sev-snp",
      algorithm: "snp-launch/1",
      uses: { firmware: "fw", kernel: "kernel", cmdline: "cmdline" },
      inputs: { fwSeed: "ab", sections: [{ gpa: "0x1", size: 1 }], none: null },
      rows: [
        {
          with: { vcpus: 2, cpu: "EPYC-Milan-v2", vmsa: "qemu-init2", features: "0x1" },
          registers: { launchDigest: `sha384:${"ab".repeat(48)}` },
        },
        { with: { vcpus: 4 }, registers: { launchDigest: `sha384:${"cd".repeat(48)}` } },
      ],
      expects: { debug: false },
    },
    {
      id: "tpm",
      platform: "tpm2",
      algorithm: "uki-stub/257",
      bootPoint: "exit-boot-services",
      uses: { uki: "uki" },
      inputs: { initrdPassed: digestOf("initrd") },
      rows: [
        {
          with: { secureBoot: true },
          registers: { pcr4: digestOf("4 secure"), pcr9: digestOf("9"), pcr11: digestOf("11"), pcr12: "zero" },
        },
        {
          with: { secureBoot: false },
          registers: { pcr4: digestOf("4"), pcr9: digestOf("9 insecure"), pcr11: digestOf("11"), pcr12: "zero" },
        },
      ],
      notDerived: { pcr0: "platform firmware" },
    },
  ],
} as const satisfies Json;

/** A UKI as `measureUki` reports it. */
export const UKI = {
  sha256: hashOf("uki"),
  size: 4096,
  authenticode: hashOf("authenticode"),
  stubVersion: "257.9",
  sections: [
    { name: ".text", role: "other", sha256: hashOf("stub"), size: 512 },
    { name: ".osrel", role: "os-release", sha256: hashOf("osrel"), size: 10 },
    { name: ".cmdline", role: "cmdline", sha256: hashOf(`${CMDLINE}\0\0`), size: CMDLINE.length + 2 },
    { name: ".uname", role: "uname", sha256: hashOf("uname"), size: 5 },
    { name: ".sbat", role: "sbat", sha256: hashOf("sbat"), size: 8 },
    { name: ".linux", role: "kernel", sha256: hashOf("kernel"), size: 1024 },
    { name: ".initrd", role: "initrd", sha256: hashOf("initrd"), size: 2048 },
  ] satisfies readonly UkiSection[],
  cmdline: CMDLINE,
  rootHash: ROOT_HASH,
  usrHash: null,
} as const satisfies UkiMeasurement;

/** An image for two platforms. */
export const IMAGE_PREDICATE = {
  index: { digest: digestOf("index"), size: 700 },
  images: [
    {
      digest: digestOf("image amd64"),
      size: 500,
      platform: { os: "linux", architecture: "amd64" },
      config: { digest: digestOf("config amd64"), size: 300 },
      layers: [
        {
          digest: digestOf("layer 1"),
          size: 1000,
          mediaType: "application/vnd.oci.image.layer.v1.tar+gzip",
          diffId: digestOf("tar 1"),
          uncompressedSize: 5000,
        },
        {
          digest: digestOf("layer 2"),
          size: 2000,
          mediaType: "application/vnd.oci.image.layer.v1.tar+zstd",
          diffId: digestOf("tar 2"),
          uncompressedSize: 6000,
          verity: { rootHash: digestOf("verity"), tool: "genpolicy", version: "3.20.0" },
        },
      ],
    },
    {
      digest: digestOf("image arm64"),
      size: 501,
      platform: { os: "linux", architecture: "arm64", variant: "v8", "os.version": "1", "os.features": ["a"] },
      config: { digest: digestOf("config arm64"), size: 301 },
      layers: [],
    },
  ],
} as const satisfies Json;

/** The status of the product of {@link NODE_PREDICATE}: it stands. */
export const STATUS_PREDICATE = {
  product: "acme-node",
  latest: 42,
  minSequence: 40,
  minSvn: 6,
  revoked: [{ digest: digestOf("some other manifest"), reason: "the build machine was not ours" }],
  notBefore: "2026-11-20T00:00:00Z",
  notAfter: "2026-12-20T00:00:00Z",
} as const satisfies Json;

/**
 * `document` with `value` at `path`, or with nothing there where it is undefined.
 *
 * @param path property names and array indexes; all but the last must be there
 */
export function withValue(
  document: Json,
  [key = "", ...rest]: readonly (string | number)[],
  value: Json | undefined,
): Json {
  const inner = (child: Json | undefined): readonly Json[] => {
    if (rest.length > 0) return [withValue(child ?? null, rest, value)];
    return value === undefined ? [] : [value];
  };
  if (isJsonArray(document)) return document.toSpliced(Number(key), 1, ...inner(document[Number(key)]));
  if (!isJsonObject(document)) throw new RangeError(`nothing has ${key}`);
  const others = Object.entries(document).filter(([name]) => name !== key);
  return Object.fromEntries([...others, ...inner(document[key]).map((child): [string, Json] => [String(key), child])]);
}
