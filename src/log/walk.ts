import { equalBytes } from "../bytes/join.ts";
import { Failure } from "../failure.ts";
import { leafHash } from "../merkle/hash.ts";
import { FULL_TILE_WIDTH } from "../tlog/tile.ts";
import { type EntryStore, type StoredEntry } from "./entry-store.ts";
import { EMPTY_FRONTIER, grow, type Growth } from "./growth.ts";

/** One step through a log's stored entries, at most a bundle long. */
export interface WalkStep {
  /** Index of the first entry. */
  readonly start: number;
  readonly entries: readonly StoredEntry[];
  /** The tree that ends with them, built from their bytes alone. */
  readonly growth: Growth;
}

/**
 * Builds a log's tree again from its first entry on, in bounded memory. Steps end with bundles, so that every full tile
 * is in one of them, and at each of `stops`, so that its root can be compared with what was signed.
 *
 * @throws log/inconsistent where an entry is missing or is not what its stored leaf hash says
 */
export async function* walkEntries(
  store: EntryStore,
  treeSize: number,
  stops: readonly number[],
): AsyncGenerator<WalkStep> {
  let frontier = EMPTY_FRONTIER;
  while (frontier.treeSize < treeSize) {
    const start = frontier.treeSize;
    const bundleEnd = start - (start % FULL_TILE_WIDTH) + FULL_TILE_WIDTH;
    const end = Math.min(bundleEnd, treeSize, ...stops.filter((stop) => stop > start));
    const entries = await readChecked(store, start, end);
    const growth = grow(frontier, entries);
    yield { start, entries, growth };
    ({ frontier } = growth);
  }
}

/**
 * Stored entries, their leaf hashes computed anew.
 *
 * @throws log/inconsistent where one is missing, or has another hash than the one stored with it
 */
export async function readChecked(store: EntryStore, start: number, end: number): Promise<readonly StoredEntry[]> {
  const found = await store.readEntries(start, end);
  for (const [at, { body, leafHash: stored }] of found.entries()) {
    if (!equalBytes(leafHash(body), stored)) {
      throw new Failure("log/inconsistent", `entry ${start + at} does not have the leaf hash stored with it`);
    }
  }
  if (found.length === end - start) return found;
  throw new Failure("log/inconsistent", `of the entries ${start} to ${end - 1}, ${found.length} were found`);
}
