import { option, string } from "@oclif/core/flags";

import { BaseCommand } from "../../src/cli/base.ts";
import { passwordFlags } from "../../src/cli/flags.ts";
import { keyPairReport, renderKeyPair } from "../../src/cli/key-report.ts";
import { newKeyPassword } from "../../src/cli/password.ts";
import { type Report } from "../../src/cli/schema.ts";
import { createKey } from "../../src/keys/key-file.ts";
import { KEY_ALGORITHMS } from "../../src/keys/private-key.ts";

export default class KeyCreate extends BaseCommand<Report<"key create">> {
  static override summary = "Make a signing key, encrypted as cosign does it";
  static override examples = [
    "<%= config.bin %> <%= command.id %>",
    "<%= config.bin %> <%= command.id %> --out release --algorithm ecdsa-p384",
  ];
  static override flags = {
    ...passwordFlags,
    out: string({ default: "assay", helpValue: "PREFIX", description: "write PREFIX.key and PREFIX.pub" }),
    algorithm: option({ options: KEY_ALGORITHMS, default: KEY_ALGORITHMS[0], description: "kind of key" })(),
  };

  async run(): Promise<Report<"key create">> {
    const { flags } = await this.parse(KeyCreate);
    const report = keyPairReport(await createKey(flags.out, flags.algorithm, newKeyPassword(flags)));
    for (const note of report.notes) this.warn(note);
    this.log(renderKeyPair(report));
    return report;
  }
}
