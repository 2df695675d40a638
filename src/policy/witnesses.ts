import { fromUtf8 } from "../bytes/utf8.ts";
import { Failure } from "../failure.ts";
import { parseTrustPolicy, type TrustPolicy } from "../witness/policy.ts";

/**
 * Reads the tlog-policy that a policy or a flag names. Apart from the policy file, so that naming one needs no YAML.
 *
 * @throws policy/malformed where the file asks for no witness at all: that has to be said in the policy
 * @throws witness/malformed-policy
 */
export function readWitnesses(contents: Uint8Array): TrustPolicy {
  const policy = parseTrustPolicy(fromUtf8(contents));
  if (policy.quorum !== "none") return policy;
  throw new Failure("policy/malformed", "the witness policy has the quorum none", {
    hint: "say `witnesses: {none: {because: …}}` instead",
  });
}
