import { string } from "@oclif/core/flags";

import { nameToRunBy, openImage } from "../../src/cli/images.ts";
import { policyFlag, readPolicyFile } from "../../src/cli/policy.ts";
import { VerdictCommand, verdictFlags, type Verdicts } from "../../src/cli/verdict-command.ts";
import { judgeImage } from "../../src/gate/image.ts";

export default class AdmitImage extends VerdictCommand {
  static override summary = "Decide by a policy whether images may run; exit 0 is the only yes";
  static override description =
    "Offline. Signatures, log entries, witnesses and measurements are proven from what is attached to the image.";
  static override examples = [
    "<%= config.bin %> <%= command.id %> oci:image:1.0 --policy policy.yaml",
    "<%= config.bin %> <%= command.id %> oci:image:1.0 --as registry.example/acme/app --policy policy.yaml --json",
  ];
  static override strict = false;
  static override usage = "<%= command.id %> REF… --policy FILE";
  static override flags = {
    ...verdictFlags,
    policy: policyFlag,
    as: string({
      helpValue: "NAME",
      description: "judge the image under the name it will run by: REGISTRY/REPOSITORY",
    }),
  };

  async run(): Promise<Verdicts> {
    const { argv, flags } = await this.parse(AdmitImage);
    const policy = await readPolicyFile(flags.policy);
    const as = flags.as === undefined ? {} : { name: nameToRunBy(flags.as) };
    return this.conclude(this.several(argv, "an image reference"), flags, policy, async (text, memory) =>
      judgeImage({ ...(await openImage(text)), ...as, checkLayers: true }, policy, memory, new Date()),
    );
  }
}
