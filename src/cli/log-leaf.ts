import { fromHex } from "../bytes/hex.ts";
import { Failure } from "../failure.ts";
import { type Log } from "../log/log.ts";
import { HASH_BYTES } from "../merkle/hash.ts";

/**
 * Index of the entry with a leaf hash.
 *
 * @param leaf  32 bytes in hex
 * @throws bytes/malformed-hex, log/no-entry
 */
export async function indexOfLeaf(log: Pick<Log, "findByLeaf">, leaf: string): Promise<number> {
  const hash = fromHex(leaf);
  if (hash.length !== HASH_BYTES) {
    throw new Failure("bytes/malformed-hex", `a leaf hash has ${HASH_BYTES} bytes, got ${hash.length}`);
  }
  const index = await log.findByLeaf(hash);
  if (index === null) throw new Failure("log/no-entry", `the log holds no entry with leaf hash ${leaf}`);
  return index;
}
