import { createHash, type Hash } from "node:crypto";

import { type Bundle } from "../bundle/bundle.ts";
import { HASH_ALGORITHMS, hashAlgorithmOf } from "../bundle/hash-algorithm.ts";
import { looksLikePae, PAE_PREFIX_BYTES } from "../bundle/pae.ts";
import { type Recorder, recordSigned } from "../bundle/record.ts";
import { signMessage, type SignedMessage } from "../bundle/sign.ts";
import { type Signer } from "../bundle/signer.ts";
import { toHex } from "../bytes/hex.ts";
import { concat } from "../bytes/join.ts";
import { Failure } from "../failure.ts";

/** A file to sign: read once, front to back. */
export interface Blob {
  readonly name: string;
  readonly stream: () => AsyncIterable<Uint8Array>;
}

/** What came of signing one file. */
export interface SignedBlob {
  readonly name: string;
  readonly bundle: Bundle;
  /** Lower-case hex of the digest that was signed, by the hash of the key: SHA-256 for P-256. */
  readonly digest: string;
}

/**
 * Signs files of any size in constant memory, and logs all of them as one batch.
 *
 * @throws bundle/pae-shaped for a file that begins like the encoding of a signed statement: the signature over the file
 *   would be one over the statement
 */
export async function signBlobs(
  blobs: readonly Blob[],
  signer: Signer,
  recorder: Recorder | null,
): Promise<readonly SignedBlob[]> {
  const signed: SignedMessage[] = [];
  for (const blob of blobs) signed.push(await signBlob(blob, signer));
  const bundles = await recordSigned(signed, recorder);
  return bundles.map((bundle, at) => ({
    name: blobs[at]?.name ?? "",
    bundle,
    digest: toHex(signed[at]?.digest ?? new Uint8Array()),
  }));
}

async function signBlob({ name, stream }: Blob, signer: Signer): Promise<SignedMessage> {
  const { node } = HASH_ALGORITHMS[hashAlgorithmOf(signer.publicKey.keyDetails)];
  const hash = createHash(node);
  const signature = await signer.signStream(observed(name, stream(), hash));
  return signMessage(new Uint8Array(hash.digest()), signature, signer.publicKey);
}

/** Passes a file on to the signer, hashing it on the way; one that begins like a PAE is cut off before it is signed. */
async function* observed(name: string, parts: AsyncIterable<Uint8Array>, hash: Hash): AsyncGenerator<Uint8Array> {
  let head: Uint8Array = new Uint8Array();
  for await (const part of parts) {
    if (head.length < PAE_PREFIX_BYTES) {
      head = concat(head, part.subarray(0, PAE_PREFIX_BYTES - head.length));
      if (looksLikePae(head)) {
        throw new Failure(
          "bundle/pae-shaped",
          `${name} begins like a statement to be signed, and is not signed as a file`,
          {
            hint: "a statement is signed with `assay record`",
          },
        );
      }
    }
    hash.update(part);
    yield part;
  }
}
