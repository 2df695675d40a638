import { expect, test } from "vitest";

import { assay } from "./assay.ts";

test("a run is told apart from the tests that make it", async () => {
  const { exitCode } = process;
  const { status, stdout, stderr } = await assay(["key", "show", "absent.pub"], { env: { X: "1" } });
  expect({ status, stdout }).toEqual({ status: 5, stdout: "" });
  expect(stderr).toContain("files/missing");
  expect(process.exitCode).toBe(exitCode);
  expect(process.env["X"]).toBeUndefined();
});

test("usage errors and unknown commands exit 2, help exits 0", async () => {
  expect(await assay(["key", "show"])).toMatchObject({ status: 2, stderr: expect.stringContaining("usage: ") });
  expect(await assay(["key", "shew"])).toMatchObject({ status: 2, stderr: expect.stringContaining("no command") });
  expect(await assay(["key", "show", "--help"])).toMatchObject({ status: 0, stdout: expect.stringContaining("USAGE") });
});
