import { string as stringArg } from "@oclif/core/args";
import { string } from "@oclif/core/flags";

import { verifyBlob } from "../../src/admit/blob.ts";
import { blobRequest, digestRequest } from "../../src/cli/blob.ts";
import { readTrust, trustFlags } from "../../src/cli/trust.ts";
import { VerdictCommand, verdictFlags, type Verdicts } from "../../src/cli/verdict-command.ts";

export default class VerifyBundle extends VerdictCommand {
  static override summary = "Verify a Sigstore bundle against a file or a digest";
  static override examples = [
    "<%= config.bin %> <%= command.id %> a.sigstore.json --file a.bin --key release.pub --trusted-root log/trusted_root.json",
    "<%= config.bin %> <%= command.id %> a.sigstore.json --digest sha256:4f2c… --key release.pub --trusted-root log/trusted_root.json",
  ];
  static override args = { bundle: stringArg({ required: true, description: "Sigstore bundle" }) };
  static override flags = {
    ...trustFlags,
    ...verdictFlags,
    file: string({ exactlyOne: ["file", "digest"], helpValue: "FILE", description: "what was signed" }),
    digest: string({ helpValue: "sha256:HEX", description: "digest of what was signed" }),
  };

  async run(): Promise<Verdicts> {
    const { args, flags } = await this.parse(VerifyBundle);
    const policy = await readTrust(flags);
    return this.conclude([args.bundle], flags, policy, async (bundle, memory) => {
      const request =
        flags.file === undefined
          ? await digestRequest(flags.digest ?? "", bundle)
          : await blobRequest(flags.file, [bundle]);
      return verifyBlob(request, policy, { ...policy, accept: "any" }, memory, new Date());
    });
  }
}
