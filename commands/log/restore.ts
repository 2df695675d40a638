import { string as argument } from "@oclif/core/args";
import { string } from "@oclif/core/flags";

import { BaseCommand } from "../../src/cli/base.ts";
import { lockFlags, lockPath } from "../../src/cli/log-directory.ts";
import { logFields } from "../../src/cli/log-report.ts";
import { type Report } from "../../src/cli/schema.ts";
import { fromUtf8 } from "../../src/bytes/utf8.ts";
import { toHex } from "../../src/bytes/hex.ts";
import { readFileBounded } from "../../src/files/read.ts";
import { MAX_NOTE_BYTES } from "../../src/note/note.ts";
import { restoreEmbeddedLog } from "../../src/store/embedded-log.ts";

export default class LogRestore extends BaseCommand<Report<"log restore">> {
  static override summary = "Let a log that was brought back from a copy sign again";
  static override description =
    "Give the newest checkpoint that any client or witness holds. It must be this log's and fit its entries; one that " +
    "is older than others have seen makes the log show two histories.";
  static override examples = ["<%= config.bin %> <%= command.id %> log --checkpoint newest-seen.txt"];
  static override args = { directory: argument({ required: true, description: "the log's directory" }) };
  static override flags = {
    ...lockFlags,
    checkpoint: string({ required: true, helpValue: "FILE", description: "signed checkpoint from outside" }),
  };

  async run(): Promise<Report<"log restore">> {
    const { args, flags } = await this.parse(LogRestore);
    const note = fromUtf8(await readFileBounded(flags.checkpoint, MAX_NOTE_BYTES));
    const restored = await restoreEmbeddedLog(args.directory, lockPath(flags), note);
    const { checkpoint, tilesWritten, lockCreated, logId } = restored;
    const { origin, treeSize } = checkpoint;
    this.line(`${origin}: goes on from ${treeSize} entries; ${tilesWritten} tiles were written anew`);
    const tree = { treeSize, rootHash: toHex(checkpoint.rootHash) };
    return { ...logFields({ origin, logId }), ...tree, tilesWritten, lockCreated };
  }
}
