import { fromBase64 } from "../bytes/base64.ts";
import { fromHex } from "../bytes/hex.ts";
import { fromUtf8 } from "../bytes/utf8.ts";
import { Failure } from "../failure.ts";
import { isOpenToOthers } from "../files/permissions.ts";
import { readFileBounded } from "../files/read.ts";
import { SEED_BYTES } from "./log-key.ts";

/** Hex takes 64 characters, and a line break. */
const MAX_SEED_FILE_BYTES = 256;

/**
 * A log's seed from a file that somebody else keeps: one line of hex or base64, for its owner's eyes only.
 *
 * @throws log/malformed-seed, log/seed-too-open, files/missing, files/unreadable
 */
export async function readSeedFile(path: string): Promise<Uint8Array> {
  if (await isOpenToOthers(path)) {
    throw new Failure("log/seed-too-open", `others than its owner may read ${path}`, { hint: `chmod 600 ${path}` });
  }
  const seed = decode(path, await readFileBounded(path, MAX_SEED_FILE_BYTES));
  if (seed.length === SEED_BYTES) return seed;
  throw new Failure("log/malformed-seed", `${path} holds ${seed.length} bytes, a seed has ${SEED_BYTES}`);
}

function decode(path: string, bytes: Uint8Array): Uint8Array {
  try {
    const text = fromUtf8(bytes).trimEnd();
    return text.length === 2 * SEED_BYTES ? fromHex(text) : fromBase64(text);
  } catch {
    // No cause: it could quote the secret.
    throw new Failure("log/malformed-seed", `${path} is not one line of hex or base64`);
  }
}
