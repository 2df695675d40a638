import { string } from "@oclif/core/args";
import { string as stringFlag } from "@oclif/core/flags";

import { BaseCommand } from "../../src/cli/base.ts";
import { passwordFlags } from "../../src/cli/flags.ts";
import { keyPairReport, renderKeyPair } from "../../src/cli/key-report.ts";
import { newKeyPassword } from "../../src/cli/password.ts";
import { type Report } from "../../src/cli/schema.ts";
import { importKey } from "../../src/keys/key-file.ts";

export default class KeyImport extends BaseCommand<Report<"key import">> {
  static override summary = "Encrypt a plain PEM private key as a signing key";
  static override examples = ["<%= config.bin %> <%= command.id %> openssl.pem --out release"];
  static override args = {
    pem: string({ required: true, description: "PKCS #8, EC PRIVATE KEY or RSA PRIVATE KEY; it stays as it is" }),
  };
  static override flags = {
    ...passwordFlags,
    out: stringFlag({ required: true, helpValue: "PREFIX", description: "write PREFIX.key and PREFIX.pub" }),
  };

  async run(): Promise<Report<"key import">> {
    const { args, flags } = await this.parse(KeyImport);
    const report = keyPairReport(await importKey(args.pem, flags.out, newKeyPassword(flags)));
    for (const note of report.notes) this.warn(note);
    this.log(renderKeyPair(report));
    return report;
  }
}
