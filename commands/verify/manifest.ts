import { string as stringArg } from "@oclif/core/args";

import { verifyManifest } from "../../src/admit/manifest.ts";
import { readFoundBundles } from "../../src/cli/found.ts";
import { readTrust, trustFlags } from "../../src/cli/trust.ts";
import { VerdictCommand, verdictFlags, type Verdicts } from "../../src/cli/verdict-command.ts";

export default class VerifyManifest extends VerdictCommand {
  static override summary = "Verify a recorded measurement or status: signed, logged, well-formed and valid now";
  static override examples = [
    "<%= config.bin %> <%= command.id %> node.efi.sigstore.json --key release.pub --trusted-root log/trusted_root.json",
  ];
  static override args = { bundle: stringArg({ required: true, description: "bundle written by `assay record`" }) };
  static override flags = { ...trustFlags, ...verdictFlags };

  async run(): Promise<Verdicts> {
    const { args, flags } = await this.parse(VerifyManifest);
    const policy = await readTrust(flags);
    return this.conclude([args.bundle], flags, policy, async (name, memory) => {
      const [bundle] = await readFoundBundles([name]);
      if (bundle === undefined) throw new RangeError("one file holds one bundle");
      return verifyManifest({ name, bundle }, policy, policy, memory, new Date());
    });
  }
}
