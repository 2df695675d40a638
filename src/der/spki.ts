import { equalBytes } from "../bytes/join.ts";
import { Failure } from "../failure.ts";
import { readDer, writeDer } from "./node.ts";
import { decodeBits, decodeOid, encodeBits, encodeOid } from "./primitive.ts";
import { TAGS } from "./tag.ts";

/** A public key with its algorithm: X.509's SubjectPublicKeyInfo (RFC 5280 §4.1.2.7). */
export interface Spki {
  /** Object identifier of the algorithm, dotted. */
  readonly algorithm: string;
  /** Object identifier of the named curve, dotted, for {@link OIDS.ecPublicKey}; null for everything else. */
  readonly parameters: string | null;
  /** The key as its algorithm writes it: a point, 32 bytes of Ed25519, an RSAPublicKey. */
  readonly publicKey: Uint8Array;
}

/** Object identifiers of key algorithms and curves. */
export const OIDS = {
  /** RFC 5480 §2.1.1 */
  ecPublicKey: "1.2.840.10045.2.1",
  /** RFC 5480 §2.1.1.1 */
  p256: "1.2.840.10045.3.1.7",
  p384: "1.3.132.0.34",
  p521: "1.3.132.0.35",
  /** RFC 8410 §3 */
  ed25519: "1.3.101.112",
  /** RFC 8017 appendix A.1 */
  rsa: "1.2.840.113549.1.1.1",
  /** RFC 9881 §2 */
  mlDsa44: "2.16.840.1.101.3.4.3.17",
} as const;

/**
 * Reads a SubjectPublicKeyInfo and nothing that {@link writeSpki} would write differently: a named curve for elliptic
 * curves (RFC 5480 §2.1.1), NULL for RSA (RFC 8017 appendix A.1), no parameters for the rest (RFC 8410 §3).
 *
 * Whether the bits are a key of that algorithm is for whoever uses them.
 *
 * @throws der/malformed, der/too-deep
 */
export function readSpki(bytes: Uint8Array): Spki {
  const spki = spkiOf(bytes);
  if (spki === null || !equalBytes(writeSpki(spki), bytes)) {
    throw new Failure("der/malformed", "not a SubjectPublicKeyInfo with a named curve, or of an algorithm without one");
  }
  return spki;
}

/** Inverse of {@link readSpki}. */
export function writeSpki({ algorithm, parameters, publicKey }: Spki): Uint8Array {
  return writeDer(
    TAGS.sequence,
    writeDer(
      TAGS.sequence,
      writeDer(TAGS.objectIdentifier, encodeOid(algorithm)),
      writeParameters(algorithm, parameters),
    ),
    writeDer(TAGS.bitString, encodeBits(publicKey)),
  );
}

function spkiOf(bytes: Uint8Array): Spki | null {
  const [algorithmIdentifier, bits] = readDer(bytes).children;
  const [algorithm, parameters] = algorithmIdentifier?.children ?? [];
  if (algorithm?.tag !== TAGS.objectIdentifier || bits?.tag !== TAGS.bitString) return null;
  const oid = decodeOid(algorithm.contents);
  const isCurve = parameters?.tag === TAGS.objectIdentifier;
  if (isCurve !== (oid === OIDS.ecPublicKey)) return null;
  return {
    algorithm: oid,
    parameters: isCurve ? decodeOid(parameters.contents) : null,
    publicKey: decodeBits(bits.contents),
  };
}

function writeParameters(algorithm: string, parameters: string | null): Uint8Array {
  if (parameters !== null) return writeDer(TAGS.objectIdentifier, encodeOid(parameters));
  return algorithm === OIDS.rsa ? writeDer(TAGS.null) : new Uint8Array();
}
