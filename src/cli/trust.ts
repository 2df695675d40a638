/** What the commands that verify share: the flags that name keys, logs and witnesses, and the policy made of them. */
import { boolean, integer, string } from "@oclif/core/flags";
import { basename } from "node:path";

import { parseTrustedRoot } from "../bundle/trusted-root.ts";
import { readFileBounded } from "../files/read.ts";
import { readPublicKeyFile } from "../keys/key-file.ts";
import { type GivenPolicy, policyOf } from "../policy/given-trust.ts";
import { readWitnesses } from "../policy/witnesses.ts";

export const trustFlags = {
  key: string({
    required: true,
    multiple: true,
    helpValue: "FILE",
    description: "public key to trust; may be repeated",
  }),
  threshold: integer({ min: 1, max: 64, default: 1, description: "distinct keys that must have signed" }),
  "trusted-root": string({
    exactlyOne: ["trusted-root", "insecure-skip-log"],
    helpValue: "FILE",
    description: "trusted_root.json with the logs to trust",
  }),
  "insecure-skip-log": boolean({ description: "do not ask for a log entry" }),
  "witness-policy": string({
    dependsOn: ["trusted-root"],
    helpValue: "FILE",
    description: "C2SP tlog-policy; its quorum must have cosigned the log's checkpoint",
  }),
};

export interface TrustFlags {
  readonly key: readonly string[];
  readonly threshold: number;
  readonly "trusted-root"?: string | undefined;
  readonly "witness-policy"?: string | undefined;
}

/** A trusted root with certificates of many services is some 10 kB. */
const MAX_TRUST_BYTES = 1024 * 1024;

/** The policy that the flags of a `verify` command amount to. */
export async function readTrust(flags: TrustFlags): Promise<GivenPolicy> {
  const root = flags["trusted-root"];
  const witnesses = flags["witness-policy"];
  return policyOf({
    keys: await Promise.all(
      flags.key.map(async (file) => ({ name: basename(file), key: await readPublicKeyFile(file) })),
    ),
    threshold: flags.threshold,
    logs: root === undefined ? null : parseTrustedRoot(await readFileBounded(root, MAX_TRUST_BYTES)).logs,
    witnesses: witnesses === undefined ? null : readWitnesses(await readFileBounded(witnesses, MAX_TRUST_BYTES)),
  });
}
