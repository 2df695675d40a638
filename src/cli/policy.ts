import { string } from "@oclif/core/flags";
import { dirname, resolve } from "node:path";

import { readFileBounded } from "../files/read.ts";
import { type Policy, readPolicy } from "../policy/policy.ts";
import { MAX_POLICY_BYTES } from "../policy/yaml.ts";

export const policyFlag = string({ required: true, helpValue: "FILE", description: "admission policy" });

/** Longest file that a policy pins: keys, trusted roots, witness policies. */
const MAX_PINNED_BYTES = 1024 * 1024;

/** Reads a policy; the files it pins are beside it unless their names say otherwise. */
export async function readPolicyFile(path: string): Promise<Policy> {
  const bytes = await readFileBounded(path, MAX_POLICY_BYTES);
  return readPolicy(bytes, (file) => readFileBounded(resolve(dirname(path), file), MAX_PINNED_BYTES));
}
