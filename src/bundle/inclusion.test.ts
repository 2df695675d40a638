import { describe, expect, test } from "vitest";

import { MemoryLog, testKey } from "../testing/bundles.ts";
import { verifyEntries } from "./inclusion.ts";
import { bundleOf, signStatement } from "./sign.ts";

const STATEMENT = {
  subjects: [{ digest: { sha256: "ab".repeat(32) } }],
  predicateType: "https://sigstore.dev/cosign/sign/v1",
  predicate: {},
};

describe("verifyEntries", () => {
  test("finds an entry that the log holds", async () => {
    const log = new MemoryLog();
    const key = testKey();
    const signed = await signStatement(STATEMENT, key);
    const bundle = bundleOf(signed, [log.append(signed.entry)]);
    expect(verifyEntries(bundle, { ...signed, digest: signed.paeDigest }, [log.trusted])).toEqual([
      expect.objectContaining({ outcome: "included", index: 0, treeSize: 1 }),
    ]);
  });
});
