import { string } from "@oclif/core/flags";

import { BaseCommand } from "../../src/cli/base.ts";
import { releaseFlags } from "../../src/cli/release.ts";
import { type Report } from "../../src/cli/schema.ts";
import { openFileSource } from "../../src/files/read.ts";
import { replaceFile } from "../../src/files/write.ts";
import { formatNodeMeasurement } from "../../src/manifest/node-measurement.ts";
import { PREDICATE_TYPES } from "../../src/manifest/predicate-type.ts";
import { nodeMeasurementFromUki } from "../../src/manifest/uki.ts";
import { measureUki } from "../../src/measure/uki.ts";

export default class MeasureNode extends BaseCommand<Report<"measure node">> {
  static override summary = "Compute what a node image is made of, from its unified kernel image";
  static override description =
    "Hashes of the file and of its sections by role, the Authenticode hash, and what the command line names, as the " +
    "predicate of a node measurement. Nothing is signed.";
  static override examples = [
    "<%= config.bin %> <%= command.id %> --uki node.efi --product acme-node --version 1.9.0 --sequence 41 --svn 7 " +
      "--not-before 2026-11-01T00:00:00Z --not-after 2027-05-01T00:00:00Z --out node.json",
  ];
  static override flags = {
    ...releaseFlags,
    uki: string({ required: true, helpValue: "FILE", description: "unified kernel image" }),
    out: string({ helpValue: "FILE", description: "write the predicate here; otherwise it is printed" }),
  };

  async run(): Promise<Report<"measure node">> {
    const { flags } = await this.parse(MeasureNode);
    await using source = await openFileSource(flags.uki);
    const { product, version, sequence, svn, "not-before": notBefore, "not-after": notAfter } = flags;
    const release = { product, version, sequence, svn, notBefore, notAfter };
    const predicate = nodeMeasurementFromUki(release, await measureUki(source));
    const text = formatNodeMeasurement(predicate);
    if (flags.out === undefined) this.document(text);
    else {
      await replaceFile(flags.out, text);
      this.line(`${Object.keys(predicate.artefacts).length} artefacts measured; predicate in ${flags.out}`);
    }
    return { predicateType: PREDICATE_TYPES.nodeMeasurement, predicate, file: flags.out ?? null };
  }
}
