import { join } from "node:path";

import { expect, test } from "vitest";

import { temporaryDirectory } from "../testing/temporary.ts";
import { SqliteMutex } from "./sqlite-mutex.ts";

test("who waits too long is told so, and may try again", async () => {
  const path = join(temporaryDirectory(), "mutex.db");
  using holder = new SqliteMutex(path);
  using impatient = new SqliteMutex(path, 30);
  await holder.hold(async () => {
    const waiting = impatient.hold(async () => "in");
    await expect(waiting).rejects.toThrow(expect.objectContaining({ code: "log/busy" }));
  });
  expect(await impatient.hold(async () => "in")).toBe("in");
});
