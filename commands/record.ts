import { string as stringArg } from "@oclif/core/args";
import { boolean, string } from "@oclif/core/flags";

import { formatBundle } from "../src/bundle/bundle.ts";
import { recordSigned } from "../src/bundle/record.ts";
import { signStatement } from "../src/bundle/sign.ts";
import { BaseCommand } from "../src/cli/base.ts";
import { openImage } from "../src/cli/images.ts";
import { deriveStatement } from "../src/cli/record.ts";
import { recordReport } from "../src/cli/record-report.ts";
import { type Report } from "../src/cli/schema.ts";
import { openSigning, signingFlags } from "../src/cli/signing.ts";
import { replaceFile } from "../src/files/write.ts";
import { attachRecord } from "../src/gate/record.ts";

export default class Record extends BaseCommand<Report<"record">> {
  static override summary = "Sign a measurement and record it in a log, after deriving every value again";
  static override description =
    "Reads the artefact, derives every hash of the manifest again, and refuses if one differs. Then the statement is " +
    "signed, logged, and attached to the image or written to a file.";
  static override examples = [
    "<%= config.bin %> <%= command.id %> image.json --key release.key --log log --attach oci:image:1.0",
    "<%= config.bin %> <%= command.id %> node.json --uki node.efi --key release.key --log log --bundle node.efi.sigstore.json",
  ];
  static override args = {
    manifest: stringArg({ required: true, description: "predicate written by `assay measure`" }),
  };
  static override flags = {
    ...signingFlags,
    attach: string({
      exactlyOne: ["attach", "bundle"],
      helpValue: "REF",
      description: "attach the statement to this image",
    }),
    bundle: string({ helpValue: "FILE", description: "write the bundle here" }),
    uki: string({ helpValue: "FILE", description: "the node image to derive the values from" }),
    image: string({
      helpValue: "REF",
      description: "the image to derive the values from; by default the one of --attach",
    }),
    "from-recipe-only": boolean({ exclusive: ["uki"], description: "record a node measurement without its artefacts" }),
    "attach-unsigned": boolean({
      dependsOn: ["attach"],
      description: "attach even where the image is not signed by the key",
    }),
  };

  async run(): Promise<Report<"record">> {
    const { args, flags } = await this.parse(Record);
    const statement = await deriveStatement(args.manifest, flags);
    using signing = await openSigning(flags);
    for (const note of signing.notes) this.warn(note);
    if (flags.attach !== undefined) {
      const { repository, reference } = await openImage(flags.attach);
      const made = { ...signing, created: this.now() };
      const attachment = await attachRecord(repository, reference, statement, made, flags["attach-unsigned"]);
      const report = recordReport(statement, attachment.bundle, {
        bundle: null,
        attached: attachment.attached,
        reused: attachment.reused,
      });
      this.line(
        `${flags.attach}: ${report.reused ? "already recorded" : "recorded"}, attached to ${report.attached.length} manifests`,
      );
      return report;
    }
    const [bundle] = await recordSigned([await signStatement(statement, signing.signer)], signing.recorder);
    if (bundle === undefined) throw new RangeError("one statement makes one bundle");
    const out = flags.bundle ?? "";
    await replaceFile(out, `${formatBundle(bundle)}\n`);
    const report = recordReport(statement, bundle, { bundle: out, attached: [], reused: false });
    this.line(`${args.manifest}: recorded as entry ${report.logIndex ?? "of no log"}, bundle in ${out}`);
    return report;
  }
}
