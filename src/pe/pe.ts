import { Cursor } from "../bytes/cursor.ts";
import { type ByteSource } from "../bytes/source.ts";
import { Failure } from "../failure.ts";
import { decodeSections, type PeSection, requireDistinct, SECTION_HEADER_BYTES } from "./section.ts";

/** What the headers of a PE image say (Microsoft PE/COFF specification §2–4); offsets and sizes in bytes of the file. */
export interface Pe {
  /** `Machine` of the COFF header; 0x8664 is x86-64, 0xaa64 is AArch64. */
  readonly machine: number;
  /** PE32+ rather than PE32. */
  readonly is64: boolean;
  /** Where the four bytes of `CheckSum` are. */
  readonly checksumOffset: number;
  /** Where the eight bytes of the certificate table's directory entry are, or null where there is none. */
  readonly securityDirectoryOffset: number | null;
  /** Headers and section table, padded; they end here. */
  readonly sizeOfHeaders: number;
  /** The signatures at the end of the file, or null in an unsigned image. */
  readonly certificateTable: { readonly offset: number; readonly size: number } | null;
  /** In the order of the table; names, ranges in memory and ranges in the file are all distinct. */
  readonly sections: readonly PeSection[];
  readonly fileSize: number;
}

/** Sections an image may have; loaders stop at 96 (PE/COFF §3.3). */
export const MAX_SECTIONS = 96;

const DOS_HEADER_BYTES = 64;
/** In the DOS header: offset of the PE signature. */
const E_LFANEW = 0x3c;
/** The signature and the COFF header after it. */
const COFF_BYTES = 24;
/** `Magic` of the optional header, and where its data directories start (PE/COFF §3.4). */
const FORMATS = [
  { magic: 0x10b, is64: false, directories: 96 },
  { magic: 0x20b, is64: true, directories: 112 },
] as const;
/** In the optional header of both formats. */
const SIZE_OF_HEADERS = 60;
const CHECKSUM = 64;
const MAX_DIRECTORIES = 16;
const DIRECTORY_BYTES = 8;
/** Of the data directories, the one of the certificate table. */
const SECURITY_DIRECTORY = 4;

/**
 * Reads the headers of a PE32 or PE32+ image.
 *
 * Refuses what two readers could measure differently: sections with one name, sections that share bytes in memory or in
 * the file with each other or with the headers, and certificates that are not the end of the file.
 *
 * @throws pe/malformed, pe/overlap, pe/duplicate-section, and what the source throws
 */
export async function readPe(source: ByteSource): Promise<Pe> {
  const start = await locateSignature(source);
  const coff = new Cursor(await readAt(source, start, COFF_BYTES, "the COFF header"));
  if (coff.readU32be() !== 0x50450000) throw new Failure("pe/malformed", `no PE signature at byte ${start}`);
  const machine = coff.readU16le();
  const sectionCount = coff.readU16le();
  coff.readBytes(12);
  const optionalSize = coff.readU16le();
  if (sectionCount === 0 || sectionCount > MAX_SECTIONS) {
    throw new Failure("pe/malformed", `the image has ${sectionCount} sections, want 1 to ${MAX_SECTIONS}`);
  }

  const optionalStart = start + COFF_BYTES;
  const optional = readOptional(await readAt(source, optionalStart, optionalSize, "the optional header"));
  const tableStart = optionalStart + optionalSize;
  const tableSize = sectionCount * SECTION_HEADER_BYTES;
  const sections = decodeSections(await readAt(source, tableStart, tableSize, "the section table"));

  const { is64, sizeOfHeaders, security } = optional;
  if (sizeOfHeaders < tableStart + tableSize || sizeOfHeaders > source.size) {
    throw new Failure("pe/malformed", `the headers end at byte ${tableStart + tableSize}, not ${sizeOfHeaders}`);
  }
  const certificateTable = locateCertificates(security, source.size);
  requireDistinct(sections, sizeOfHeaders, certificateTable?.offset ?? source.size);
  return {
    machine,
    is64,
    checksumOffset: optionalStart + CHECKSUM,
    securityDirectoryOffset: security === null ? null : optionalStart + security.at,
    sizeOfHeaders,
    certificateTable,
    sections,
    fileSize: source.size,
  };
}

async function locateSignature(source: ByteSource): Promise<number> {
  const dos = new Cursor(await readAt(source, 0, DOS_HEADER_BYTES, "the DOS header"));
  if (dos.readU16be() !== 0x4d5a) throw new Failure("pe/malformed", 'the file does not begin with "MZ"');
  dos.readBytes(E_LFANEW - 2);
  const start = dos.readU32le();
  if (start < DOS_HEADER_BYTES)
    throw new Failure("pe/malformed", `the PE signature is at byte ${start}, in the DOS header`);
  return start;
}

/** A data directory that is not a range in memory but in the file (PE/COFF §3.4.3). */
interface SecurityDirectory {
  /** Of the entry itself, in the optional header. */
  readonly at: number;
  readonly offset: number;
  readonly size: number;
}

interface Optional {
  readonly is64: boolean;
  readonly sizeOfHeaders: number;
  readonly security: SecurityDirectory | null;
}

function readOptional(header: Uint8Array): Optional {
  const view = new DataView(header.buffer, header.byteOffset, header.length);
  const magic = header.length < 2 ? 0 : view.getUint16(0, true);
  const format = FORMATS.find((format) => format.magic === magic);
  if (format === undefined) throw new Failure("pe/malformed", `the optional header's magic is 0x${magic.toString(16)}`);
  const { is64, directories } = format;
  const count = header.length < directories ? 0 : view.getUint32(directories - 4, true);
  if (count > MAX_DIRECTORIES || header.length < directories + count * DIRECTORY_BYTES) {
    throw new Failure("pe/malformed", `the optional header of ${header.length} bytes cannot hold ${count} directories`);
  }
  const at = directories + SECURITY_DIRECTORY * DIRECTORY_BYTES;
  const security =
    count > SECURITY_DIRECTORY ? { at, offset: view.getUint32(at, true), size: view.getUint32(at + 4, true) } : null;
  return { is64, sizeOfHeaders: view.getUint32(SIZE_OF_HEADERS, true), security };
}

/** Authenticode leaves the certificates out of the hash, so nothing but them may hide there: they end the file. */
function locateCertificates(security: SecurityDirectory | null, fileSize: number): Pe["certificateTable"] {
  if (security === null || (security.offset === 0 && security.size === 0)) return null;
  const { offset, size } = security;
  if (size === 0 || offset % 8 !== 0 || offset + size !== fileSize) {
    throw new Failure(
      "pe/malformed",
      `${size} bytes of certificates at byte ${offset} do not end the file of ${fileSize}`,
    );
  }
  return { offset, size };
}

async function readAt(source: ByteSource, offset: number, length: number, what: string): Promise<Uint8Array> {
  if (offset + length > source.size) {
    throw new Failure("pe/malformed", `the file ends in ${what}: it has ${source.size} bytes, want ${offset + length}`);
  }
  return source.read(offset, length);
}
