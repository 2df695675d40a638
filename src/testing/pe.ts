/** One section to be written: its name and what it holds. */
export interface SectionContents {
  readonly name: string;
  readonly contents: Uint8Array;
  /** Length in memory; that of the contents unless told. */
  readonly virtualSize?: number;
}

/** Variations of {@link buildPe}. */
export interface PeShape {
  /** PE32+ for x86-64, as unless told, or PE32 for x86. */
  readonly is64?: boolean;
  /** Entries of the data directory table: 16 unless told; with four or fewer there is no room for signatures. */
  readonly directories?: number;
}

const SIGNATURE_AT = 0x80;
const OPTIONAL_AT = SIGNATURE_AT + 24;
const SECTION_ALIGNMENT = 0x1000;
const FILE_ALIGNMENT = 0x200;

/**
 * An EFI program (Microsoft PE/COFF specification §2–4) with the given sections in their order: 4 KiB apart in memory,
 * 512 bytes in the file, the checksum right and all times zero, so that the same sections give the same bytes.
 *
 * The first section is where it starts.
 */
export function buildPe(sections: readonly SectionContents[], shape: PeShape = {}): Uint8Array {
  const { is64 = true, directories = 16 } = shape;
  const optionalSize = (is64 ? 112 : 96) + directories * 8;
  const tableAt = OPTIONAL_AT + optionalSize;
  const sizeOfHeaders = alignUp(tableAt + sections.length * 40, FILE_ALIGNMENT);
  const placed = place(sections, sizeOfHeaders);
  const file = Buffer.alloc(placed.at(-1)?.rawEnd ?? sizeOfHeaders);

  file.write("MZ", 0);
  file.writeUInt32LE(SIGNATURE_AT, 0x3c);
  file.write("PE\0\0", SIGNATURE_AT);
  file.writeUInt16LE(is64 ? 0x8664 : 0x14c, SIGNATURE_AT + 4);
  file.writeUInt16LE(sections.length, SIGNATURE_AT + 6);
  file.writeUInt16LE(optionalSize, SIGNATURE_AT + 20);
  // Executable, no line numbers, large addresses, no debug information.
  file.writeUInt16LE(0x0226, SIGNATURE_AT + 22);
  writeOptional(file, placed, { is64, directories, sizeOfHeaders });
  for (const [index, section] of placed.entries()) writeSection(file, tableAt + index * 40, section);
  file.writeUInt32LE(checksum(file), OPTIONAL_AT + 64);
  return new Uint8Array(file);
}

interface Placed extends Required<SectionContents> {
  readonly virtualAddress: number;
  readonly rawOffset: number;
  readonly rawSize: number;
  readonly rawEnd: number;
}

function place(sections: readonly SectionContents[], sizeOfHeaders: number): readonly Placed[] {
  let virtualAddress = alignUp(sizeOfHeaders, SECTION_ALIGNMENT);
  let rawOffset = sizeOfHeaders;
  return sections.map(({ name, contents, virtualSize = contents.length }) => {
    const rawSize = alignUp(contents.length, FILE_ALIGNMENT);
    const placed = { name, contents, virtualSize, virtualAddress, rawOffset, rawSize, rawEnd: rawOffset + rawSize };
    virtualAddress = alignUp(virtualAddress + Math.max(virtualSize, 1), SECTION_ALIGNMENT);
    rawOffset += rawSize;
    return placed;
  });
}

function writeOptional(
  file: Buffer,
  placed: readonly Placed[],
  { is64, directories, sizeOfHeaders }: Required<PeShape> & { readonly sizeOfHeaders: number },
): void {
  const [first] = placed;
  const last = placed.at(-1);
  const entry = first?.virtualAddress ?? 0;
  const dataSize = placed.slice(1).reduce((sum, { rawSize }) => sum + rawSize, 0);
  const imageSize = last === undefined ? sizeOfHeaders : last.virtualAddress + last.virtualSize;
  file.writeUInt16LE(is64 ? 0x20b : 0x10b, OPTIONAL_AT);
  file.writeUInt32LE(first?.rawSize ?? 0, OPTIONAL_AT + 4);
  file.writeUInt32LE(dataSize, OPTIONAL_AT + 8);
  file.writeUInt32LE(entry, OPTIONAL_AT + 16);
  file.writeUInt32LE(entry, OPTIONAL_AT + 20);
  file.writeUInt32LE(SECTION_ALIGNMENT, OPTIONAL_AT + 32);
  file.writeUInt32LE(FILE_ALIGNMENT, OPTIONAL_AT + 36);
  file.writeUInt32LE(alignUp(imageSize, SECTION_ALIGNMENT), OPTIONAL_AT + 56);
  file.writeUInt32LE(sizeOfHeaders, OPTIONAL_AT + 60);
  // Subsystem: an EFI application. Characteristics: data is not executable.
  file.writeUInt16LE(10, OPTIONAL_AT + 68);
  file.writeUInt16LE(0x100, OPTIONAL_AT + 70);
  file.writeUInt32LE(directories, OPTIONAL_AT + (is64 ? 108 : 92));
}

function writeSection(file: Buffer, at: number, section: Placed): void {
  file.write(section.name, at, 8, "latin1");
  file.writeUInt32LE(section.virtualSize, at + 8);
  file.writeUInt32LE(section.virtualAddress, at + 12);
  file.writeUInt32LE(section.rawSize, at + 16);
  file.writeUInt32LE(section.rawSize === 0 ? 0 : section.rawOffset, at + 20);
  // Code that runs, or data that is read.
  file.writeUInt32LE(section.name === ".text" ? 0x60000020 : 0x40000040, at + 36);
  file.set(section.contents, section.rawOffset);
}

/** The sum of 16-bit words with its carries folded in, plus the length; the field itself counts as zero. */
function checksum(file: Buffer): number {
  let sum = 0;
  for (let at = 0; at < file.length; at += 2) {
    sum += file.readUInt16LE(at);
    sum = (sum % 0x10000) + Math.floor(sum / 0x10000);
  }
  return sum + file.length;
}

const alignUp = (value: number, alignment: number): number => Math.ceil(value / alignment) * alignment;
