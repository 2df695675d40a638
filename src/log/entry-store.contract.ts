import { describe, expect, test } from "vitest";

import { toUtf8 } from "../bytes/utf8.ts";
import { CompactRange } from "../merkle/compact-range.ts";
import { asHash, leafHash } from "../merkle/hash.ts";
import { type EntryStore, type StoredEntry, type TreeEdge } from "./entry-store.ts";

/**
 * What every {@link EntryStore} does.
 *
 * @param open  the same store each time for one `name`, another for another; what `append` returned for is there
 */
export function describeEntryStore(title: string, open: (name: string) => Promise<EntryStore>): void {
  let stores = 0;
  const fresh = async (): Promise<{ store: EntryStore; reopen: () => Promise<EntryStore> }> => {
    stores += 1;
    const name = `entries${stores}`;
    return { store: await open(name), reopen: () => open(name) };
  };

  describe(`${title}: entry store`, () => {
    test("is empty at first", async () => {
      const { store } = await fresh();
      expect(await store.readEdge()).toEqual({ treeSize: 0, hashes: [] });
      expect(await store.readEntries(0, 10)).toEqual([]);
      expect(await store.findLeaves([leafHash(toUtf8("a"))])).toEqual([null]);
    });

    test("keeps entries, envelopes and the edge, in order and over reopening", async () => {
      const { store, reopen } = await fresh();
      const entries = [entry("a"), entry("b", "envelope b"), entry("c")];
      await store.append(entries.slice(0, 1), edgeOf(entries.slice(0, 1)), NONE);
      await store.append(entries.slice(1), edgeOf(entries), NONE);
      for (const each of [store, await reopen()]) {
        expect(await each.readEdge()).toEqual(edgeOf(entries));
        expect(await each.readEntries(0, 256)).toEqual(entries);
        expect(await each.readEntries(1, 2)).toEqual(entries.slice(1, 2));
        expect(await each.readEntries(2, 200)).toEqual(entries.slice(2));
      }
    });

    test("finds every leaf by its whole hash", async () => {
      const { store } = await fresh();
      const entries = ["a", "b", "c"].map((text) => entry(text));
      await store.append(entries, edgeOf(entries), NONE);
      const half = asHash(
        new Uint8Array([...entry("a").leafHash.subarray(0, 16), ...entry("b").leafHash.subarray(16)]),
      );
      const asked = [entry("c").leafHash, half, entry("a").leafHash, entry("d").leafHash];
      expect(await store.findLeaves(asked)).toEqual([2, null, 0, null]);
    });

    test("refuses entries that do not follow, and keeps nothing of them", async () => {
      const { store } = await fresh();
      await store.append([entry("a")], edgeOf([entry("a")]), NONE);
      const late = [entry("b"), entry("c")];
      for (const treeSize of [2, 4]) {
        const appended = store.append(late, { ...edgeOf(late), treeSize }, NONE);
        await expect(appended).rejects.toThrow(expect.objectContaining({ code: "log/lost-race" }));
      }
      expect(await store.readEntries(0, 10)).toEqual([entry("a")]);
      expect(await store.readEdge()).toEqual(edgeOf([entry("a")]));
    });

    test("stores all of a batch or nothing", async () => {
      const { store } = await fresh();
      const twice = [entry("a"), entry("b", "kept?"), entry("a")];
      await expect(store.append(twice, edgeOf(twice), NONE)).rejects.toThrow(Error);
      expect(await store.readEdge()).toEqual({ treeSize: 0, hashes: [] });
      expect(await store.readEntries(0, 10)).toEqual([]);
    });

    test("takes an envelope later, and keeps the first", async () => {
      const { store } = await fresh();
      const entries = [entry("a"), entry("b", "first")];
      await store.append(entries, edgeOf(entries), NONE);
      const later = [entry("x", "later").envelope, entry("x", "second").envelope].filter((each) => each !== null);
      await store.append([], edgeOf(entries), new Map(later.map((each, at) => [at, each])));
      const found = await store.readEntries(0, 2);
      expect(found.map(({ envelope }) => envelope?.bytes)).toEqual([toUtf8("later"), toUtf8("first")]);
    });

    test("reads a bundle at a time, no more", async () => {
      const { store } = await fresh();
      await expect(store.readEntries(0, 257)).rejects.toThrow(RangeError);
    });

    test("settles without a change", async () => {
      const { store } = await fresh();
      await store.append([entry("a")], edgeOf([entry("a")]), NONE);
      await store.settle();
      expect(await store.readEntries(0, 10)).toEqual([entry("a")]);
    });
  });
}

const NONE = new Map<number, never>();

function entry(text: string, envelope?: string): StoredEntry {
  const body = toUtf8(text);
  const disclosed = envelope === undefined ? null : { paeDigest: leafHash(toUtf8(envelope)), bytes: toUtf8(envelope) };
  return { body, leafHash: leafHash(body), envelope: disclosed };
}

function edgeOf(entries: readonly StoredEntry[]): TreeEdge {
  const range = CompactRange.empty();
  for (const { leafHash: leaf } of entries) range.append(leaf);
  return { treeSize: range.treeSize, hashes: range.hashes };
}
