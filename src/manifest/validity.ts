import { Failure, type FailureCode } from "../failure.ts";

/** One reason why something here is refused, or, among notes, something that a person should know. */
export interface Finding {
  readonly code: FailureCode;
  /** Lower case, what was found and what was wanted. */
  readonly message: string;
}

/** The time within which a signed document holds: RFC 3339 in UTC, whole seconds, both ends included. */
export interface Validity {
  readonly notBefore: string;
  readonly notAfter: string;
}

/**
 * Reads `2026-11-01T00:00:00Z`: UTC, whole seconds, a day that the calendar has.
 *
 * @throws manifest/malformed
 */
export function parseInstant(text: string): Date {
  const instant = new Date(text);
  // `Date` rolls the 30th of February over into March, so what it read has to come back unchanged.
  if (Number.isNaN(instant.getTime()) || formatInstant(instant) !== text) {
    throw new Failure("manifest/malformed", `"${text}" is not a time as 2026-11-01T00:00:00Z`);
  }
  return instant;
}

/** Inverse of {@link parseInstant}; fractions of a second are dropped. */
export const formatInstant = (instant: Date): string => instant.toISOString().replace(/\.\d{3}Z$/, "Z");

/** @throws manifest/malformed unless both ends are times and the first is before the second */
export function requireValidity({ notBefore, notAfter }: Validity): void {
  if (parseInstant(notBefore) >= parseInstant(notAfter)) {
    throw new Failure("manifest/malformed", `notBefore ${notBefore} is not before notAfter ${notAfter}`);
  }
}

/**
 * Whether a node measurement holds at `now`.
 *
 * @returns  null where it does, else `manifest/not-yet-valid` or `manifest/expired`
 */
export function evaluateValidity({ notBefore, notAfter }: Validity, now: Date): Finding | null {
  const at = formatInstant(now);
  if (now < parseInstant(notBefore)) {
    return { code: "manifest/not-yet-valid", message: `the manifest is valid from ${notBefore}, and it is ${at}` };
  }
  if (now > parseInstant(notAfter)) {
    return { code: "manifest/expired", message: `the manifest was valid until ${notAfter}, and it is ${at}` };
  }
  return null;
}
