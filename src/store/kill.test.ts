import { expect, test } from "vitest";

import { crashRounds } from "../testing/crash-rounds.ts";
import { newTestLog } from "../testing/test-log.ts";

const ROUNDS = 20;

test("a log survives writers that are killed at any moment", async () => {
  const table = await crashRounds(await newTestLog(), ROUNDS);
  expect(table.rounds).toBe(ROUNDS);
  // Kills that all came too early would show nothing.
  expect(table.acknowledged).toBeGreaterThan(0);
  expect(table.entries).toBeGreaterThanOrEqual(table.acknowledged);
});
