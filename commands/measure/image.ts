import { string } from "@oclif/core/flags";

import { BaseCommand } from "../../src/cli/base.ts";
import { openImage } from "../../src/cli/images.ts";
import { Progress } from "../../src/cli/progress.ts";
import { type Report } from "../../src/cli/schema.ts";
import { replaceFile } from "../../src/files/write.ts";
import { readImage } from "../../src/images/image.ts";
import { measureImage } from "../../src/images/measure.ts";
import { formatImageMeasurement, imageMeasurement } from "../../src/manifest/image-measurement.ts";
import { PREDICATE_TYPES } from "../../src/manifest/predicate-type.ts";
import { image } from "../../src/cli/arguments.ts";

export default class MeasureImage extends BaseCommand<Report<"measure image">> {
  static override summary = "Compute what an image is made of, reading and uncompressing every layer";
  static override description =
    "Children, configurations and layers with recomputed diffIDs, as the predicate of an image measurement. Nothing is signed.";
  static override examples = ["<%= config.bin %> <%= command.id %> oci:image:1.0 --out image.json"];
  static override args = { image };
  static override flags = {
    out: string({ helpValue: "FILE", description: "write the predicate here; otherwise it is printed" }),
  };

  async run(): Promise<Report<"measure image">> {
    const { args, flags } = await this.parse(MeasureImage);
    const { repository, reference } = await openImage(args.image);
    using progress = new Progress("reading layers");
    const measured = await measureImage(repository, await readImage(repository, reference), (done, total) =>
      progress.report(done, total),
    );
    const predicate = imageMeasurement(measured);
    const text = formatImageMeasurement(predicate);
    if (flags.out === undefined) this.document(text);
    else {
      await replaceFile(flags.out, text);
      const layers = predicate.images.reduce((count, each) => count + each.layers.length, 0);
      this.line(`${predicate.images.length} images with ${layers} layers measured; predicate in ${flags.out}`);
    }
    return { predicateType: PREDICATE_TYPES.imageMeasurement, predicate, file: flags.out ?? null };
  }
}
