/** The verdict as a JSON Schema; published as `schemas/verdict.v1.json`. The one file here that loads typebox. */
import { type TSchema, Type } from "typebox";

import { NOTES } from "../failure.ts";
import { type Json } from "../json/json.ts";
import { schemaHead } from "../json/schema-head.ts";
import { CHECKS } from "./verdict.ts";

const closed = { additionalProperties: false } as const;
const literals = (values: readonly string[]): TSchema => Type.Unsafe<string>({ type: "string", enum: [...values] });

const Instant = Type.String({ pattern: "^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$" });
const Digest = Type.String({ pattern: "^sha256:[0-9a-f]{64}$" });
const Code = Type.String({ pattern: "^[a-z0-9-]+/[a-z0-9-]+$", description: "a failure code; docs/codes.md" });
const NoteCode = literals(Object.keys(NOTES));

const checkOf = (outcome: string, code: TSchema): TSchema =>
  Type.Object(
    {
      check: literals(CHECKS),
      outcome: Type.Literal(outcome),
      code,
      message: Type.String({ description: "for people: what was found and what was wanted" }),
      evidence: Type.Record(Type.String(), Type.Unsafe<Json>({}), { description: "what was looked at; public values" }),
    },
    closed,
  );

export const VerdictSchema = Type.Object(
  {
    admitted: Type.Boolean({ description: "starts false; only a complete proof makes it true" }),
    subject: Type.Object(
      {
        kind: literals(["image", "node-image", "blob", "manifest"]),
        name: Type.String(),
        digest: Type.Union([Digest, Type.Null()]),
      },
      closed,
    ),
    policy: Type.Object({ name: Type.String(), digest: Digest }, closed),
    evaluatedAt: Instant,
    checks: Type.Array(Type.Union([checkOf("pass", Type.Null()), checkOf("fail", Code), checkOf("note", NoteCode)])),
    reasons: Type.Array(Code, { description: "codes of the failing checks, each once" }),
    notes: Type.Array(NoteCode, { description: "what was not proven, because nobody asked" }),
    validUntil: Type.Union([Instant, Type.Null()], { description: "a yes is a lease: its earliest end" }),
    boundBy: Type.Union([Type.String(), Type.Null()], { description: "what ends first" }),
  },
  {
    ...closed,
    ...schemaHead("verdict", "assay verdict"),
  },
);
