import { string as stringArg } from "@oclif/core/args";

import { BaseCommand } from "../src/cli/base.ts";
import { inspect } from "../src/cli/inspection.ts";
import { type Report } from "../src/cli/schema.ts";
import { readFileBounded } from "../src/files/read.ts";

const MAX_BYTES = 16 * 1024 * 1024;

export default class Inspect extends BaseCommand<Report<"inspect">> {
  static override summary = "Say what a file is and what it claims, without verifying anything";
  static override description =
    "Reads bundles, trusted roots, log entries, statements, manifests, public keys, checkpoints, tlog proofs and policies.";
  static override examples = ["<%= config.bin %> <%= command.id %> node.efi.sigstore.json"];
  static override args = { file: stringArg({ required: true, description: "what to look at" }) };

  async run(): Promise<Report<"inspect">> {
    const { args } = await this.parse(Inspect);
    const { kind, contents } = inspect(await readFileBounded(args.file, MAX_BYTES));
    this.line(`${args.file}: ${kind}, unverified`);
    this.document(JSON.stringify(contents, null, 2));
    return { file: args.file, kind, verified: false, contents };
  }
}
