import { type FoundBundle } from "../admit/candidate.ts";
import { admitImage, denyImage } from "../admit/image.ts";
import { type Remembered } from "../admit/terms.ts";
import { type Verdict } from "../admit/verdict.ts";
import { Failure } from "../failure.ts";
import { type AttachedBundles, readBundles } from "../images/bundles.ts";
import { readContents } from "../images/contents.ts";
import { type Image, readImage } from "../images/image.ts";
import { type ImageName, type ImageRepository } from "../images/repository.ts";
import { type Digest } from "../oci/digest.ts";
import { type Policy } from "../policy/policy.ts";

/** Where an image is, and under which name it is judged. */
export interface ImageQuestion {
  readonly repository: ImageRepository;
  readonly reference: ImageName;
  /** Normalised name that rules match. */
  readonly name: string;
  /** Read and hash every layer too: for images whose bytes nobody checks later. */
  readonly checkLayers: boolean;
}

/**
 * Gathers what a decision about an image needs, and has it decided.
 *
 * What is wrong with the image is a denial. What keeps us from looking (an absent image, a fault, a limit) is thrown.
 *
 * @throws images/missing, images/ambiguous where there is no such image, and whatever is `unavailable`
 */
export async function judgeImage(
  question: ImageQuestion,
  policy: Policy,
  remembered: Remembered,
  now: Date,
): Promise<Verdict> {
  const { repository, reference, name } = question;
  let digest: Digest | null = null;
  try {
    // Once: whatever a tag means a moment later, this digest is what is judged and named in the verdict.
    ({ digest } = await repository.resolve(reference));
    const image = await readImage(repository, { tag: null, digest });
    const contents = await readContents(repository, image);
    const broken = question.checkLayers ? await brokenLayers(repository, image) : [];
    const bundles = foundIn(await readBundles(repository, digest));
    const request = { name, pinned: reference.digest !== null, digest, contents, broken, bundles };
    return admitImage(request, policy, remembered, now);
  } catch (error) {
    if (!(error instanceof Failure) || !isAboutTheImage(error)) throw error;
    // No such image: then there is nothing to judge.
    if (digest === null && error.kind === "missing") throw error;
    return denyImage(name, digest ?? reference.digest, error, policy, now);
  }
}

/** A part that is absent after the image itself was found is the image's fault; a limit or a fault is not. */
const isAboutTheImage = ({ kind }: Failure): boolean => kind === "denied" || kind === "malformed" || kind === "missing";

async function brokenLayers(repository: ImageRepository, image: Image): Promise<readonly Failure[]> {
  const broken: Failure[] = [];
  const layers = new Map(
    image.children.flatMap(({ manifest }) => manifest.layers).map((each) => [`${each.digest} ${each.size}`, each]),
  );
  for (const layer of layers.values()) {
    try {
      for await (const _ of repository.openBlob(layer));
    } catch (error) {
      if (!(error instanceof Failure) || !isAboutTheImage(error)) throw error;
      broken.push(error);
    }
  }
  return broken;
}

/** What is attached and is no bundle was passed over: anybody can attach anything. */
const foundIn = ({ bundles }: AttachedBundles): readonly FoundBundle[] =>
  bundles.map(({ digest, bytes }) => ({ source: digest, bytes }));
