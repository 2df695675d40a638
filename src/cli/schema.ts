/**
 * What each command prints under `--json`, as schemas and as types. The one file here that loads typebox: commands
 * import types only. Published in `schemas/`.
 */
import { type Static, Type } from "typebox";

const strict = { additionalProperties: false };
const notes = Type.Array(Type.String(), { description: "What the owner should know, for people" });

const keyFields = {
  algorithm: Type.String({ description: "For people, for instance ECDSA P-256" }),
  keyDetails: Type.String({ description: "Sigstore's PublicKeyDetails" }),
  keyId: Type.String({ pattern: "^[0-9a-f]{64}$", description: "SHA-256 of the SubjectPublicKeyInfo, hex" }),
};

const keyPair = Type.Object(
  { privateFile: Type.String(), publicFile: Type.String(), ...keyFields, notes },
  { ...strict, description: "Two files that were written" },
);

export const REPORTS = {
  "key create": keyPair,
  "key import": keyPair,
  "key passwd": Type.Object({ file: Type.String(), keyId: keyFields.keyId }, strict),
  "key show": Type.Object(
    {
      file: Type.String(),
      kind: Type.Union([Type.Literal("private"), Type.Literal("public")]),
      encrypted: Type.Union([Type.Boolean(), Type.Null()], { description: "null for a public key" }),
      ...keyFields,
      hint: Type.String({ description: "verificationMaterial.publicKey.hint, as cosign writes it" }),
      spki: Type.String({ description: "DER SubjectPublicKeyInfo, base64" }),
      pem: Type.String({ description: "The public key in PEM" }),
      vkey: Type.Union([Type.String(), Type.Null()], { description: "C2SP verifier key, where a name was given" }),
      notes,
    },
    strict,
  ),
} as const;

/** The report of the command `Name`. */
export type Report<Name extends keyof typeof REPORTS> = Static<(typeof REPORTS)[Name]>;
