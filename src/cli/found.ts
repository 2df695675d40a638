import { type FoundBundle } from "../admit/candidate.ts";
import { Failure } from "../failure.ts";
import { readFileBounded } from "../files/read.ts";
import { MAX_BUNDLE_BYTES } from "../images/bundles.ts";

/**
 * The bundle beside `file`, by the name that signing gives it; none where no file has that name. Nobody named it, so that
 * its absence is that of a signature.
 */
export async function readBundleBeside(file: string): Promise<readonly FoundBundle[]> {
  try {
    return await readFoundBundles([`${file}.sigstore.json`]);
  } catch (error) {
    if (error instanceof Failure && error.code === "files/missing") return [];
    throw error;
  }
}

/** Reads the bundles that an operator named. A file that is not there is an error, never an absent signature. */
export const readFoundBundles = (files: readonly string[]): Promise<readonly FoundBundle[]> =>
  Promise.all(files.map(async (source) => ({ source, bytes: await readFileBounded(source, MAX_BUNDLE_BYTES) })));
