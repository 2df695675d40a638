import { string as argument } from "@oclif/core/args";
import { string } from "@oclif/core/flags";

import { BaseCommand } from "../../src/cli/base.ts";
import { createLog, logFlags } from "../../src/cli/log-directory.ts";
import { logFields } from "../../src/cli/log-report.ts";
import { newLogPassword } from "../../src/cli/password.ts";
import { type Report } from "../../src/cli/schema.ts";
import { formatVkey } from "../../src/note/vkey.ts";

export default class LogCreate extends BaseCommand<Report<"log create">> {
  static override summary = "Make a transparency log in a new directory, with the files that make clients trust it";
  static override examples = ["<%= config.bin %> <%= command.id %> log --origin log.example.com"];
  static override args = { directory: argument({ required: true, description: "directory to make; its parents too" }) };
  static override flags = {
    ...logFlags,
    origin: string({ required: true, helpValue: "HOST", description: "host name the log will be served under" }),
  };

  async run(): Promise<Report<"log create">> {
    const { args, flags } = await this.parse(LogCreate);
    const log = await createLog(args.directory, flags.origin, flags, newLogPassword(flags));
    const { lockFile, seedFile } = log;
    const vkey = formatVkey(log.key);
    this.line(`${args.directory}: the log ${log.origin}, empty; its trusted_root.json is for its clients`);
    this.line(`vkey: ${vkey}`);
    this.line(`seed: ${seedFile}`);
    this.line(`lock: ${lockFile}`);
    return { directory: args.directory, ...logFields(log), vkey, lock: lockFile, seed: seedFile };
  }
}
