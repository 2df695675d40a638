import { join } from "node:path";

import { parseTrustedRoot } from "../bundle/trusted-root.ts";
import { equalBytes } from "../bytes/join.ts";
import { fromUtf8 } from "../bytes/utf8.ts";
import { Failure } from "../failure.ts";
import { readFileBounded } from "../files/read.ts";
import { parseVkey, type VerifierKey } from "../note/vkey.ts";
import { type LogName } from "../store/log-directory.ts";

const MAX_FILE_BYTES = 16 * 1024 * 1024;

/**
 * The key to audit a log with: from a trusted root, or from the `log.vkey` beside its checkpoint.
 *
 * @throws note/unknown-key where the trusted root does not know the log, note/malformed-vkey,
 *         bundle/malformed-trusted-root, files/missing
 */
export async function keyForAudit(
  directory: string,
  { logId, origin }: LogName,
  trustedRoot?: string,
): Promise<VerifierKey> {
  if (trustedRoot === undefined) {
    return parseVkey(fromUtf8(await readFileBounded(join(directory, "log.vkey"), MAX_FILE_BYTES)).trimEnd());
  }
  const { logs } = parseTrustedRoot(await readFileBounded(trustedRoot, MAX_FILE_BYTES));
  const log = logs.find((each) => equalBytes(each.logId, logId));
  if (log !== undefined) return log.key;
  throw new Failure("note/unknown-key", `${trustedRoot} does not trust the log ${origin} with this key`);
}
