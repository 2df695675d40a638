import { string } from "@oclif/core/flags";

import { BaseCommand } from "../../src/cli/base.ts";
import { openImage } from "../../src/cli/images.ts";
import { parseAnnotations } from "../../src/cli/pairs.ts";
import { type Report } from "../../src/cli/schema.ts";
import { openSigning, signingFlags } from "../../src/cli/signing.ts";
import { signImage } from "../../src/gate/sign-image.ts";

export default class SignImage extends BaseCommand<Report<"sign image">> {
  static override summary = "Sign images: index and all platforms in one statement, attached to each";
  static override description =
    "Writes cosign's statement in a Sigstore bundle, as an OCI 1.1 referrer with the fallback tag beside it. Signing " +
    "again changes nothing; after a half-finished run it does the other half.";
  static override examples = [
    "<%= config.bin %> <%= command.id %> oci:image:1.0 --key release.key --log log",
    "<%= config.bin %> <%= command.id %> oci:image:1.0 --key release.key --log none -a commit=4f2c",
  ];
  static override strict = false;
  static override usage = "<%= command.id %> REF… --key FILE --log DIR|none";
  static override flags = {
    ...signingFlags,
    annotation: string({
      char: "a",
      multiple: true,
      default: [],
      helpValue: "KEY=VALUE",
      description: "say this about the image, signed",
    }),
  };

  async run(): Promise<Report<"sign image">> {
    const { argv, flags } = await this.parse(SignImage);
    const references = this.several(argv, "an image reference");
    const annotations = parseAnnotations(flags.annotation);
    using signing = await openSigning(flags);
    for (const note of signing.notes) this.warn(note);
    const images: Report<"sign image">["images"] = [];
    for (const text of references) {
      const { repository, reference, name } = await openImage(text);
      const signed = await signImage(repository, reference, annotations, { ...signing, created: this.now() });
      images.push({ name, ...signed });
      const where = signed.logIndex === null ? "in no log" : `entry ${signed.logIndex}`;
      this.line(
        `${name}@${signed.digest}: ${signed.reused ? "already signed" : "signed"}, ${signed.subjects.length} manifests, ${where}`,
      );
    }
    return { keyId: signing.signer.publicKey.keyId, images };
  }
}
