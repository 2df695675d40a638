/**
 * Unified kernel images: one EFI program that holds systemd-stub, and in sections of its own the kernel, the initrd and
 * the command line that the stub starts (UAPI group specification 5). Firmware measures the file, the stub its sections.
 */
import { createHash } from "node:crypto";

import { type ByteSource, streamSource } from "../bytes/source.ts";
import { toHex } from "../bytes/hex.ts";
import { Failure } from "../failure.ts";
import { authenticodeSha256 } from "../pe/authenticode.ts";
import { type Pe, readPe } from "../pe/pe.ts";
import { type PeSection, streamSection } from "../pe/section.ts";
import { type Cmdline, decodeCmdline } from "./cmdline.ts";

/** What is in a UKI, by hash. */
export interface UkiMeasurement {
  /** Of the whole file, lower-case hex. */
  readonly sha256: string;
  /** Length of the file in bytes. */
  readonly size: number;
  /** Authenticode SHA-256, lower-case hex: what the firmware measures into PCR 4. */
  readonly authenticode: string;
  /** Version of systemd-stub as `.sdmagic` gives it, such as `252.39-1~deb12u2`; null for any other stub. */
  readonly stubVersion: string | null;
  /** Every section of the file, in the order of its table. */
  readonly sections: readonly UkiSection[];
  /** Text of `.cmdline` up to its first NUL; null where there is no such section. */
  readonly cmdline: string | null;
  /** Value of `roothash=` on that command line. */
  readonly rootHash: string | null;
  /** Value of `usrhash=` on that command line. */
  readonly usrHash: string | null;
}

/** One section as it is in memory, the form in which the stub measures it. */
export interface UkiSection {
  readonly name: string;
  readonly role: UkiRole;
  /** Of the section in memory, lower-case hex. */
  readonly sha256: string;
  /** Length in memory, in bytes. */
  readonly size: number;
}

/** What systemd-stub uses a section for, by the section's name (UAPI group specification 5, "UKI components"). */
const ROLES = {
  ".linux": "kernel",
  ".initrd": "initrd",
  ".cmdline": "cmdline",
  ".osrel": "os-release",
  ".uname": "uname",
  ".sbat": "sbat",
  ".splash": "splash",
  ".dtb": "dtb",
  ".dtbauto": "dtbauto",
  ".hwids": "hwids",
  ".efifw": "efifw",
  ".ucode": "ucode",
  ".pcrsig": "pcrsig",
  ".pcrpkey": "pcrpkey",
} as const;

/** `other` is the stub's own code and data, and every section that it does not know. */
type UkiRole = (typeof ROLES)[keyof typeof ROLES] | "other";

/** Linux reads 2 KiB on x86; a section of this length is no command line. */
const MAX_CMDLINE_BYTES = 64 * 1024;
const MAX_SDMAGIC_BYTES = 256;

/**
 * Measures a unified kernel image.
 *
 * Reads the file front to back three times, holding a megabyte of it at once: whole, as Authenticode hashes it, and by
 * section.
 *
 * @throws measure/not-a-uki          no kernel in it
 * @throws measure/unsupported-uki    more than one profile: which is booted decides what is measured
 * @throws measure/malformed-cmdline  see {@link decodeCmdline}
 * @throws what {@link readPe} throws, and what the source throws
 */
export async function measureUki(source: ByteSource): Promise<UkiMeasurement> {
  const pe = await readPe(source);
  requireUki(pe);
  const cmdline = await readCmdline(source, pe);
  return {
    sha256: await hashStream(streamSource(source)),
    size: source.size,
    authenticode: toHex(await authenticodeSha256(source, pe)),
    stubVersion: await readStubVersion(source, pe),
    sections: await measureSections(source, pe),
    cmdline: cmdline?.text ?? null,
    rootHash: cmdline?.rootHash ?? null,
    usrHash: cmdline?.usrHash ?? null,
  };
}

function requireUki(pe: Pe): void {
  const kernel = findSection(pe, ".linux");
  if (kernel === undefined || kernel.virtualSize === 0) {
    throw new Failure("measure/not-a-uki", "the image has no .linux section, or an empty one");
  }
  if (findSection(pe, ".profile") !== undefined) {
    throw new Failure("measure/unsupported-uki", "the image has a .profile section, want one profile", {
      hint: "build one image for each profile",
    });
  }
}

async function measureSections(source: ByteSource, pe: Pe): Promise<readonly UkiSection[]> {
  const sections: UkiSection[] = [];
  for (const section of pe.sections) {
    const sha256 = await hashStream(streamSection(source, section));
    sections.push({ name: section.name, role: roleOf(section.name), sha256, size: section.virtualSize });
  }
  return sections;
}

async function readCmdline(source: ByteSource, pe: Pe): Promise<Cmdline | null> {
  const section = findSection(pe, ".cmdline");
  if (section === undefined) return null;
  if (section.virtualSize > MAX_CMDLINE_BYTES) {
    throw new Failure(
      "measure/malformed-cmdline",
      `the command line has ${section.virtualSize} bytes, want ${MAX_CMDLINE_BYTES} at most`,
    );
  }
  return decodeCmdline(await readSection(source, section));
}

/** systemd-stub names itself as `#### LoaderInfo: systemd-stub 252.39-1 ####`. */
async function readStubVersion(source: ByteSource, pe: Pe): Promise<string | null> {
  const section = findSection(pe, ".sdmagic");
  if (section === undefined || section.virtualSize > MAX_SDMAGIC_BYTES) return null;
  const text = Buffer.from(await readSection(source, section)).toString("latin1");
  return /^#### LoaderInfo: systemd-stub ([\x21-\x7e]+) ####\0*$/.exec(text)?.[1] ?? null;
}

/** The whole of a section that is known to be short. */
async function readSection(source: ByteSource, section: PeSection): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of streamSection(source, section)) chunks.push(chunk.slice());
  return new Uint8Array(Buffer.concat(chunks));
}

async function hashStream(chunks: AsyncIterable<Uint8Array>): Promise<string> {
  const hash = createHash("sha256");
  for await (const chunk of chunks) hash.update(chunk);
  return hash.digest("hex");
}

const findSection = (pe: Pe, name: string): PeSection | undefined =>
  pe.sections.find((section) => section.name === name);

function roleOf(name: string): UkiRole {
  const known = new Map<string, UkiRole>(Object.entries(ROLES));
  return known.get(name) ?? "other";
}
