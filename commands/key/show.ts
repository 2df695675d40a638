import { string } from "@oclif/core/args";
import { string as stringFlag } from "@oclif/core/flags";

import { BaseCommand } from "../../src/cli/base.ts";
import { passwordFlags } from "../../src/cli/flags.ts";
import { keyFileReport, renderKeyFile } from "../../src/cli/key-report.ts";
import { keyPassword } from "../../src/cli/password.ts";
import { type Report } from "../../src/cli/schema.ts";
import { readEitherKey } from "../../src/keys/key-file.ts";

export default class KeyShow extends BaseCommand<Report<"key show">> {
  static override summary = "Print the public half of a key, its id and its other names";
  static override examples = [
    "<%= config.bin %> <%= command.id %> assay.pub",
    "<%= config.bin %> <%= command.id %> witness.key --name witness.example.com/w1",
  ];
  static override args = {
    file: string({ required: true, description: "private or public key; a password is needed for a private one" }),
  };
  static override flags = {
    ...passwordFlags,
    name: stringFlag({ description: "print a C2SP verifier key under this name too" }),
  };

  async run(): Promise<Report<"key show">> {
    const { args, flags } = await this.parse(KeyShow);
    const report = keyFileReport(args.file, await readEitherKey(args.file, keyPassword(flags)), flags.name);
    for (const note of report.notes) this.warn(note);
    this.log(renderKeyFile(report));
    return report;
  }
}
