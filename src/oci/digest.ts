import { createHash } from "node:crypto";

import { toHex } from "../bytes/hex.ts";
import { Failure } from "../failure.ts";

/**
 * The name of some bytes: `sha256:` and 64 lower-case hex digits, or `sha512:` and 128 (OCI image-spec, descriptor.md,
 * "Digests"). Other algorithms, other lengths and upper-case hex are not digests here.
 */
export type Digest = string & { readonly __brand: "Digest" };

const DIGEST = /^(?:sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128})$/;

/** Whether `text` is a {@link Digest}. */
export const isDigest = (text: string): text is Digest => DIGEST.test(text);

/**
 * @param text  `algorithm:hex`
 * @throws oci/malformed-digest
 */
export function parseDigest(text: string): Digest {
  if (!isDigest(text)) {
    throw new Failure("oci/malformed-digest", "not sha256: and 64 lower-case hex digits, nor sha512: and 128");
  }
  return text;
}

/** The SHA-256 digest of `bytes`. */
export const digestOf = (bytes: Uint8Array): Digest => sha256Digest(createHash("sha256").update(bytes).digest());

/** The digest that names bytes whose SHA-256 hash is `hash`, 32 bytes. */
export function sha256Digest(hash: Uint8Array): Digest {
  if (hash.length !== 32) throw new RangeError(`a SHA-256 hash has 32 bytes, not ${hash.length}`);
  return parseDigest(`sha256:${toHex(hash)}`);
}

/** The two halves of a digest: `["sha256", "0123…"]`. */
export function splitDigest(digest: Digest): readonly [algorithm: "sha256" | "sha512", hex: string] {
  const hex = digest.slice("sha256:".length);
  return [digest.startsWith("sha256:") ? "sha256" : "sha512", hex];
}
