import { type Recorder } from "../bundle/record.ts";
import { type Signing } from "../images/signing.ts";
import { type NoteSigner } from "../note/signer.ts";
import { MemoryLog, testKey, type TestKey } from "./bundles.ts";

/** Records in a log in memory. */
export const recorderOf = (log: MemoryLog, witnesses: readonly NoteSigner[] = []): Recorder => ({
  log: log.trusted,
  append: async (batch) => batch.map(({ body }) => log.append(body, witnesses)),
});

/** A signer that records in a log in memory. */
export const signingWith = (
  log: MemoryLog | null = new MemoryLog(),
  { key = testKey(), witnesses = [] }: { key?: TestKey; witnesses?: readonly NoteSigner[] } = {},
): Signing => ({
  signer: key,
  recorder: log === null ? null : recorderOf(log, witnesses),
  created: "2026-11-22T10:00:00Z",
});
