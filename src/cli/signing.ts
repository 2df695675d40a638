/** What the commands that sign share: the flags for key and log, and what they open. */
import { join } from "node:path";

import { string } from "@oclif/core/flags";

import { type Recorder } from "../bundle/record.ts";
import { type Signer } from "../bundle/signer.ts";
import { parseTrustedRoot } from "../bundle/trusted-root.ts";
import { equalBytes } from "../bytes/join.ts";
import { Failure } from "../failure.ts";
import { readFileBounded } from "../files/read.ts";
import { readSigner } from "../keys/key-file.ts";
import { logFlags, type LogFlags, openLogForAppending } from "./log-directory.ts";
import { keyPassword, logPassword, type PasswordFlags } from "./password.ts";

export const signingFlags = {
  ...logFlags,
  key: string({ required: true, helpValue: "FILE", description: "private key that signs" }),
  log: string({
    required: true,
    helpValue: "DIR|none",
    description: "log to record in: the directory of an embedded log, or none",
  }),
};

export interface SigningFlags extends PasswordFlags, LogFlags {
  readonly key: string;
  readonly log: string;
}

/** A signer and the log that it records in; dispose of it to let go of the log. */
export interface OpenSigning extends Disposable {
  readonly signer: Signer;
  readonly recorder: Recorder | null;
  readonly notes: readonly string[];
}

const MAX_TRUST_BYTES = 1024 * 1024;

/**
 * Opens the key and the log that the flags name.
 *
 * @throws what reading the key and opening the log throw
 */
export async function openSigning(flags: SigningFlags): Promise<OpenSigning> {
  if (/^https?:/.test(flags.log)) {
    throw new Failure("cli/unsupported-log", `${flags.log} is a server; only embedded logs are supported`, {
      hint: "name the directory of a log made by `assay log create`",
    });
  }
  const signer = await readSigner(flags.key, keyPassword(flags));
  if (flags.log === "none") {
    return { signer, recorder: null, notes: signer.notes, [Symbol.dispose]: () => undefined };
  }
  const log = await openLogForAppending(flags.log, flags, logPassword(flags));
  const root = join(flags.log, "trusted_root.json");
  const trusted = parseTrustedRoot(await readFileBounded(root, MAX_TRUST_BYTES)).logs;
  const own = trusted.find(({ logId }) => equalBytes(logId, log.logId));
  if (own === undefined) {
    log[Symbol.dispose]();
    throw new Failure("log/malformed", `${root} does not name the log it lies in`);
  }
  return {
    signer,
    recorder: { log: own, append: (batch) => log.append(batch) },
    notes: signer.notes,
    [Symbol.dispose]: () => log[Symbol.dispose](),
  };
}
