/**
 * The three predicates as JSON Schemas; published as `schemas/*.v1.json`.
 *
 * Shape only: what a schema cannot say is checked by the parser of each predicate. The one file here that loads typebox.
 */
import { type Static, type TSchema, Type } from "typebox";
import { Check, Errors } from "typebox/schema";

import { Failure } from "../failure.ts";
import { type Json } from "../json/json.ts";
import { schemaHead } from "../json/schema-head.ts";
import { PREDICATE_TYPES } from "./predicate-type.ts";

/** `T` with every property and array in it read only. */
type DeepReadonly<T> = T extends readonly (infer Item)[]
  ? readonly DeepReadonly<Item>[]
  : T extends object
    ? { readonly [Key in keyof T]: DeepReadonly<T[Key]> }
    : T;

const closed = { additionalProperties: false } as const;

const Id = Type.String({ pattern: "^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$" });
const Word = Type.String({ pattern: "^[a-z][a-z0-9-]{0,31}$", description: "lower-case letters, digits and dashes" });
const Product = Type.String({
  pattern: "^[a-z0-9][a-z0-9._/-]{0,127}$",
  description: "what is released under this name; a policy names it whole",
});
const Sequence = Type.Integer({
  minimum: 0,
  maximum: Number.MAX_SAFE_INTEGER,
  description: "place among the releases of the product; only grows",
});
const Svn = Type.Integer({
  minimum: 0,
  maximum: Number.MAX_SAFE_INTEGER,
  description: "security version number: raised when older releases are no longer safe",
});
const Instant = Type.String({
  pattern: "^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$",
  description: "RFC 3339 in UTC, whole seconds",
});
const Size = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER, description: "bytes" });
const Sha256 = Type.String({ pattern: "^[0-9a-f]{64}$", description: "SHA-256, lower-case hex" });
const Digest = Type.String({ pattern: "^sha256:[0-9a-f]{64}$" });
const Text = Type.String({ pattern: "^[^\\u0000-\\u001f\\u007f]{1,512}$", description: "one line of text" });

const Name = Type.String({ pattern: "^[a-z][A-Za-z0-9]{0,31}$" });
const Scalar = Type.Union([Type.String({ maxLength: 512 }), Type.Integer(), Type.Boolean()]);

const Artefact = Type.Object(
  {
    role: Word,
    form: Type.Optional(Type.String({ pattern: "^[a-z][a-z0-9.+-]{0,31}$", description: "how a file is laid out" })),
    in: Type.Optional(Type.String({ ...Id, description: "the artefact that contains this one" })),
    at: Type.Optional(Type.String({ ...Text, description: "where in it: a section, a path, a command line option" })),
    sha256: Type.Optional(Sha256),
    size: Type.Optional(Size),
    bytes: Type.Optional(Type.String({ maxLength: 87_384, description: "the artefact itself, base64 (RFC 4648 §4)" })),
    authenticode: Type.Optional(
      Type.Object({ sha256: Sha256 }, { ...closed, description: "hash of a PE image without its signatures" }),
    ),
  },
  closed,
);

const Register = Type.String({
  pattern: "^(?:zero|sha1:[0-9a-f]{40}|sha256:[0-9a-f]{64}|sha384:[0-9a-f]{96}|sha512:[0-9a-f]{128})$",
  description: "algorithm and value in lower-case hex, or `zero` for a register that nothing extended",
});

const Row = Type.Object(
  {
    with: Type.Record(Name, Scalar, { ...closed, maxProperties: 32, description: "the machine this row is for" }),
    registers: Type.Record(Name, Register, { ...closed, minProperties: 1, maxProperties: 64 }),
  },
  { ...closed, description: "registers that belong together: a machine reports all of one row" },
);

const Target = Type.Object(
  {
    id: Id,
    platform: Word,
    algorithm: Type.String({
      pattern: "^[a-z][a-z0-9-]{0,31}/[0-9]{1,9}$",
      description: "how rows follow from `uses` and `inputs`, with its version",
    }),
    bootPoint: Type.Optional(
      Type.String({ ...Word, description: "how far the boot has come when registers are read" }),
    ),
    uses: Type.Record(Name, Id, {
      ...closed,
      maxProperties: 64,
      description: "artefacts by their part in the algorithm",
    }),
    inputs: Type.Record(Name, Type.Unsafe<Json>({}), {
      ...closed,
      maxProperties: 64,
      description: "with `uses`, all that it takes to compute the rows again",
    }),
    rows: Type.Array(Row, { minItems: 1, maxItems: 4096 }),
    expects: Type.Optional(
      Type.Record(Name, Scalar, { ...closed, maxProperties: 64, description: "may only tighten a policy" }),
    ),
    notDerived: Type.Optional(
      Type.Record(Name, Text, { ...closed, maxProperties: 64, description: "registers left out, and why" }),
    ),
  },
  closed,
);

