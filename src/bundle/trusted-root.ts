import { toHex } from "../bytes/hex.ts";
import { type Json } from "../json/json.ts";
import { Message, readDocument } from "./protojson.ts";
import { LOG_FIELDS, type NewLog, readTrustedLog, type TrustedLog, trustedLogJson } from "./trusted-log.ts";

/** Sigstore's `trusted_root.json`: the logs and authorities that a verifier trusts. */
export interface TrustedRoot {
  /** No two with the same {@link TrustedLog.logId}. */
  readonly logs: readonly TrustedLog[];
  /** Certificate authorities, CT logs and timestamp authorities: not parsed here, nothing rests on them. */
  readonly certificateAuthorities: readonly Json[];
  readonly ctlogs: readonly Json[];
  readonly timestampAuthorities: readonly Json[];
}

const TRUSTED_ROOT_MEDIA_TYPE = "application/vnd.dev.sigstore.trustedroot+json;version=0.1";

/** Longest list read; real ones have a handful. */
const MAX_MEMBERS = 256;
const FIELDS = ["mediaType", "tlogs", "certificateAuthorities", "ctlogs", "timestampAuthorities"];

/**
 * Reads a trusted root, v0.1. Its logs are read strictly: a log that cannot be understood refuses the whole file, since
 * leaving it out would quietly change what is trusted.
 *
 * @throws bundle/malformed-trusted-root
 */
export function parseTrustedRoot(bytes: Uint8Array): TrustedRoot {
  const place = { code: "bundle/malformed-trusted-root", path: "the trusted root" } as const;
  const root = new Message(readDocument(bytes, place), place, FIELDS);
  root.oneOf("mediaType", [TRUSTED_ROOT_MEDIA_TYPE]);
  const logs = root.messages("tlogs", MAX_MEMBERS, LOG_FIELDS).map(readTrustedLog);
  const ids = logs.map(({ logId }) => toHex(logId));
  const twice = ids.find((id, at) => ids.indexOf(id) !== at);
  if (twice !== undefined) throw root.failure(`has two logs with the id ${twice}`);
  return {
    logs,
    certificateAuthorities: root.list("certificateAuthorities", MAX_MEMBERS),
    ctlogs: root.list("ctlogs", MAX_MEMBERS),
    timestampAuthorities: root.list("timestampAuthorities", MAX_MEMBERS),
  };
}

/**
 * JSON text of a trusted root that trusts one log of assay's, for cosign, sigstore-js and {@link parseTrustedRoot}.
 *
 * @throws bundle/unfindable-origin
 */
export function formatTrustedRoot(log: NewLog): string {
  const root = {
    mediaType: TRUSTED_ROOT_MEDIA_TYPE,
    tlogs: [trustedLogJson(log)],
    certificateAuthorities: [],
    ctlogs: [],
    timestampAuthorities: [],
  };
  return `${JSON.stringify(root, null, 2)}\n`;
}
