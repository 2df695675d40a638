import { createPrivateKey, hkdfSync, type KeyObject } from "node:crypto";

import { concat } from "../bytes/join.ts";
import { Failure } from "../failure.ts";
import { ed25519NoteSigner, type NoteSigner } from "../note/signer.ts";

/** Length of the one secret of a log. */
export const SEED_BYTES = 32;

/**
 * What HKDF binds each of a log's keys to (RFC 5869 §3.2), so that one seed serves several algorithms and none of the
 * keys tells anything about another. A label is never given a second meaning; `assay/log/ml-dsa-44/v1` is kept free.
 */
const ED25519_LABEL = "assay/log/ed25519/v1";

/** DER of an Ed25519 PrivateKeyInfo up to the key itself, RFC 8410 §7. */
const ED25519_PKCS8 = Uint8Array.of(0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20);

/**
 * The signer of a log's checkpoints: Ed25519, its key HKDF-SHA256 of the seed without salt.
 *
 * @param seed  {@link SEED_BYTES} random bytes
 * @throws log/malformed-seed for another length
 */
export function logSigner(origin: string, seed: Uint8Array): NoteSigner {
  return ed25519NoteSigner(origin, ed25519Key(seed));
}

function ed25519Key(seed: Uint8Array): KeyObject {
  if (seed.length !== SEED_BYTES) {
    throw new Failure("log/malformed-seed", `a seed has ${SEED_BYTES} bytes, not ${seed.length}`);
  }
  const secret = new Uint8Array(hkdfSync("sha256", seed, new Uint8Array(0), ED25519_LABEL, SEED_BYTES));
  return createPrivateKey({ key: Buffer.from(concat(ED25519_PKCS8, secret)), format: "der", type: "pkcs8" });
}
