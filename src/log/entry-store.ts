import { type Hash } from "../merkle/hash.ts";

/** One leaf as it is kept: the bytes that were hashed, and what they were signed over where that was disclosed. */
export interface StoredEntry {
  /** Canonical body of the entry; at most 65 535 bytes (tlog-tiles, entry bundles). */
  readonly body: Uint8Array;
  /** Hash of {@link body}, RFC 6962 §2.1; all 32 bytes, since a truncated one can be forged to look like a duplicate. */
  readonly leafHash: Hash;
  readonly envelope: StoredEnvelope | null;
}

/** A DSSE envelope, kept so that others can see what a leaf is about. */
export interface StoredEnvelope {
  /** SHA-256 of the envelope's pre-authentication encoding, 32 bytes. */
  readonly paeDigest: Uint8Array;
  /** The envelope's JSON, as it came. */
  readonly bytes: Uint8Array;
}

/** The right edge of a tree: enough to go on appending, and to know its root. */
export interface TreeEdge {
  /** Entries in the tree. */
  readonly treeSize: number;
  /** Roots of its perfect subtrees, the largest first. */
  readonly hashes: readonly Hash[];
}

/**
 * Where entries get their index: the sequence of a log, its duplicates and its envelopes.
 *
 * Strictly consistent: a read sees every write that returned before it began, from any process. Written by whoever
 * holds the log's mutex; read by anybody at any time. Every method throws log/unavailable where the storage fails,
 * and what failed may have happened or not.
 */
export interface EntryStore {
  /** The edge written with the last entry; size 0 for a new log. */
  readEdge(): Promise<TreeEdge>;

  /** Index of the entry with each leaf hash, in the order asked, or null where there is none. Whole history. */
  findLeaves(leafHashes: readonly Hash[]): Promise<readonly (number | null)[]>;

  /**
   * Adds entries at the end, their envelopes, and the edge of the tree they make, in one transaction.
   *
   * Durable once it returns, and all or nothing whenever it does not. An envelope that is stored already is kept as it
   * is. `disclosures` are envelopes for entries stored before without one.
   *
   * @param edge   of the tree with these entries
   * @throws log/lost-race unless the tree now has `edge.treeSize - entries.length` entries
   */
  append(
    entries: readonly StoredEntry[],
    edge: TreeEdge,
    disclosures: ReadonlyMap<number, StoredEnvelope>,
  ): Promise<void>;

  /**
   * Entries `[start, end)` in order, fewer where the tree ends before `end`.
   *
   * @param end  at most {@link MAX_READ_ENTRIES} after `start`
   */
  readEntries(start: number, end: number): Promise<readonly StoredEntry[]>;

  /** Makes everything the store now shows durable, though an earlier attempt may have failed. For repairs. */
  settle(): Promise<void>;
}

/** Entries read at a time: one full bundle, so that memory stays bounded whatever a log's size. */
export const MAX_READ_ENTRIES = 256;
