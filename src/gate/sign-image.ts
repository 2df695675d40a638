import { type Statement } from "../bundle/statement.ts";
import { IMAGE_SIGNATURE } from "../admit/image.ts";
import { type Image, readImage } from "../images/image.ts";
import { type ImageName, type ImageRepository } from "../images/repository.ts";
import { attachStatement, type Signing } from "../images/signing.ts";
import { splitDigest } from "../oci/digest.ts";

/** What came of signing one image. */
export interface SignedImage {
  readonly digest: string;
  /** Everything that the statement names, the root first. */
  readonly subjects: string[];
  readonly reused: boolean;
  readonly attached: string[];
  readonly logIndex: number | null;
}

/**
 * Signs an image for all its platforms at once: one statement, one log entry, one bundle attached to each manifest.
 *
 * @param annotations  signed with every subject, since cosign reads those of the first that matches
 */
export async function signImage(
  repository: ImageRepository,
  reference: ImageName,
  annotations: Readonly<Record<string, string>>,
  signing: Signing,
): Promise<SignedImage> {
  const image = await readImage(repository, reference);
  const { bundle, reused, attached } = await attachStatement(
    repository,
    image.subjects,
    imageStatement(image, annotations),
    signing,
  );
  return {
    digest: image.root.digest,
    subjects: image.subjects.map(({ digest }) => digest),
    reused,
    attached: [...attached],
    logIndex: bundle.entries[0]?.logIndex ?? null,
  };
}

/** cosign's own statement: subjects by digest alone, and an empty predicate. */
function imageStatement({ subjects }: Image, annotations: Readonly<Record<string, string>>): Statement {
  const said = Object.keys(annotations).length === 0 ? {} : { annotations };
  return {
    predicateType: IMAGE_SIGNATURE,
    predicate: {},
    subjects: subjects.map(({ digest }) => ({ digest: { sha256: splitDigest(digest)[1] }, ...said })),
  };
}
