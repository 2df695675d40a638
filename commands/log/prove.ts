import { string as argument } from "@oclif/core/args";
import { integer, string } from "@oclif/core/flags";

import { BaseCommand } from "../../src/cli/base.ts";
import { indexOfLeaf } from "../../src/cli/log-leaf.ts";
import { lockFlags, lockPath } from "../../src/cli/log-directory.ts";
import { proofReport } from "../../src/cli/log-report.ts";
import { type Report } from "../../src/cli/schema.ts";
import { createFile } from "../../src/files/write.ts";
import { readEmbeddedLog } from "../../src/store/embedded-log.ts";

export default class LogProve extends BaseCommand<Report<"log prove">> {
  static override summary = "Prove that an entry is in a log, against its published checkpoint";
  static override examples = [
    "<%= config.bin %> <%= command.id %> log --index 7",
    "<%= config.bin %> <%= command.id %> log --leaf 83cfbb3c… --out entry.tlog-proof",
  ];
  static override args = { directory: argument({ required: true, description: "the log's directory" }) };
  static override flags = {
    ...lockFlags,
    index: integer({ min: 0, exactlyOne: ["index", "leaf"], description: "the entry's index" }),
    leaf: string({ helpValue: "HEX", description: "the entry's leaf hash, RFC 6962" }),
    out: string({ helpValue: "FILE", description: "write the proof there, as a C2SP tlog-proof" }),
  };

  async run(): Promise<Report<"log prove">> {
    const { args, flags } = await this.parse(LogProve);
    using log = readEmbeddedLog(args.directory, lockPath(flags));
    const index = flags.index ?? (await indexOfLeaf(log, flags.leaf ?? ""));
    const { report, tlogProof } = proofReport(log, await log.prove(index));
    if (flags.out === undefined) this.log(tlogProof.trimEnd());
    else {
      await createFile(flags.out, tlogProof);
      this.line(`${flags.out}: entry ${index} is in the ${report.treeSize} entries of ${report.origin}`);
    }
    return report;
  }
}
