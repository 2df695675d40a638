import { integer, string } from "@oclif/core/flags";

import { formatBundle } from "../../src/bundle/bundle.ts";
import { recordSigned } from "../../src/bundle/record.ts";
import { signStatement } from "../../src/bundle/sign.ts";
import { BaseCommand } from "../../src/cli/base.ts";
import { parseAnnotations } from "../../src/cli/pairs.ts";
import { predicateDigest } from "../../src/cli/record-report.ts";
import { type Report } from "../../src/cli/schema.ts";
import { openSigning, signingFlags } from "../../src/cli/signing.ts";
import { replaceFile } from "../../src/files/write.ts";
import { statusStatement } from "../../src/gate/status.ts";

export default class ManifestStatus extends BaseCommand<Report<"manifest status">> {
  static override summary = "Say, signed and logged, which node measurements of a product still stand";
  static override examples = [
    "<%= config.bin %> <%= command.id %> --product acme-node --latest 41 --min-sequence 40 --min-svn 7 " +
      "--not-before 2026-11-01T00:00:00Z --not-after 2026-12-01T00:00:00Z --key release.key --log log --bundle status.sigstore.json",
    "<%= config.bin %> <%= command.id %> … --revoke sha256:4f2c…='key leaked in the initrd'",
  ];
  static override flags = {
    ...signingFlags,
    product: string({ required: true, description: "product, as its measurements name it" }),
    latest: integer({ required: true, min: 0, description: "highest sequence released" }),
    "min-sequence": integer({ required: true, min: 0, description: "lower sequences are superseded" }),
    "min-svn": integer({ required: true, min: 0, description: "lower security versions are superseded" }),
    revoke: string({
      multiple: true,
      default: [],
      helpValue: "DIGEST=REASON",
      description: "take back one measurement, by the digest that `record` printed",
    }),
    "not-before": string({
      required: true,
      helpValue: "TIME",
      description: "start of validity, as 2026-11-01T00:00:00Z",
    }),
    "not-after": string({ required: true, helpValue: "TIME", description: "end of validity" }),
    bundle: string({ required: true, helpValue: "FILE", description: "write the bundle here" }),
  };

  async run(): Promise<Report<"manifest status">> {
    const { flags } = await this.parse(ManifestStatus);
    const statement = statusStatement({
      product: flags.product,
      latest: flags.latest,
      minSequence: flags["min-sequence"],
      minSvn: flags["min-svn"],
      revoked: Object.entries(parseAnnotations(flags.revoke)).map(([digest, reason]) => ({ digest, reason })),
      notBefore: flags["not-before"],
      notAfter: flags["not-after"],
    });
    using signing = await openSigning(flags);
    for (const note of signing.notes) this.warn(note);
    const [bundle] = await recordSigned([await signStatement(statement, signing.signer)], signing.recorder);
    if (bundle === undefined) throw new RangeError("one statement makes one bundle");
    await replaceFile(flags.bundle, `${formatBundle(bundle)}\n`);
    const logIndex = bundle.entries[0]?.logIndex ?? null;
    this.line(
      `${flags.product}: latest ${flags.latest}, recorded as entry ${logIndex ?? "of no log"}, bundle in ${flags.bundle}`,
    );
    return {
      bundle: flags.bundle,
      predicateDigest: predicateDigest(statement),
      product: flags.product,
      latest: flags.latest,
      logIndex,
    };
  }
}
