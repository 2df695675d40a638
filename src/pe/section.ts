import { Cursor } from "../bytes/cursor.ts";
import { type ByteSource, streamSource } from "../bytes/source.ts";
import { Failure } from "../failure.ts";

/** One row of the section table (PE/COFF §4), offsets and sizes in bytes. */
export interface PeSection {
  /** At most eight printable ASCII characters, such as `.linux`. */
  readonly name: string;
  /** Where the section is loaded, from the start of the image in memory. */
  readonly virtualAddress: number;
  /** Length in memory; what measured boot hashes. */
  readonly virtualSize: number;
  /** Where the section's bytes are in the file; of no meaning where `rawSize` is 0. */
  readonly rawOffset: number;
  /** Length in the file: shorter than `virtualSize` where zeros follow, longer where padding does. */
  readonly rawSize: number;
}

/** Length of one row of the section table. */
export const SECTION_HEADER_BYTES = 40;

/** Zeros that the sections of one image may add in memory: more would let a short file cost a minute of hashing. */
export const MAX_ZERO_FILL_BYTES = 256 * 1024 * 1024;
const ZEROS = new Uint8Array(1024 * 1024);

/**
 * Decodes the rows of a section table.
 *
 * @param table  a multiple of {@link SECTION_HEADER_BYTES}
 * @throws pe/malformed
 */
export function decodeSections(table: Uint8Array): readonly PeSection[] {
  const cursor = new Cursor(table);
  const sections: PeSection[] = [];
  while (cursor.left > 0) {
    const name = decodeName(cursor.readBytes(8));
    const virtualSize = cursor.readU32le();
    const virtualAddress = cursor.readU32le();
    const rawSize = cursor.readU32le();
    const rawOffset = cursor.readU32le();
    cursor.readBytes(SECTION_HEADER_BYTES - 24);
    sections.push({ name, virtualAddress, virtualSize, rawOffset, rawSize });
  }
  return sections;
}

/**
 * Checks that the sections are each a different part of the file and of memory: the firmware reads the one, the stub
 * the other, and a measurement of the file must hold for both.
 *
 * @param sizeOfHeaders  the headers' own part of file and memory, from 0
 * @param dataEnd        where sections must end in the file
 * @throws pe/malformed, pe/overlap, pe/duplicate-section
 */
export function requireDistinct(sections: readonly PeSection[], sizeOfHeaders: number, dataEnd: number): void {
  for (const section of sections) requireSizes(section, dataEnd);
  const zeros = sections.reduce((sum, { virtualSize, rawSize }) => sum + Math.max(0, virtualSize - rawSize), 0);
  if (zeros > MAX_ZERO_FILL_BYTES) {
    throw new Failure("pe/malformed", `the sections add ${zeros} zeros in memory, want ${MAX_ZERO_FILL_BYTES} at most`);
  }
  const names = sections.map(({ name }) => name);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) throw new Failure("pe/duplicate-section", `two sections are named ${twice}`);
  const headers = { name: "the headers", start: 0, end: sizeOfHeaders };
  requireApart("in memory", [headers, ...sections.map(virtualRange)]);
  requireApart("in the file", [headers, ...sections.map(rawRange)]);
}

/**
 * A section as it is in memory: its bytes in the file, cut or filled with zeros to `virtualSize`.
 *
 * Chunks are at most 1 MiB, and valid until the next is asked for.
 */
export async function* streamSection(source: ByteSource, section: PeSection): AsyncGenerator<Uint8Array> {
  const { virtualSize, rawOffset, rawSize } = section;
  const stored = Math.min(virtualSize, rawSize);
  if (stored > 0) yield* streamSource(source, rawOffset, stored);
  for (let left = virtualSize - stored; left > 0; left -= ZEROS.length) yield ZEROS.subarray(0, left);
}

/** Eight bytes, NULs after the name and none inside it. */
function decodeName(bytes: Uint8Array): string {
  const name = Buffer.from(bytes).toString("latin1").replace(/\0+$/, "");
  if (!/^[\x21-\x7e]+$/.test(name)) {
    throw new Failure("pe/malformed", `a section is named ${JSON.stringify(name)}, want printable ASCII`);
  }
  return name;
}

function requireSizes({ name, virtualSize, virtualAddress, rawOffset, rawSize }: PeSection, dataEnd: number): void {
  if (rawSize > 0 && rawOffset + rawSize > dataEnd) {
    throw new Failure("pe/malformed", `section ${name} ends at byte ${rawOffset + rawSize}, the data at ${dataEnd}`);
  }
  // Loaders differ over a size of zero: some take the size in the file for it.
  if (virtualSize === 0 && rawSize > 0) {
    throw new Failure("pe/malformed", `section ${name} has ${rawSize} bytes in the file and none in memory`);
  }
  if (virtualAddress + virtualSize > 2 ** 32) {
    throw new Failure("pe/malformed", `section ${name} ends beyond 4 GiB of memory`);
  }
}

/** Half open: `[start, end)`. */
interface Range {
  readonly name: string;
  readonly start: number;
  readonly end: number;
}

const virtualRange = ({ name, virtualAddress, virtualSize }: PeSection): Range => ({
  name,
  start: virtualAddress,
  end: virtualAddress + virtualSize,
});

const rawRange = ({ name, rawOffset, rawSize }: PeSection): Range => ({
  name,
  start: rawOffset,
  end: rawOffset + rawSize,
});

function requireApart(where: string, ranges: readonly Range[]): void {
  let before: Range | undefined;
  for (const range of ranges.filter(({ start, end }) => end > start).toSorted((a, b) => a.start - b.start)) {
    if (before !== undefined && range.start < before.end) {
      throw new Failure("pe/overlap", `${range.name} overlaps ${before.name} ${where}`);
    }
    before = range;
  }
}
