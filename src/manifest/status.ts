/** The measurement status: which releases of a product still stand. */
import { Failure } from "../failure.ts";
import { canonicalJson } from "../json/canonical.ts";
import { type Json } from "../json/json.ts";
import { type MeasurementStatus, MeasurementStatusSchema, requireShape } from "./schema.ts";
import { requireValidity } from "./validity.ts";

/**
 * Reads the predicate of a measurement status: the schema's shape, then what a schema cannot say.
 *
 * @param predicate  JSON as strictly parsed; of a statement, from the bytes that were signed
 * @throws manifest/malformed
 */
export function parseMeasurementStatus(predicate: Json): MeasurementStatus {
  const status: MeasurementStatus = requireShape(MeasurementStatusSchema, predicate);
  requireValidity(status);
  if (status.minSequence > status.latest) {
    throw new Failure(
      "manifest/malformed",
      `minSequence ${status.minSequence} is above latest ${status.latest}: no release of the product would stand`,
    );
  }
  if (new Set(status.revoked.map(({ digest }) => digest)).size !== status.revoked.length) {
    throw new Failure("manifest/malformed", "a digest is revoked more than once");
  }
  return status;
}

/** The predicate's canonical form (RFC 8785). */
export const formatMeasurementStatus = (status: MeasurementStatus): string => canonicalJson({ ...status });
