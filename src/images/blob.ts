import { concat } from "../bytes/join.ts";
import { Failure } from "../failure.ts";
import { type Descriptor } from "../oci/descriptor.ts";
import { type ImageRepository } from "./repository.ts";

/**
 * The whole of a small blob, checked.
 *
 * @param maxBytes  a larger blob is not read at all
 * @throws images/too-large, images/missing, images/blob-mismatch
 */
export async function readBlob(
  repository: ImageRepository,
  descriptor: Descriptor,
  maxBytes: number,
): Promise<Uint8Array> {
  if (descriptor.size > maxBytes) {
    throw new Failure(
      "images/too-large",
      `${descriptor.digest} has ${descriptor.size} bytes; at most ${maxBytes} are read`,
    );
  }
  const parts: Uint8Array[] = [];
  // A chunk is good until the next one is asked for.
  for await (const chunk of repository.openBlob(descriptor)) parts.push(chunk.slice());
  return concat(...parts);
}
