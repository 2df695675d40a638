import { string as argument } from "@oclif/core/args";

import { BaseCommand } from "../../src/cli/base.ts";
import { lockFlags, lockPath } from "../../src/cli/log-directory.ts";
import { renderStatus, statusReport } from "../../src/cli/log-report.ts";
import { type Report } from "../../src/cli/schema.ts";
import { readEmbeddedLog } from "../../src/store/embedded-log.ts";

export default class LogStatus extends BaseCommand<Report<"log status">> {
  static override summary = "Say where a log stands: its checkpoint, what is pending, and what its lock holds";
  static override examples = ["<%= config.bin %> <%= command.id %> log"];
  static override args = { directory: argument({ required: true, description: "the log's directory" }) };
  static override flags = lockFlags;

  async run(): Promise<Report<"log status">> {
    const { args, flags } = await this.parse(LogStatus);
    using log = readEmbeddedLog(args.directory, lockPath(flags));
    const report = statusReport(await log.status());
    this.log(renderStatus(report));
    return report;
  }
}
