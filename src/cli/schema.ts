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

const size = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER });
const sha256 = Type.String({ pattern: "^[0-9a-f]{64}$" });

const logFields = {
  origin: Type.String({ description: "First line of the log's checkpoints" }),
  logId: Type.String({ description: "Note key hash of the log, 32 bytes in base64: logId.keyId in bundles" }),
};
const treeFields = { treeSize: size, rootHash: Type.String({ ...sha256, description: "RFC 6962 root, hex" }) };
const signedNote = Type.String({ description: "The checkpoint as it is published: a C2SP signed note" });

const digest = Type.String({ pattern: "^sha256:[0-9a-f]{64}$" });
const index = Type.Union([Type.Integer({ minimum: 0 }), Type.Null()], {
  description: "Place in the log, null for none",
});
const measured = Type.Object(
  {
    predicateType: Type.String(),
    predicate: Type.Unsafe<object>({ type: "object" }),
    file: Type.Union([Type.String(), Type.Null()], { description: "File written, null for standard output" }),
  },
  strict,
);
const failed = {
  code: Type.String({ description: "a failure code of docs/codes.md, `usage` or `internal`" }),
  message: Type.String({ description: "for people: what was found and what was wanted" }),
  hint: Type.Union([Type.String(), Type.Null()], { description: "what to do next, for people" }),
};

const verdicts = Type.Object(
  {
    admitted: Type.Boolean({ description: "Every subject was judged and admitted" }),
    verdicts: Type.Array(Type.Unsafe<object>({ $ref: "urn:assay:schema:verdict:v1" })),
    errors: Type.Array(Type.Object({ subject: Type.String(), ...failed }, strict), {
      description: "Subjects that could not be judged",
    }),
  },
  strict,
);

/** What any command prints under `--json` when it ends in an error. */
export const ErrorSchema = Type.Object({ error: Type.Object(failed, strict) }, strict);

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
  "log create": Type.Object(
    { directory: Type.String(), ...logFields, vkey: Type.String(), lock: Type.String(), seed: Type.String() },
    { ...strict, description: "A log that was made; lock and seed say where those are" },
  ),
  "log status": Type.Object(
    {
      ...logFields,
      vkey: Type.String(),
      ...treeFields,
      checkpoint: signedNote,
      pending: Type.Integer({ minimum: 0, description: "Entries stored and not published yet" }),
      lockedSize: Type.Union([size, Type.Null()], { description: "Size signed last, null where no lock is held" }),
    },
    strict,
  ),
  "log prove": Type.Object(
    {
      ...logFields,
      index: size,
      ...treeFields,
      leafHash: sha256,
      path: Type.Array(sha256, { description: "Leaf's sibling first" }),
      checkpoint: signedNote,
    },
    strict,
  ),
  "log audit": Type.Object(
    {
      ...logFields,
      treeSize: Type.Union([size, Type.Null()], { description: "null where no checkpoint holds" }),
      rootHash: Type.Union([sha256, Type.Null()]),
      lockedSize: Type.Union([size, Type.Null()]),
      entries: Type.Integer({ minimum: 0, description: "Entries hashed" }),
      pending: Type.Integer({ minimum: 0 }),
      disclosed: Type.Integer({ minimum: 0, description: "Entries whose envelope is kept, signature verified" }),
      undisclosed: Type.Integer({ minimum: 0, description: "Entries without one" }),
      tiles: Type.Integer({ minimum: 0, description: "Tiles and entry bundles compared" }),
      problems: Type.Array(Type.Object({ code: Type.String(), message: Type.String() }, strict)),
    },
    { ...strict, description: "Sound if there are no problems" },
  ),
  "log export": Type.Object(
    { directory: Type.String(), treeSize: size, tiles: Type.Integer({ minimum: 0 }), withSeed: Type.Boolean() },
    strict,
  ),
  "log restore": Type.Object(
    {
      ...logFields,
      ...treeFields,
      tilesWritten: Type.Integer({ minimum: 0, description: "Tiles that were missing or damaged" }),
      lockCreated: Type.Boolean(),
    },
    strict,
  ),
  "sign image": Type.Object(
    {
      keyId: keyFields.keyId,
      images: Type.Array(
        Type.Object(
          {
            name: Type.String(),
            digest,
            subjects: Type.Array(digest, { description: "Everything the statement names, the root first" }),
            reused: Type.Boolean({ description: "The very statement was signed before" }),
            attached: Type.Array(digest, { description: "Manifests to which it was attached now" }),
            logIndex: index,
          },
          strict,
        ),
      ),
    },
    strict,
  ),
  "sign blob": Type.Object(
    {
      keyId: keyFields.keyId,
      files: Type.Array(
        Type.Object({ file: Type.String(), bundle: Type.String(), digest: Type.String(), logIndex: index }, strict),
      ),
    },
    strict,
  ),
  "measure image": measured,
  "measure node": measured,
  record: Type.Object(
    {
      predicateType: Type.String(),
      predicateDigest: digest,
      subjects: Type.Array(Type.Object({ name: Type.Optional(Type.String()), sha256: Type.String() }, strict)),
      logIndex: index,
      bundle: Type.Union([Type.String(), Type.Null()], { description: "File written, or null where it was attached" }),
      attached: Type.Array(digest),
      reused: Type.Boolean(),
    },
    strict,
  ),
  "manifest status": Type.Object(
    { bundle: Type.String(), predicateDigest: digest, product: Type.String(), latest: Type.Integer(), logIndex: index },
    strict,
  ),
  "verify image": verdicts,
  "verify blob": verdicts,
  "verify bundle": verdicts,
  "verify manifest": verdicts,
  "admit image": verdicts,
  "admit node-image": verdicts,
  completion: Type.Object({ shell: Type.String(), script: Type.String({ description: "to be sourced" }) }, strict),
  inspect: Type.Object(
    { file: Type.String(), kind: Type.String(), verified: Type.Literal(false), contents: Type.Unsafe<object>({}) },
    { ...strict, description: "What a file says, believed by nobody" },
  ),
  "policy init": Type.Object({ file: Type.String(), digest }, strict),
  "policy check": Type.Object(
    {
      file: Type.String(),
      name: Type.String(),
      version: Type.Integer(),
      digest,
      notAfter: Type.String(),
      rules: Type.Array(Type.String()),
      notes: Type.Array(Type.String()),
    },
    strict,
  ),
} as const;

/** The report of the command `Name`. */
export type Report<Name extends keyof typeof REPORTS> = Static<(typeof REPORTS)[Name]>;
