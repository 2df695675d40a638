import { toBase64 } from "../bytes/base64.ts";
import { type JsonObject } from "../json/json.ts";
import { type Message } from "./protojson.ts";

/** What a bundle says about its signer; a claim, whatever it holds. */
export type Material =
  /** Signed by a key that the verifier must know; the hint helps to find it and is never an authority. */
  | { readonly kind: "publicKey"; readonly hint: string }
  /** One X.509 certificate in DER, not parsed: the leaf. */
  | { readonly kind: "certificate"; readonly der: Uint8Array }
  /** Before v0.3: certificates in DER, the leaf first. */
  | { readonly kind: "chain"; readonly certificates: readonly [Uint8Array, ...Uint8Array[]] };

/** A leaf, intermediates and a root; real chains have three. */
const MAX_CERTIFICATES = 10;
/** Real ones have under 4 KiB; bounds what a parser of certificates is given. */
const MAX_CERTIFICATE_BYTES = 64 * 1024;

/**
 * Reads the signer's part of `verificationMaterial`.
 *
 * @param isV03  v0.3 has a single certificate where v0.1 and v0.2 have a chain
 */
export function readMaterial(message: Message, isV03: boolean): Material {
  const certificates = isV03 ? "certificate" : "x509CertificateChain";
  const found = ["publicKey", "certificate", "x509CertificateChain"].filter((name) => message.has(name));
  switch (found.join(" ")) {
    case "publicKey":
      return { kind: "publicKey", hint: message.message("publicKey", ["hint"]).optionalText("hint") };
    case certificates:
      return isV03
        ? { kind: "certificate", der: readCertificate(message.message(certificates, ["rawBytes"])) }
        : readChain(message);
    default:
      throw message.failure(`has not exactly one of publicKey and ${certificates}`);
  }
}

/**
 * The signer's part of a v0.3 `verificationMaterial`.
 *
 * @throws RangeError for a chain, which v0.3 does not have
 */
export function materialJson(material: Material): JsonObject {
  if (material.kind === "chain") throw new RangeError("a v0.3 bundle has no certificate chain");
  return material.kind === "publicKey"
    ? { publicKey: { hint: material.hint } }
    : { certificate: { rawBytes: toBase64(material.der) } };
}

function readChain(message: Message): Material {
  const chain = message.message("x509CertificateChain", ["certificates"]);
  const [leaf, ...issuers] = chain.messages("certificates", MAX_CERTIFICATES, ["rawBytes"]).map(readCertificate);
  if (leaf === undefined) throw chain.failure("is empty");
  return { kind: "chain", certificates: [leaf, ...issuers] };
}

function readCertificate(message: Message): Uint8Array {
  const der = message.bytes("rawBytes");
  if (der.length > MAX_CERTIFICATE_BYTES) throw message.failure(`has ${der.length} bytes`);
  return der;
}
