import { string as argument } from "@oclif/core/args";
import { string } from "@oclif/core/flags";

import { BaseCommand } from "../../src/cli/base.ts";
import { lockFlags, lockPath } from "../../src/cli/log-directory.ts";
import { auditReport, renderAudit } from "../../src/cli/log-report.ts";
import { keyForAudit } from "../../src/cli/log-key.ts";
import { Progress } from "../../src/cli/progress.ts";
import { type Report } from "../../src/cli/schema.ts";
import { KINDS } from "../../src/failure.ts";
import { auditLog } from "../../src/log/audit.ts";
import { readEmbeddedLog } from "../../src/store/embedded-log.ts";

export default class LogAudit extends BaseCommand<Report<"log audit">> {
  static override summary = "Recompute a log from its entries to its checkpoint, and compare everything it keeps";
  static override description =
    "Exits 3 when something is wrong. Without --trusted-root the checkpoint is checked with the key in log.vkey.";
  static override examples = ["<%= config.bin %> <%= command.id %> log --trusted-root trusted_root.json"];
  static override args = { directory: argument({ required: true, description: "the log's directory" }) };
  static override flags = {
    ...lockFlags,
    "trusted-root": string({ helpValue: "FILE", description: "whose keys count, whatever the directory says" }),
  };

  async run(): Promise<Report<"log audit">> {
    const { args, flags } = await this.parse(LogAudit);
    using log = readEmbeddedLog(args.directory, lockPath(flags));
    const key = await keyForAudit(args.directory, log, flags["trusted-root"]);
    using progress = new Progress("hashing entries");
    const audit = await auditLog(log.ports, { key, logId: log.logId }, (done, total) => progress.report(done, total));
    const report = auditReport(log, audit);
    if (audit.problems.length > 0) this.status = KINDS.denied.exit;
    this.log(renderAudit(report));
    return report;
  }
}
