import { toUtf8 } from "../bytes/utf8.ts";
import { Failure } from "../failure.ts";
import { type Bundle } from "./bundle.ts";
import { formatEntryBody } from "./entry.ts";
import { formatEnvelope } from "./envelope.ts";
import { verifyEntries } from "./inclusion.ts";
import { type LogEntry } from "./log-entry.ts";
import { bundleOf, type SignedMessage, type SignedStatement } from "./sign.ts";
import { type TrustedLog } from "./trusted-log.ts";

/** A log that signatures are recorded in: embedded, later a server. */
export interface Recorder {
  /** Whom its answers are checked against. */
  readonly log: TrustedLog;
  /**
   * Puts entries into the log. On return each is durable, and included in a published checkpoint.
   *
   * @param batch  canonical entry bodies, each with the JSON of its DSSE envelope where it has one
   * @returns      one entry with its proof for each, in order
   */
  append(
    batch: readonly { readonly body: Uint8Array; readonly envelope: Uint8Array | null }[],
  ): Promise<readonly LogEntry[]>;
}

/**
 * Logs what was signed, and makes the bundles that prove it.
 *
 * @param recorder  null where the signer asked for no log
 * @throws bundle/unproven-entry where the log's answer does not prove inclusion: nothing may rest on it
 */
export async function recordSigned(
  signed: readonly (SignedStatement | SignedMessage)[],
  recorder: Recorder | null,
): Promise<readonly Bundle[]> {
  if (recorder === null) return signed.map((each) => bundleOf(each, []));
  const entries = await recorder.append(
    signed.map((each) => ({
      body: formatEntryBody(each.entry),
      envelope: each.kind === "dsse" ? toUtf8(formatEnvelope(each.envelope)) : null,
    })),
  );
  return signed.map((each, at) => proven(each, entries[at], recorder.log));
}

/** A log is believed as little when it answers as when somebody else shows what it said. */
function proven(signed: SignedStatement | SignedMessage, entry: LogEntry | undefined, log: TrustedLog): Bundle {
  const bundle = bundleOf(signed, entry === undefined ? [] : [entry]);
  const digest = signed.kind === "dsse" ? signed.paeDigest : signed.digest;
  const [finding] = verifyEntries(bundle, { digest, signature: signed.signature, key: signed.key }, [log]);
  if (finding?.outcome === "included") return bundle;
  throw new Failure("bundle/unproven-entry", `the log's answer proves nothing: ${finding?.message ?? "no entry"}`);
}
