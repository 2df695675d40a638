import { describe, expect, test } from "vitest";

import { type CheckpointLock } from "./checkpoint-lock.ts";

/**
 * What every {@link CheckpointLock} does.
 *
 * @param open  the same lock each time for one `name`, as another process would open it
 */
export function describeCheckpointLock(title: string, open: (name: string) => Promise<CheckpointLock>): void {
  const [one, two] = [new Uint8Array(32).fill(1), new Uint8Array(32).fill(2)];
  const lost = expect.objectContaining({ code: "log/lost-race" });

  describe(`${title}: checkpoint lock`, () => {
    test("holds nothing until it is told to", async () => {
      const lock = await open("new");
      expect(await lock.readCheckpoint(one)).toBeNull();
      await expect(lock.swapCheckpoint(one, "", "a")).rejects.toThrow(lost);
      expect(await lock.readCheckpoint(one)).toBeNull();
    });

    test("holds one checkpoint for each log", async () => {
      const lock = await open("two logs");
      await lock.createCheckpoint(one, "a");
      expect(await lock.readCheckpoint(two)).toBeNull();
      await lock.createCheckpoint(two, "b");
      await lock.swapCheckpoint(two, "b", "c");
      expect(await lock.readCheckpoint(one)).toBe("a");
      expect(await lock.readCheckpoint(two)).toBe("c");
    });

    test("is made once", async () => {
      const lock = await open("once");
      await lock.createCheckpoint(one, "a");
      const again = lock.createCheckpoint(one, "b");
      await expect(again).rejects.toThrow(expect.objectContaining({ code: "log/lock-exists" }));
      expect(await lock.readCheckpoint(one)).toBe("a");
    });

    test("swaps what is held, byte for byte, and nothing else", async () => {
      const lock = await open("swap");
      await lock.createCheckpoint(one, "a\n");
      for (const held of ["a", "A\n", "a\n ", ""])
        await expect(lock.swapCheckpoint(one, held, "b")).rejects.toThrow(lost);
      await lock.swapCheckpoint(one, "a\n", "b");
      await expect(lock.swapCheckpoint(one, "a\n", "c")).rejects.toThrow(lost);
      expect(await lock.readCheckpoint(one)).toBe("b");
    });

    test("lets one of two who saw the same go on", async () => {
      const first = await open("race");
      await first.createCheckpoint(one, "a");
      const second = await open("race");
      const races = await Promise.allSettled([
        first.swapCheckpoint(one, "a", "first"),
        second.swapCheckpoint(one, "a", "second"),
      ]);
      expect(races.map(({ status }) => status).toSorted()).toEqual(["fulfilled", "rejected"]);
      expect(await first.readCheckpoint(one)).toBe(await second.readCheckpoint(one));
    });
  });
}
