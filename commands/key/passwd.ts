import { string } from "@oclif/core/args";

import { BaseCommand } from "../../src/cli/base.ts";
import { passwordFlags } from "../../src/cli/flags.ts";
import { changedKeyPasswords } from "../../src/cli/password.ts";
import { type Report } from "../../src/cli/schema.ts";
import { changePassword } from "../../src/keys/key-file.ts";

export default class KeyPasswd extends BaseCommand<Report<"key passwd">> {
  static override summary = "Change the password of a private key, or give one to a plain key";
  static override description =
    "The old password comes from ASSAY_PASSWORD or COSIGN_PASSWORD, the new one from ASSAY_NEW_PASSWORD, both from the terminal where these are not set, or both from standard input, a line each.";
  static override examples = ["<%= config.bin %> <%= command.id %> assay.key"];
  static override args = { file: string({ required: true, description: "private key, rewritten in place" }) };
  static override flags = passwordFlags;

  async run(): Promise<Report<"key passwd">> {
    const { args, flags } = await this.parse(KeyPasswd);
    const { old, fresh } = changedKeyPasswords(flags);
    const { keyId } = await changePassword(args.file, old, fresh);
    this.line(`${args.file}: encrypted under the new password`);
    return { file: args.file, keyId };
  }
}
