import { concat } from "../bytes/join.ts";
import { toUtf8 } from "../bytes/utf8.ts";

/** One entry of a tar made for a test. What is odd about it is spelt out; the rest is as POSIX has it. */
export interface TarEntry {
  readonly name: string;
  /** Type flag; `0`, a file, unless told. */
  readonly type?: string;
  readonly contents?: string;
  readonly linkName?: string;
  /** Permission bits; 0644 unless told. */
  readonly mode?: number;
  /** The size the header gives, where it is not that of the contents. */
  readonly headerSize?: number;
  /** The size as big-endian binary behind 0x80, as GNU writes large ones. */
  readonly binarySize?: boolean;
  /** The twelve bytes of the size, whatever they are. */
  readonly rawSize?: string;
  /** Sets the flag that says more blocks of a sparse file's header follow. */
  readonly sparse?: boolean;
}

const octal = (value: number, digits: number): string => `${value.toString(8).padStart(digits, "0")}\0`;

/** One entry: its header and its contents, padded. Times, owners and all else are zero. */
export function tarEntry(entry: TarEntry): Uint8Array {
  const contents = toUtf8(entry.contents ?? "");
  const size = entry.headerSize ?? contents.length;
  const header = Buffer.alloc(512);
  header.write(entry.name, 0);
  header.write(octal(entry.mode ?? 0o644, 7), 100);
  header.write(octal(0, 7), 108);
  header.write(octal(0, 7), 116);
  header.write(entry.rawSize ?? octal(size, 11), 124, "latin1");
  if (entry.binarySize === true) {
    header.fill(0, 124, 128)[124] = 0x80;
    header.writeBigUInt64BE(BigInt(size), 128);
  }
  header.write(octal(0, 11), 136);
  header.write("        ", 148);
  header.write(entry.type ?? "0", 156);
  header.write(entry.linkName ?? "", 157);
  header.write("ustar\u000000", 257);
  if (entry.sparse === true) header[482] = 1;
  header.write(
    `${octal(
      header.reduce((sum, byte) => sum + byte, 0),
      6,
    )} `,
    148,
  );
  return concat(header, contents, new Uint8Array((512 - (contents.length % 512)) % 512));
}

/** A whole tar, ended by its two blocks of zeros. */
export const tarOf = (entries: readonly TarEntry[]): Uint8Array =>
  concat(...entries.map(tarEntry), new Uint8Array(1024));
