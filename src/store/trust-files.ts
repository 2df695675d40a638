import { formatPublicKeyPem, type PublicKey, readPublicKey } from "../bundle/key.ts";
import { formatSigningConfig } from "../bundle/signing-config.ts";
import { formatTrustedRoot } from "../bundle/trusted-root.ts";
import { concat } from "../bytes/join.ts";
import { formatVkey, type VerifierKey } from "../note/vkey.ts";

/** DER of an Ed25519 SubjectPublicKeyInfo up to the key itself, RFC 8410 §4. */
const ED25519_SPKI = Uint8Array.of(0x30, 0x2a, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 3, 0x21, 0);

/** Names of the files that tell clients whom to trust. */
export const TRUST_FILES = ["log.vkey", "log.pub", "trusted_root.json", "signing_config.json"] as const;

/**
 * What clients of a log are given, by file name: its key as C2SP and as PEM, and Sigstore's two configurations.
 *
 * @param validFrom  from when on the key is trusted
 */
export function trustFiles(
  key: VerifierKey,
  validFrom: Date,
): readonly (readonly [(typeof TRUST_FILES)[number], string])[] {
  const pem = formatPublicKeyPem(publicKey(key));
  return [
    ["log.vkey", `${formatVkey(key)}\n`],
    ["log.pub", pem],
    ["trusted_root.json", formatTrustedRoot({ origin: key.name, logKey: key, validFrom })],
    ["signing_config.json", formatSigningConfig({ origin: key.name, validFrom })],
  ];
}

const publicKey = (key: VerifierKey): PublicKey => readPublicKey(concat(ED25519_SPKI, key.publicKey));
