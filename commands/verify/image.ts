import { VerdictCommand, verdictFlags, type Verdicts } from "../../src/cli/verdict-command.ts";
import { openImage } from "../../src/cli/images.ts";
import { readTrust, trustFlags } from "../../src/cli/trust.ts";
import { judgeImage } from "../../src/gate/image.ts";

export default class VerifyImage extends VerdictCommand {
  static override summary = "Verify that images are signed by given keys and in given logs";
  static override description =
    "Offline. The whole image is read: the statement must name it and every platform, and every blob must be its digest.";
  static override examples = [
    "<%= config.bin %> <%= command.id %> oci:image:1.0 --key release.pub --trusted-root log/trusted_root.json",
  ];
  static override strict = false;
  static override usage = "<%= command.id %> REF… --key FILE --trusted-root FILE";
  static override flags = { ...trustFlags, ...verdictFlags };

  async run(): Promise<Verdicts> {
    const { argv, flags } = await this.parse(VerifyImage);
    const policy = await readTrust(flags);
    return this.conclude(this.several(argv, "an image reference"), flags, policy, async (text, memory) =>
      judgeImage({ ...(await openImage(text)), checkLayers: true }, policy, memory, new Date()),
    );
  }
}
