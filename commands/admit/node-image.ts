import { string } from "@oclif/core/flags";

import { readBundleBeside, readFoundBundles } from "../../src/cli/found.ts";
import { policyFlag, readPolicyFile } from "../../src/cli/policy.ts";
import { readReported } from "../../src/cli/reported.ts";
import { VerdictCommand, verdictFlags, type Verdicts } from "../../src/cli/verdict-command.ts";
import { openFileSource } from "../../src/files/read.ts";
import { judgeNodeImage } from "../../src/gate/node-image.ts";

export default class AdmitNodeImage extends VerdictCommand {
  static override summary = "Decide by a policy whether machines may boot a node image";
  static override description =
    "Offline. The image is measured and compared with a signed, logged measurement that is still valid and not taken " +
    "back; what differs is named.";
  static override examples = [
    "<%= config.bin %> <%= command.id %> --uki node.efi --status status.sigstore.json --policy policy.yaml",
  ];
  static override flags = {
    ...verdictFlags,
    policy: policyFlag,
    uki: string({ required: true, helpValue: "FILE", description: "unified kernel image" }),
    bundle: string({
      multiple: true,
      helpValue: "FILE",
      description: "recorded measurement; by default the UKI's name with .sigstore.json",
    }),
    status: string({
      multiple: true,
      default: [],
      helpValue: "FILE",
      description: "status of the product's measurements",
    }),
    product: string({ description: "product that the image is to be; needed where the policy knows several" }),
    reported: string({
      helpValue: "FILE",
      description: "registers that a machine reported: {platform: {register: value}}",
    }),
  };

  async run(): Promise<Verdicts> {
    const { flags } = await this.parse(AdmitNodeImage);
    const policy = await readPolicyFile(flags.policy);
    const measurements = await (flags.bundle === undefined
      ? readBundleBeside(flags.uki)
      : readFoundBundles(flags.bundle));
    const statuses = await readFoundBundles(flags.status);
    const reported = await readReported(flags.reported);
    const product = flags.product ?? null;
    return this.conclude([flags.uki], flags, policy, async (name, memory) => {
      await using source = await openFileSource(name);
      return await judgeNodeImage(
        { name, source, product, reported, measurements, statuses },
        policy,
        memory,
        new Date(),
      );
    });
  }
}
