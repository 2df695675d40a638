import { type Message } from "./protojson.ts";

/** Sigstore's `TimeRange`; both ends belong to it. */
export interface TimePeriod {
  readonly from: Date;
  /** Null while there is no end. */
  readonly to: Date | null;
}

/**
 * Reads the `validFor` of a key or an authority.
 *
 * A missing start is refused: sigstore-go takes it for a key that was never valid, sigstore-js for one that always was.
 */
export function readPeriod(message: Message): TimePeriod {
  const period = message.message("validFor", ["start", "end"]);
  const from = readTime(period, "start");
  const to = period.has("end") ? readTime(period, "end") : null;
  if (to !== null && to < from) throw period.failure("ends before it starts");
  return { from, to };
}

/** RFC 3339 in UTC, whole seconds unless there are milliseconds, as protobuf writes a `Timestamp`. */
export const formatTime = (time: Date): string => time.toISOString().replace(".000Z", "Z");

function readTime(message: Message, name: string): Date {
  const text = message.text(name);
  const time = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?Z$/.test(text) ? new Date(text) : new Date(Number.NaN);
  // Date.parse takes the 30th of February for the 2nd of March.
  if (Number.isNaN(time.getTime()) || time.toISOString().slice(0, 19) !== text.slice(0, 19)) {
    throw message.failure(`has a "${name}" that is not a time in UTC, such as 2026-11-22T10:00:00Z`);
  }
  return time;
}
