import { type Statement } from "../bundle/statement.ts";
import { Failure } from "../failure.ts";
import { openFileSource, readFileBounded } from "../files/read.ts";
import { recordImage, recordNode, recordRecipe } from "../gate/record.ts";
import { readImage } from "../images/image.ts";
import { isJsonObject, type Json } from "../json/json.ts";
import { parseJson } from "../json/parser.ts";
import { measureUki } from "../measure/uki.ts";
import { openImage } from "./images.ts";
import { Progress } from "./progress.ts";

/** Longest predicate read; an image of a thousand children takes some megabytes. */
const MAX_PREDICATE_BYTES = 16 * 1024 * 1024;

/** What the flags of `record` say about where the values come from. */
export interface ArtefactFlags {
  readonly uki?: string | undefined;
  readonly image?: string | undefined;
  readonly attach?: string | undefined;
  readonly "from-recipe-only": boolean;
}

/**
 * Reads a predicate, measures the artefact that the flags name, and makes the statement if they agree.
 *
 * @throws cli/no-artefact where nothing is named to derive the values from
 */
export async function deriveStatement(file: string, flags: ArtefactFlags): Promise<Statement> {
  const predicate = parseJson(await readFileBounded(file, MAX_PREDICATE_BYTES), { maxBytes: MAX_PREDICATE_BYTES });
  if (isImageMeasurement(predicate)) return deriveImage(file, predicate, flags);
  if (flags["from-recipe-only"]) return recordRecipe(predicate);
  if (flags.uki === undefined) {
    throw new Failure("cli/no-artefact", `${file} is a node measurement, and no artefact to derive it from is named`, {
      hint: "name the image with --uki, or say --from-recipe-only, which policies deny by default",
    });
  }
  const source = await openFileSource(flags.uki);
  try {
    return recordNode(predicate, await measureUki(source));
  } finally {
    await source[Symbol.asyncDispose]();
  }
}

async function deriveImage(file: string, predicate: Json, flags: ArtefactFlags): Promise<Statement> {
  const name = flags.image ?? flags.attach;
  if (name === undefined) {
    throw new Failure("cli/no-artefact", `${file} is an image measurement, and no image to derive it from is named`, {
      hint: "name the image with --attach, or with --image beside --bundle",
    });
  }
  const { repository, reference } = await openImage(name);
  const progress = new Progress("reading layers");
  try {
    const image = await readImage(repository, reference);
    return await recordImage(predicate, repository, image, (done, total) => progress.report(done, total));
  } finally {
    progress[Symbol.dispose]();
  }
}

/** The two predicates have no property in common. */
const isImageMeasurement = (predicate: Json): boolean => isJsonObject(predicate) && "images" in predicate;
