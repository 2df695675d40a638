import { string } from "@oclif/core/flags";

import { verifyBlob } from "../../src/admit/blob.ts";
import { blobRequest } from "../../src/cli/blob.ts";
import { readTrust, trustFlags } from "../../src/cli/trust.ts";
import { VerdictCommand, verdictFlags, type Verdicts } from "../../src/cli/verdict-command.ts";
import { Failure } from "../../src/failure.ts";

export default class VerifyBlob extends VerdictCommand {
  static override summary = "Verify that files are signed by given keys and in given logs";
  static override examples = [
    "<%= config.bin %> <%= command.id %> disk.raw --key release.pub --trusted-root log/trusted_root.json",
  ];
  static override strict = false;
  static override usage = "<%= command.id %> FILE… --key FILE --trusted-root FILE";
  static override flags = {
    ...trustFlags,
    ...verdictFlags,
    bundle: string({
      multiple: true,
      helpValue: "FILE",
      description: "a bundle of the one file, may be repeated; by default FILE.sigstore.json",
    }),
  };

  async run(): Promise<Verdicts> {
    const { argv, flags } = await this.parse(VerifyBlob);
    const files = this.several(argv, "a file");
    if (flags.bundle !== undefined && files.length > 1) {
      throw new Failure("cli/conflicting-flags", `--bundle names one file, and ${files.length} are to be verified`);
    }
    const policy = await readTrust(flags);
    return this.conclude(files, flags, policy, async (file, memory) =>
      verifyBlob(await blobRequest(file, flags.bundle), policy, { ...policy, accept: "file" }, memory, new Date()),
    );
  }
}
