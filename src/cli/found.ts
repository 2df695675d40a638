import { type FoundBundle } from "../admit/candidate.ts";
import { readFileBounded } from "../files/read.ts";
import { MAX_BUNDLE_BYTES } from "../images/bundles.ts";

/** Reads the bundles that an operator named. A file that is not there is an error, never an absent signature. */
export const readFoundBundles = (files: readonly string[]): Promise<readonly FoundBundle[]> =>
  Promise.all(files.map(async (source) => ({ source, bytes: await readFileBounded(source, MAX_BUNDLE_BYTES) })));
