import { type LogEntry } from "../bundle/log-entry.ts";
import { toBase64 } from "../bytes/base64.ts";
import { toHex } from "../bytes/hex.ts";
import { Failure } from "../failure.ts";
import { type Audit } from "../log/audit.ts";
import { type LogStatus } from "../log/reader.ts";
import { leafHash } from "../merkle/hash.ts";
import { formatVkey } from "../note/vkey.ts";
import { type LogName } from "../store/log-directory.ts";
import { formatTlogProof } from "../tlog/proof.ts";
import { type Report } from "./schema.ts";

/** Which log a report is about. */
export const logFields = ({ origin, logId }: Pick<LogName, "origin" | "logId">): { origin: string; logId: string } => ({
  origin,
  logId: toBase64(logId),
});

export function statusReport({ checkpoint, note, pending, lockedSize, ...log }: LogStatus): Report<"log status"> {
  return {
    ...logFields(log),
    vkey: formatVkey(checkpoint.logKey),
    treeSize: checkpoint.treeSize,
    rootHash: toHex(checkpoint.rootHash),
    checkpoint: note,
    pending,
    lockedSize,
  };
}

/** For people: one line, and one more where something wants doing. */
export function renderStatus({ origin, treeSize, rootHash, pending, lockedSize }: Report<"log status">): string {
  const lines = [`${origin}: ${treeSize} entries, root ${rootHash}`];
  if (pending > 0) lines.push(`${pending} more are stored and will be published with the next append`);
  if (lockedSize === null) lines.push("no lock is held for it: it signs nothing until `assay log restore`");
  else if (lockedSize < treeSize) lines.push(`the lock is older than the log: it holds ${lockedSize} entries`);
  return lines.join("\n");
}

/** A proof as it is reported, and as a C2SP tlog-proof. */
export function proofReport(
  log: Pick<LogName, "origin" | "logId">,
  entry: LogEntry,
): { report: Report<"log prove">; tlogProof: string } {
  const { proof, body } = entry;
  if (proof === null) throw new Failure("log/inconsistent", "the log gave no proof");
  const { index, treeSize, rootHash, path, checkpoint } = proof;
  const report = {
    ...logFields(log),
    index,
    treeSize,
    rootHash: toHex(rootHash),
    leafHash: toHex(leafHash(body)),
    path: path.map((hash) => toHex(hash)),
    checkpoint,
  };
  return { report, tlogProof: formatTlogProof({ extra: null, index, path, checkpoint }) };
}

export function auditReport(log: Pick<LogName, "origin" | "logId">, audit: Audit): Report<"log audit"> {
  const { checkpoint, entries, disclosed, problems, lockedSize, pending, tiles } = audit;
  return {
    ...logFields(log),
    treeSize: checkpoint?.treeSize ?? null,
    rootHash: checkpoint === null ? null : toHex(checkpoint.rootHash),
    lockedSize,
    entries,
    pending,
    disclosed,
    undisclosed: entries - disclosed,
    tiles,
    problems: problems.map(({ code, message }) => ({ code, message })),
  };
}

/** For people: what was looked at, then what is wrong. */
export function renderAudit(report: Report<"log audit">): string {
  const { origin, entries, tiles, disclosed, undisclosed, pending, problems } = report;
  const lines = [`${origin}: ${entries} entries and ${tiles} tiles hashed again`];
  lines.push(`${disclosed} envelopes are those of their entries, ${undisclosed} entries are undisclosed`);
  if (pending > 0) lines.push(`${pending} entries were never acknowledged, and wait for the next append`);
  if (problems.length === 0) lines.push("sound");
  return [...lines, ...problems.map(({ code, message }) => `wrong: ${message} (${code})`)].join("\n");
}
