import { stringify } from "yaml";

import { toUtf8 } from "../bytes/utf8.ts";
import { parsePolicy } from "./document.ts";
import { type PolicyDocument } from "./schema.ts";

/** What a new policy is made of. */
export interface PolicyTemplate {
  readonly name: string;
  /** RFC 3339, UTC. */
  readonly notAfter: string;
  readonly key: { readonly file: string; readonly sha256: string };
  readonly log: { readonly file: string; readonly sha256: string; readonly origin: string };
  readonly witnesses: { readonly file: string; readonly sha256: string } | null;
  /** Name patterns of images; none for a policy without an image rule. */
  readonly images: readonly string[];
  readonly product: string | null;
}

const HEADER = `# Admission policy of assay. Nothing that no rule allows is admitted; \`assay policy check\` says what it means.
# Every relaxation has its reason beside it: replace the ones below by yours, or the relaxation by the demand.
`;

const TODO = "the default of a new policy; decide whether it is yours";

/**
 * A policy that demands all that this template was given for, and spells out what it does not.
 *
 * @throws policy/malformed where what was given makes none: a name or a pattern that is not one
 */
export function newPolicy(template: PolicyTemplate): string {
  const signatures = { threshold: 1, of: ["release"] };
  const transparency: PolicyDocument["images"][number]["transparency"] =
    template.witnesses === null
      ? { logs: ["log"], witnesses: "none", because: TODO }
      : { logs: ["log"], witnesses: "quorum" };
  const document: PolicyDocument = {
    apiVersion: "assay/v1",
    kind: "AdmissionPolicy",
    name: template.name,
    version: 1,
    notAfter: template.notAfter,
    trust: {
      keys: [{ name: "release", ...template.key, use: ["image", "measurement", "status"], notAfter: "never" }],
      logs: [{ name: "log", ...template.log }],
      witnesses: template.witnesses ?? { none: { because: TODO } },
    },
    images: template.images.length === 0 ? [] : [imageRule(template.images, { signatures, transparency })],
    nodes: template.product === null ? [] : [nodeRule(template.product, { signatures, transparency })],
  };
  const text = HEADER + stringify(document, { lineWidth: 0, aliasDuplicateObjects: false });
  parsePolicy(toUtf8(text));
  return text;
}

type Demands = Pick<PolicyDocument["images"][number], "signatures" | "transparency">;

const imageRule = (match: readonly string[], demands: Demands): PolicyDocument["images"][number] => ({
  name: "images",
  match: [...match],
  digest: match.some((pattern) => pattern.startsWith("oci:")) ? "resolve" : "required",
  platforms: "index-and-children",
  ...demands,
  measurement: { signatures: demands.signatures },
});

const nodeRule = (product: string, demands: Demands): PolicyDocument["nodes"][number] => ({
  name: "nodes",
  products: [product],
  ...demands,
  status: { required: true, maxAge: "30d", signatures: demands.signatures },
  minSequence: 0,
  recipeOnly: "deny",
  registers: {},
});
