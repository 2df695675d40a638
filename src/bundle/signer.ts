import { type PublicKey } from "./key.ts";

/** Something that signs: a key file, later a key service. The private half never shows. */
export interface Signer {
  readonly publicKey: PublicKey;
  /** Signature over `message` with the digest of the key's kind: ECDSA in DER, RSA PKCS #1 v1.5, or pure Ed25519. */
  sign(message: Uint8Array): Promise<Uint8Array>;
  /**
   * {@link sign} for a message in parts, read once; a part may be reused by its source after the next is asked for.
   *
   * @throws bundle/message-too-large where the key needs the whole message and it is too long
   */
  signStream(parts: AsyncIterable<Uint8Array>): Promise<Uint8Array>;
}
