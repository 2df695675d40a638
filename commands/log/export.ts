import { string as argument } from "@oclif/core/args";
import { boolean, string } from "@oclif/core/flags";

import { BaseCommand } from "../../src/cli/base.ts";
import { lockFlags, lockPath } from "../../src/cli/log-directory.ts";
import { Progress } from "../../src/cli/progress.ts";
import { type Report } from "../../src/cli/schema.ts";
import { exportLog } from "../../src/store/export.ts";

export default class LogExport extends BaseCommand<Report<"log export">> {
  static override summary = "Copy a log's public data into a new directory, from which it can be restored";
  static override description = "The lock is never copied, and the seed only with --with-seed.";
  static override examples = ["<%= config.bin %> <%= command.id %> log --out backup"];
  static override args = { directory: argument({ required: true, description: "the log's directory" }) };
  static override flags = {
    ...lockFlags,
    out: string({ required: true, helpValue: "DIR", description: "directory to make" }),
    "with-seed": boolean({
      default: false,
      description: "copy the encrypted seed too: whoever has it and its password can sign",
    }),
  };

  async run(): Promise<Report<"log export">> {
    const { args, flags } = await this.parse(LogExport);
    using progress = new Progress("copying tiles");
    const copied = await exportLog(args.directory, lockPath(flags), flags.out, flags["with-seed"], (done, total) =>
      progress.report(done, total),
    );
    const { treeSize, tiles } = copied;
    this.line(`${flags.out}: ${treeSize} entries, ${tiles} tiles${copied.withSeed ? ", and the seed" : ""}`);
    return { directory: flags.out, ...copied };
  }
}
