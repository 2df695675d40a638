import { string } from "@oclif/core/flags";

import { formatBundle } from "../../src/bundle/bundle.ts";
import { BaseCommand } from "../../src/cli/base.ts";
import { type Report } from "../../src/cli/schema.ts";
import { openSigning, signingFlags } from "../../src/cli/signing.ts";
import { Failure } from "../../src/failure.ts";
import { streamFile } from "../../src/files/read.ts";
import { replaceFile } from "../../src/files/write.ts";
import { signBlobs } from "../../src/gate/sign-blob.ts";

export default class SignBlob extends BaseCommand<Report<"sign blob">> {
  static override summary = "Sign files of any size";
  static override description = "Writes a Sigstore bundle beside each file, as FILE.sigstore.json.";
  static override examples = [
    "<%= config.bin %> <%= command.id %> disk.raw --key release.key --log log",
    "<%= config.bin %> <%= command.id %> a.bin b.bin --key release.key --log log",
  ];
  static override strict = false;
  static override usage = "<%= command.id %> FILE… --key FILE --log DIR|none";
  static override flags = {
    ...signingFlags,
    bundle: string({ helpValue: "FILE", description: "write the bundle here; for one file only" }),
  };

  async run(): Promise<Report<"sign blob">> {
    const { argv, flags } = await this.parse(SignBlob);
    const files = this.several(argv, "a file");
    if (flags.bundle !== undefined && files.length > 1) {
      throw new Failure("cli/conflicting-flags", `--bundle names one file, and ${files.length} are to be signed`);
    }
    using signing = await openSigning(flags);
    for (const note of signing.notes) this.warn(note);
    const blobs = files.map((name) => ({ name, stream: () => streamFile(name) }));
    const report: Report<"sign blob">["files"] = [];
    for (const { name, bundle, digest } of await signBlobs(blobs, signing.signer, signing.recorder)) {
      const out = flags.bundle ?? `${name}.sigstore.json`;
      await replaceFile(out, `${formatBundle(bundle)}\n`);
      report.push({ file: name, bundle: out, digest, logIndex: bundle.entries[0]?.logIndex ?? null });
      this.line(`${name}: ${digest}, bundle in ${out}`);
    }
    return { keyId: signing.signer.publicKey.keyId, files: report };
  }
}
