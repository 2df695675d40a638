/** The admission policy file, version 1, as a JSON Schema; published as `schemas/policy.v1.json`. */
import { type Static, Type } from "typebox";

import { schemaHead } from "../json/schema-head.ts";

const closed = { additionalProperties: false } as const;

const Name = Type.String({
  pattern: "^[a-z0-9][a-z0-9-]{0,62}$",
  description: "lower-case letters, digits and dashes",
});
const Product = Type.String({
  pattern: "^[a-z0-9][a-z0-9._/-]{0,127}$",
  description: "as node measurements name it, whole",
});
const Sha256 = Type.String({ pattern: "^[0-9a-f]{64}$", description: "SHA-256 of the file's bytes, lower-case hex" });
const Digest = Type.String({ pattern: "^sha256:[0-9a-f]{64}$" });
const Instant = Type.String({
  pattern: "^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$",
  description: "RFC 3339 in UTC, whole seconds",
});
const Duration = Type.String({ pattern: "^[1-9][0-9]{0,5}[smhd]$", description: "for example 90s, 15m, 12h, 30d" });
const Because = Type.String({ minLength: 1, maxLength: 500, description: "why this relaxation is acceptable" });
const file = { file: Type.String({ minLength: 1, maxLength: 4096 }), sha256: Sha256 };

const Use = Type.Union([
  Type.Literal("blob"),
  Type.Literal("image"),
  Type.Literal("measurement"),
  Type.Literal("attestation"),
  Type.Literal("status"),
]);

const Key = Type.Object(
  {
    name: Name,
    ...file,
    use: Type.Array(Use, { minItems: 1, uniqueItems: true, description: "what this key may sign" }),
    notBefore: Type.Optional(Instant),
    notAfter: Type.Union([Instant, Type.Literal("never")], { description: "end of validity, or `never`, said aloud" }),
    revokedFrom: Type.Optional(
      Type.Object(
        { logId: Type.String({ pattern: "^[0-9a-f]{64}$" }), index: Type.Integer({ minimum: 0 }) },
        { ...closed, description: "entries of this log at or after this index are the thief's" },
      ),
    ),
  },
  closed,
);

const Log = Type.Object(
  { name: Name, origin: Type.String({ minLength: 1, maxLength: 255 }), ...file },
  { ...closed, description: "a log of a Sigstore trusted_root.json, which is pinned by its hash" },
);

const Signatures = Type.Object(
  {
    threshold: Type.Integer({ minimum: 1, maximum: 64, description: "distinct signers needed" }),
    of: Type.Array(Name, { minItems: 1, maxItems: 64, uniqueItems: true }),
  },
  closed,
);

const Transparency = Type.Union([
  Type.Object(
    {
      logs: Type.Array(Name, { minItems: 1, maxItems: 32, uniqueItems: true }),
      witnesses: Type.Literal("quorum", { description: "the quorum of trust.witnesses" }),
      maxCheckpointAge: Type.Optional(Duration),
    },
    closed,
  ),
  Type.Object(
    {
      logs: Type.Array(Name, { minItems: 1, maxItems: 32, uniqueItems: true }),
      witnesses: Type.Literal("none"),
      because: Because,
    },
    closed,
  ),
]);

const ImageRule = Type.Object(
  {
    name: Name,
    match: Type.Array(Type.String({ minLength: 1, maxLength: 512 }), { minItems: 1, maxItems: 64, uniqueItems: true }),
    digest: Type.Union([Type.Literal("required"), Type.Literal("resolve")]),
    platforms: Type.Union([Type.Literal("index-and-children"), Type.Literal("referenced-only")]),
    signatures: Signatures,
    transparency: Transparency,
    measurement: Type.Union([
      Type.Object({ signatures: Signatures }, closed),
      Type.Object({ none: Type.Object({ because: Because }, closed) }, closed),
    ]),
    attestations: Type.Optional(
      Type.Array(
        Type.Object({ predicateType: Type.String({ minLength: 1, maxLength: 1024 }), signatures: Signatures }, closed),
        { maxItems: 32 },
      ),
    ),
  },
  closed,
);

const NodeRule = Type.Object(
  {
    name: Name,
    products: Type.Array(Product, { minItems: 1, maxItems: 64, uniqueItems: true }),
    signatures: Signatures,
    transparency: Transparency,
    status: Type.Union([
      Type.Object(
        { required: Type.Literal(true), maxAge: Duration, signatures: Signatures },
        { ...closed, description: "a signed, logged status statement not older than maxAge" },
      ),
      Type.Object({ required: Type.Literal(false), because: Because }, closed),
    ]),
    minSequence: Type.Integer({ minimum: 0 }),
    recipeOnly: Type.Union([
      Type.Literal("deny"),
      Type.Object({ allow: Type.Object({ because: Because }, closed) }, closed),
    ]),
    registers: Type.Record(
      Type.String({ pattern: "^[a-z][a-z0-9-]{0,31}$" }),
      Type.Array(Type.String({ pattern: "^[a-z][A-Za-z0-9]{0,31}$" }), {
        minItems: 1,
        maxItems: 64,
        uniqueItems: true,
      }),
      { ...closed, description: "per platform, the registers that the manifest must state and a report must match" },
    ),
  },
  closed,
);

const Waiver = Type.String({
  pattern: "^(measurement|attestation:.{1,1024})$",
  description: "what an exception may waive; never a signature, a log entry or a witness",
});

const Exception = Type.Object(
  {
    id: Type.String({ pattern: "^[A-Za-z0-9][A-Za-z0-9-]{0,62}$" }),
    subject: Digest,
    rule: Name,
    waive: Type.Array(Waiver, { minItems: 1, maxItems: 32, uniqueItems: true }),
    reason: Because,
    owner: Type.String({ minLength: 1, maxLength: 200 }),
    notBefore: Instant,
    notAfter: Instant,
  },
  { ...closed, description: "one digest, one rule, at most 30 days" },
);

export const PolicyDocument = Type.Object(
  {
    apiVersion: Type.Literal("assay/v1"),
    kind: Type.Literal("AdmissionPolicy"),
    name: Name,
    version: Type.Integer({
      minimum: 1,
      description: "grows with every change; a gate with --state refuses an older one",
    }),
    notAfter: Instant,
    trust: Type.Object(
      {
        keys: Type.Array(Key, { maxItems: 256 }),
        logs: Type.Array(Log, { maxItems: 32 }),
        witnesses: Type.Union([
          Type.Object(file, { ...closed, description: "a C2SP tlog-policy file" }),
          Type.Object({ none: Type.Object({ because: Because }, closed) }, closed),
        ]),
      },
      closed,
    ),
    images: Type.Array(ImageRule, { maxItems: 256 }),
    nodes: Type.Array(NodeRule, { maxItems: 256 }),
    exceptions: Type.Optional(Type.Array(Exception, { maxItems: 256 })),
  },
  {
    ...closed,
    ...schemaHead("policy", "assay admission policy"),
  },
);
export type PolicyDocument = Static<typeof PolicyDocument>;
