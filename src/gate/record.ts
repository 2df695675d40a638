import { type Statement, type Subject } from "../bundle/statement.ts";
import { Failure } from "../failure.ts";
import { type Image, readImage } from "../images/image.ts";
import { measureImage, type MeasureProgress } from "../images/measure.ts";
import { type ImageName, type ImageRepository } from "../images/repository.ts";
import { attachStatement, type Attachment, isSignedBy, type Signing } from "../images/signing.ts";
import { IMAGE_SIGNATURE } from "../admit/image.ts";
import { type Json } from "../json/json.ts";
import { compareNodeToUki, formatDifference } from "../manifest/difference.ts";
import { compareImage } from "../manifest/image-difference.ts";
import { parseImageMeasurement, subjectsOfImage } from "../manifest/image-measurement.ts";
import { parseNodeMeasurement, subjectsOf } from "../manifest/node-measurement.ts";
import { PREDICATE_TYPES } from "../manifest/predicate-type.ts";
import { type NodeMeasurement } from "../manifest/schema.ts";
import { type UkiMeasurement } from "../measure/uki.ts";

/**
 * The statement that records a node measurement, after everything in it was derived again from the artefact.
 *
 * @param predicate  what `measure node` wrote, as strictly parsed
 * @throws gate/underived where a value is not what the artefact gives, naming each component, and for targets whose
 *   algorithm this version does not have
 */
export function recordNode(predicate: Json, uki: UkiMeasurement): Statement {
  const manifest = parseNodeMeasurement(predicate);
  if (manifest.fromRecipeOnly === true) {
    throw new Failure("gate/underived", "the manifest says that it was recorded without its artefacts");
  }
  const differences = compareNodeToUki(manifest, uki).map(formatDifference);
  for (const { id, algorithm } of manifest.targets) {
    differences.push(`target ${id}: the algorithm ${algorithm} is not known here, so its rows cannot be derived`);
  }
  refuseDifferences(differences);
  return nodeStatement(manifest);
}

/**
 * The statement that records a node measurement nobody derived again; it says so, and policies deny it by default.
 *
 * @throws manifest/malformed
 */
export const recordRecipe = (predicate: Json): Statement =>
  nodeStatement({ ...parseNodeMeasurement(predicate), fromRecipeOnly: true });

function nodeStatement(manifest: NodeMeasurement): Statement {
  const subjects: readonly Subject[] = subjectsOf(manifest);
  return { predicateType: PREDICATE_TYPES.nodeMeasurement, predicate: { ...manifest }, subjects };
}

/**
 * The statement that records an image measurement, after the whole image was read and measured again.
 *
 * @throws gate/underived where a value is not what the image gives, naming each component
 */
export async function recordImage(
  predicate: Json,
  repository: ImageRepository,
  image: Image,
  progress: MeasureProgress,
): Promise<Statement> {
  const manifest = parseImageMeasurement(predicate);
  const measured = await measureImage(repository, image, progress);
  refuseDifferences(compareImage(manifest, measured, "whole").map(formatDifference));
  // By digest alone, as the signature names them: a name is the registry's, and the image may be copied.
  const subjects = subjectsOfImage(manifest, "image").map(({ digest }) => ({ digest }));
  return { predicateType: PREDICATE_TYPES.imageMeasurement, predicate: { ...manifest }, subjects };
}

function refuseDifferences(differences: readonly string[]): void {
  if (differences.length === 0) return;
  throw new Failure("gate/underived", `the manifest is not what the artefacts give: ${differences.join("; ")}`, {
    hint: "measure again, or find out who changed the manifest or the artefact",
  });
}

/**
 * Attaches a recorded statement to an image.
 *
 * To cosign attaching is signing: it never looks at the predicate type, so whatever is attached under a key makes the
 * image signed by that key. Therefore the image must be a subject of the statement, and signed by the key already.
 *
 * @param allowUnsigned  the operator's word that this is wanted
 * @throws gate/not-a-subject, gate/attach-unsigned
 */
export async function attachRecord(
  repository: ImageRepository,
  reference: ImageName,
  statement: Statement,
  signing: Signing,
  allowUnsigned: boolean,
): Promise<Attachment> {
  const image = await readImage(repository, reference);
  const named = new Set(statement.subjects.map(({ digest }) => `sha256:${digest.sha256 ?? ""}`));
  if (!named.has(image.root.digest)) {
    throw new Failure("gate/not-a-subject", `the statement does not name ${image.root.digest}`);
  }
  const { publicKey } = signing.signer;
  if (!allowUnsigned && !(await isSignedBy(repository, image.root.digest, IMAGE_SIGNATURE, publicKey))) {
    throw new Failure(
      "gate/attach-unsigned",
      `${image.root.digest} is not signed by this key, and attaching would sign it`,
      {
        hint: "sign it first with `assay sign image`, or say --attach-unsigned",
      },
    );
  }
  const subjects = image.subjects.filter(({ digest }) => named.has(digest));
  return attachStatement(repository, subjects, statement, signing);
}
