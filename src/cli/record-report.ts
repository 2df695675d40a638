import { createHash } from "node:crypto";

import { type Bundle } from "../bundle/bundle.ts";
import { type Statement } from "../bundle/statement.ts";
import { canonicalJson } from "../json/canonical.ts";
import { type Digest } from "../oci/digest.ts";
import { type Report } from "./schema.ts";

/** `sha256:` and hex of a predicate's RFC 8785 form: by this a status statement revokes it. */
export const predicateDigest = ({ predicate }: Statement): string =>
  `sha256:${createHash("sha256").update(canonicalJson(predicate)).digest("hex")}`;

/** What `record` reports, wherever the bundle went. */
export function recordReport(
  statement: Statement,
  { entries }: Bundle,
  made: { readonly bundle: string | null; readonly attached: readonly Digest[]; readonly reused: boolean },
): Report<"record"> {
  return {
    predicateType: statement.predicateType,
    predicateDigest: predicateDigest(statement),
    subjects: statement.subjects.map(({ name, digest }) => ({
      ...(name === undefined ? {} : { name }),
      sha256: digest.sha256 ?? "",
    })),
    logIndex: entries[0]?.logIndex ?? null,
    bundle: made.bundle,
    attached: [...made.attached],
    reused: made.reused,
  };
}
