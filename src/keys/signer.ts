import { createSign, type KeyObject, sign } from "node:crypto";

import { concat } from "../bytes/join.ts";
import { KEY_DETAILS, publicKeyOf, requireBufferable } from "../bundle/key.ts";
import { type Signer } from "../bundle/signer.ts";

/**
 * A signer over a private key in this process.
 *
 * @throws bundle/unsupported-key
 */
export function localSigner(privateKey: KeyObject): Signer {
  const publicKey = publicKeyOf(privateKey);
  const { digest } = KEY_DETAILS[publicKey.keyDetails];
  const signNow = (message: Uint8Array): Uint8Array => new Uint8Array(sign(digest, message, privateKey));
  return {
    publicKey,
    async sign(message) {
      return signNow(message);
    },
    async signStream(parts) {
      if (digest === null) return signNow(await collect(parts));
      const hash = createSign(digest);
      for await (const part of parts) hash.update(part);
      return new Uint8Array(hash.sign(privateKey));
    },
  };
}

async function collect(parts: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const kept: Uint8Array[] = [];
  let bytes = 0;
  for await (const part of parts) {
    bytes += part.length;
    requireBufferable(bytes);
    kept.push(part.slice());
  }
  return concat(...kept);
}
