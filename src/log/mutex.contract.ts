import { describe, expect, test } from "vitest";

import { type Mutex } from "./mutex.ts";

/**
 * What every {@link Mutex} does.
 *
 * @param open  the same mutex each time for one `name`, as another process would open it
 */
export function describeMutex(title: string, open: (name: string) => Promise<Mutex>): void {
  describe(`${title}: mutex`, () => {
    test("lets one in at a time", async () => {
      const [one, same] = await Promise.all([open("one"), open("one")]);
      let inside = 0;
      let most = 0;
      const turns = Array.from({ length: 20 }, (_, at) =>
        (at % 2 === 0 ? one : same).hold(async () => {
          inside += 1;
          most = Math.max(most, inside);
          await new Promise((resolve) => setTimeout(resolve, 1));
          inside -= 1;
          return at;
        }),
      );
      expect(await Promise.all(turns)).toEqual(turns.map((_, at) => at));
      expect(most).toBe(1);
    });

    test("lets go after a failure, and passes it on", async () => {
      const mutex = await open("failing");
      await expect(mutex.hold(() => Promise.reject(new Error("inside")))).rejects.toThrow("inside");
      expect(await mutex.hold(async () => "next")).toBe("next");
    });

    test("does not stand between different logs", async () => {
      const [one, other] = await Promise.all([open("a"), open("b")]);
      expect(await one.hold(() => other.hold(async () => "both"))).toBe("both");
    });
  });
}
