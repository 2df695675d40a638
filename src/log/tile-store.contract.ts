import { describe, expect, test } from "vitest";

import { toUtf8 } from "../bytes/utf8.ts";
import { type Tile } from "../tlog/tile.ts";
import { type TileFile, type TileStore } from "./tile-store.ts";

/** What every {@link TileStore} does. */
export function describeTileStore(title: string, open: () => Promise<TileStore>): void {
  const missing = expect.objectContaining({ code: "log/no-tile" });

  describe(`${title}: tile store`, () => {
    test("gives back what was written, each tile by its whole name", async () => {
      const store = await open();
      const files = [
        file(0, 0, 256, "full"),
        file(0, 1, 7, "partial"),
        file(0, 1, 8, "wider"),
        file(1, 0, 1, "above"),
        file("entries", 0, 256, "bundle"),
        file("entries", 1_234_067, 3, "far away"),
      ];
      await store.writeTiles(files, false);
      for (const { tile, bytes } of files) expect(await store.readTile(tile)).toEqual(bytes);
    });

    test("has no tile that was not written", async () => {
      const store = await open();
      await store.writeTiles([file(0, 0, 5, "five")], false);
      for (const tile of [file(0, 0, 6, ""), file(0, 0, 256, ""), file("entries", 0, 5, "")].map((each) => each.tile)) {
        await expect(store.readTile(tile)).rejects.toThrow(missing);
      }
    });

    test("takes a tile again, and refuses another in its place", async () => {
      const store = await open();
      await store.writeTiles([file(0, 0, 5, "five")], false);
      await store.writeTiles([file(0, 0, 5, "five")], false);
      const other = store.writeTiles([file(0, 0, 5, "evif")], false);
      await expect(other).rejects.toThrow(expect.objectContaining({ code: "log/tile-conflict" }));
      expect(await store.readTile(file(0, 0, 5, "").tile)).toEqual(toUtf8("five"));
    });

    test("replaces a tile where that is said", async () => {
      const store = await open();
      await store.writeTiles([file(0, 0, 5, "five")], false);
      await store.writeTiles([file(0, 0, 5, "evif"), file(0, 0, 6, "six")], true);
      expect(await store.readTile(file(0, 0, 5, "").tile)).toEqual(toUtf8("evif"));
    });

    test("drops partial tiles of full ones, and nothing else", async () => {
      const store = await open();
      const kept = [file(0, 0, 256, "full"), file(0, 1, 1, "next"), file("entries", 0, 9, "bundle")];
      const dropped = [file(0, 0, 5, "five"), file(0, 0, 255, "nearly")];
      await store.writeTiles([...kept, ...dropped], false);
      await store.removePartials([file(0, 0, 256, "").tile, file(1, 0, 256, "").tile]);
      for (const { tile, bytes } of kept) expect(await store.readTile(tile)).toEqual(bytes);
      for (const { tile } of dropped) await expect(store.readTile(tile)).rejects.toThrow(missing);
      // The place can be written again.
      await store.writeTiles([file(0, 0, 5, "five")], false);
      expect(await store.readTile(file(0, 0, 5, "").tile)).toEqual(toUtf8("five"));
    });

    test("publishes one checkpoint after the other", async () => {
      const store = await open();
      expect(await store.readCheckpoint()).toBeNull();
      await store.publishCheckpoint("one\n");
      await store.publishCheckpoint("two\n");
      expect(await store.readCheckpoint()).toBe("two\n");
    });
  });
}

const file = (level: Tile["level"], index: number, width: number, text: string): TileFile => ({
  tile: { level, index, width },
  bytes: toUtf8(text),
});
