import { createHash } from "node:crypto";

import { type TrustedLog } from "../bundle/trusted-log.ts";
import { type PublicKey } from "../bundle/key.ts";
import { toHex } from "../bytes/hex.ts";
import { toUtf8 } from "../bytes/utf8.ts";
import { Failure } from "../failure.ts";
import { canonicalJson } from "../json/canonical.ts";
import { formatTrustPolicy, type TrustPolicy } from "../witness/policy.ts";
import { parsePattern } from "./pattern.ts";
import { type Policy, type PolicyKey, type SignatureDemand, type TransparencyDemand, type Use } from "./policy.ts";

/** Trust that an operator names on the command line instead of in a policy file. */
export interface GivenTrust {
  readonly keys: readonly { readonly name: string; readonly key: PublicKey }[];
  /** Distinct keys needed. */
  readonly threshold: number;
  /** Null only where the operator asked to skip the log. */
  readonly logs: readonly TrustedLog[] | null;
  readonly witnesses: TrustPolicy | null;
}

const ANYTHING = ["**", "oci:**"].map(parsePattern);

/** What `verify` demands, so that it is `admit` under a policy made of its flags. */
export interface GivenPolicy extends Policy {
  readonly signatures: SignatureDemand;
  readonly transparency: TransparencyDemand | null;
}

/**
 * The policy that the flags of `verify` amount to: these keys, valid for all uses and without end, for any name. Its
 * digest covers every key, log and witness, so that two verdicts can be told to rest on the same trust.
 *
 * @throws policy/malformed where fewer distinct keys are given than have to sign
 */
export function policyOf({ keys, threshold, logs, witnesses }: GivenTrust): GivenPolicy {
  const distinct = new Set(keys.map(({ key }) => key.keyId)).size;
  if (threshold < 1 || distinct < threshold) {
    throw new Failure("policy/malformed", `${threshold} signers are wanted of ${distinct} distinct keys`);
  }
  const signatures = { threshold, of: keys.map(({ name, key }) => unbounded(name, key)) };
  const transparency = logs === null ? null : { logs, witnesses, maxCheckpointAgeSeconds: null };
  const model = canonicalJson({
    threshold,
    keys: keys.map(({ key }) => key.keyId).toSorted(),
    logs: logs === null ? null : logs.map(({ logId }) => toHex(logId)).toSorted(),
    witnesses: witnesses === null ? null : formatTrustPolicy(witnesses),
  });
  const rule = { name: "flags", signatures, transparency };
  return {
    name: "flags",
    version: 1,
    digest: `sha256:${createHash("sha256").update(toUtf8(model)).digest("hex")}`,
    notAfter: null,
    signatures,
    transparency,
    images: [
      { ...rule, match: ANYTHING, digestRequired: false, coverChildren: true, measurement: null, attestations: [] },
    ],
    nodes: [],
    exceptions: [],
  };
}

const EVERY_USE: ReadonlySet<Use> = new Set(["blob", "image", "measurement", "attestation", "status"]);

const unbounded = (name: string, key: PublicKey): PolicyKey => ({
  name,
  key,
  use: EVERY_USE,
  notBefore: null,
  notAfter: null,
  revokedFrom: null,
});
