import { createHash } from "node:crypto";

import { type BlobRequest } from "../admit/blob.ts";
import { fromHex } from "../bytes/hex.ts";
import { streamFile } from "../files/read.ts";
import { parseDigest, splitDigest } from "../oci/digest.ts";
import { readBundleBeside, readFoundBundles } from "./found.ts";

/**
 * A file as the subject of a verification: hashed once for statements, and read again for signatures over it.
 *
 * @param named  bundles; undefined for the one beside the file
 */
export async function blobRequest(file: string, named: readonly string[] | undefined): Promise<BlobRequest> {
  const hash = createHash("sha256");
  for await (const chunk of streamFile(file)) hash.update(chunk);
  const sha256 = hash.digest("hex");
  const bundles = named === undefined ? await readBundleBeside(file) : await readFoundBundles(named);
  return { name: file, sha256, open: () => streamFile(file), bundles };
}

/**
 * A file that is known by its digest alone.
 *
 * @throws oci/malformed-digest
 */
export async function digestRequest(text: string, bundle: string): Promise<BlobRequest> {
  const [, sha256] = splitDigest(parseDigest(text));
  return { name: text, sha256, open: () => ({ digest: fromHex(sha256) }), bundles: await readFoundBundles([bundle]) };
}
