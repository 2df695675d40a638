import { createHash } from "node:crypto";

import { type Statement } from "../bundle/statement.ts";
import { PREDICATE_TYPES } from "../manifest/predicate-type.ts";
import { type MeasurementStatus } from "../manifest/schema.ts";
import { parseMeasurementStatus } from "../manifest/status.ts";

/**
 * The statement that carries a status. Its subject is the product itself, by the SHA-256 of its name: in-toto wants a
 * digest, and a status is about releases to come as well.
 *
 * @throws manifest/malformed
 */
export function statusStatement(status: MeasurementStatus): Statement {
  const checked = parseMeasurementStatus({ ...status, revoked: status.revoked.map((each) => ({ ...each })) });
  const sha256 = createHash("sha256").update(checked.product).digest("hex");
  return {
    predicateType: PREDICATE_TYPES.measurementStatus,
    predicate: { ...checked },
    subjects: [{ name: checked.product, digest: { sha256 } }],
  };
}