/** `urn:assay:node-measurement:v1`: what was built, and what a machine that runs it must measure. */
export const NodeMeasurementSchema = Type.Object(
  {
    product: Product,
    version: Type.String({ pattern: "^[A-Za-z0-9][A-Za-z0-9.+~_-]{0,63}$", description: "for people; never compared" }),
    sequence: Sequence,
    svn: Svn,
    notBefore: Instant,
    notAfter: Instant,
    fromRecipeOnly: Type.Optional(
      Type.Literal(true, { description: "recorded without the artefacts: nobody derived these values again" }),
    ),
    artefacts: Type.Record(Id, Artefact, {
      ...closed,
      minProperties: 1,
      maxProperties: 256,
      description: "those without `in` are the statement's subjects; every other is derived from one of them",
    }),
    targets: Type.Array(Target, { maxItems: 64, description: "expected registers, by platform" }),
  },
  {
    ...closed,
    ...schemaHead("node-measurement", "assay node measurement"),
    description: `predicate of ${PREDICATE_TYPES.nodeMeasurement}`,
  },
);
export type NodeMeasurement = DeepReadonly<Static<typeof NodeMeasurementSchema>>;
export type NodeArtefact = DeepReadonly<Static<typeof Artefact>>;
export type NodeTarget = DeepReadonly<Static<typeof Target>>;

const Blob = { digest: Digest, size: Size };

const Layer = Type.Object(
  {
    ...Blob,
    mediaType: Type.String({ pattern: "^[\\x21-\\x7e]{1,255}$" }),
    diffId: Type.String({ ...Digest, description: "digest of the layer as an uncompressed tar, recomputed" }),
    uncompressedSize: Size,
    verity: Type.Optional(
      Type.Object(
        { rootHash: Digest, tool: Word, version: Text },
        { ...closed, description: "dm-verity root, and what made it" },
      ),
    ),
  },
  closed,
);

const Platform = Type.Object(
  {
    os: Type.String({ maxLength: 64 }),
    architecture: Type.String({ maxLength: 64 }),
    variant: Type.Optional(Type.String({ maxLength: 64 })),
    "os.version": Type.Optional(Type.String({ maxLength: 64 })),
    "os.features": Type.Optional(Type.Array(Type.String({ maxLength: 64 }), { maxItems: 32 })),
  },
  closed,
);

/** `urn:assay:image-measurement:v1`: everything a container image is made of, as recomputed from its bytes. */
export const ImageMeasurementSchema = Type.Object(
  {
    index: Type.Union([Type.Object(Blob, closed), Type.Null()], { description: "null for a single image" }),
    images: Type.Array(
      Type.Object(
        {
          ...Blob,
          platform: Type.Union([Platform, Type.Null()]),
          config: Type.Object(Blob, closed),
          layers: Type.Array(Layer, { maxItems: 1024, description: "lowest first" }),
        },
        closed,
      ),
      { minItems: 1, maxItems: 1024, description: "in the order of the index" },
    ),
  },
  {
    ...closed,
    ...schemaHead("image-measurement", "assay image measurement"),
    description: `predicate of ${PREDICATE_TYPES.imageMeasurement}`,
  },
);
export type ImageMeasurementPredicate = DeepReadonly<Static<typeof ImageMeasurementSchema>>;

/** `urn:assay:measurement-status:v1`: which node measurements of a product still stand. */
export const MeasurementStatusSchema = Type.Object(
  {
    product: Product,
    latest: Type.Integer({ ...Sequence, description: "highest sequence released" }),
    minSequence: Type.Integer({ ...Sequence, description: "lower sequences are superseded" }),
    minSvn: Type.Integer({ ...Svn, description: "lower security versions are superseded" }),
    revoked: Type.Array(Type.Object({ digest: Digest, reason: Text }, closed), {
      maxItems: 4096,
      description: "node measurements, by the digest of the predicate's canonical form (RFC 8785)",
    }),
    notBefore: Instant,
    notAfter: Instant,
  },
  {
    ...closed,
    ...schemaHead("measurement-status", "assay measurement status"),
    description: `predicate of ${PREDICATE_TYPES.measurementStatus}`,
  },
);
export type MeasurementStatus = DeepReadonly<Static<typeof MeasurementStatusSchema>>;

/** What `schemas/` publishes, by file name. */
export const PREDICATES = {
  "node-measurement": NodeMeasurementSchema,
  "image-measurement": ImageMeasurementSchema,
  "measurement-status": MeasurementStatusSchema,
} as const;

/**
 * `value`, known to have the shape of `schema`.
 *
 * @throws manifest/malformed naming the first place that has another shape
 */
export function requireShape<Schema extends TSchema>(schema: Schema, value: unknown): Static<Schema> {
  if (hasShape(schema, value)) return value;
  const [, [error]] = Errors(schema, value);
  const unknown = error?.keyword === "boolean";
  const what = unknown ? "is not a property that the schema knows" : (error?.message ?? "does not fit the schema");
  throw new Failure("manifest/malformed", `${error?.instancePath || "the predicate"} ${what}`);
}

const hasShape = <Schema extends TSchema>(schema: Schema, value: unknown): value is Static<Schema> =>
  Check(schema, value);
