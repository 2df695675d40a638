import { Cursor } from "../bytes/cursor.ts";
import { concat } from "../bytes/join.ts";
import { Failure } from "../failure.ts";
import { FULL_TILE_WIDTH } from "./tile.ts";

/**
 * Entry bundles, c2sp.org/tlog-tiles "Log Entries": for each entry its length (u16, big-endian), then its bytes.
 */

/** Longest entry a bundle can hold, in bytes. */
export const MAX_ENTRY_BYTES = 65_535;

/**
 * Inverse of {@link decodeEntryBundle}.
 *
 * @param entries 1 to 256
 * @throws tlog/entry-too-large if one of them has more than {@link MAX_ENTRY_BYTES}
 * @throws RangeError for no entries, or more than a bundle holds
 */
export function encodeEntryBundle(entries: readonly Uint8Array[]): Uint8Array {
  requireWidth(entries.length);
  return concat(...entries.flatMap((entry) => [encodeLength(entry.length), entry]));
}

/**
 * Splits a bundle into its entries.
 *
 * @param width entries wanted, 1 to 256
 * @throws tlog/malformed-entry-bundle if there are fewer, or bytes are left over
 * @throws RangeError if no bundle has that width
 */
export function decodeEntryBundle(bytes: Uint8Array, width: number): readonly Uint8Array[] {
  requireWidth(width);
  const cursor = new Cursor(bytes);
  const entries = Array.from({ length: width }, (_, at) => readEntry(cursor, at, width));
  if (cursor.left > 0) {
    throw new Failure("tlog/malformed-entry-bundle", `${cursor.left} bytes follow the ${width} entries wanted`);
  }
  return entries;
}

function readEntry(cursor: Cursor, at: number, width: number): Uint8Array {
  try {
    return cursor.readBytes(cursor.readU16be());
  } catch (cause) {
    throw new Failure("tlog/malformed-entry-bundle", `the bundle ends in entry ${at}, want ${width}`, { cause });
  }
}

function encodeLength(length: number): Uint8Array {
  if (length > MAX_ENTRY_BYTES) {
    throw new Failure("tlog/entry-too-large", `an entry has at most ${MAX_ENTRY_BYTES} bytes, got ${length}`);
  }
  return Uint8Array.of(Math.floor(length / 256), length % 256);
}

function requireWidth(width: number): void {
  if (!Number.isSafeInteger(width) || width < 1 || width > FULL_TILE_WIDTH) {
    throw new RangeError(`a bundle has 1 to ${FULL_TILE_WIDTH} entries, not ${width}`);
  }
}
