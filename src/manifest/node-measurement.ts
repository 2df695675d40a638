/** The node measurement: one release of a node image, and what a machine that runs it must measure. */
import { createHash } from "node:crypto";

import { fromBase64 } from "../bytes/base64.ts";
import { toUtf8 } from "../bytes/utf8.ts";
import { Failure } from "../failure.ts";
import { canonicalJson } from "../json/canonical.ts";
import { type Json } from "../json/json.ts";
import { type Digest, digestOf } from "../oci/digest.ts";
import {
  type NodeArtefact,
  type NodeMeasurement,
  NodeMeasurementSchema,
  type NodeTarget,
  requireShape,
} from "./schema.ts";
import { requireValidity } from "./validity.ts";

/** Something the statement is about, as in-toto has it. */
export interface ManifestSubject {
  readonly name: string;
  readonly digest: { readonly sha256: string };
}

/**
 * Reads the predicate of a node measurement: the schema's shape, then what a schema cannot say.
 *
 * @param predicate  JSON as strictly parsed; of a statement, from the bytes that were signed
 * @throws manifest/malformed naming the artefact, target or row
 */
export function parseNodeMeasurement(predicate: Json): NodeMeasurement {
  const manifest: NodeMeasurement = requireShape(NodeMeasurementSchema, predicate);
  requireValidity(manifest);
  requireArtefacts(manifest.artefacts);
  requireDistinct(
    "target",
    manifest.targets.map(({ id }) => id),
  );
  for (const target of manifest.targets) requireTarget(target, manifest.artefacts);
  return manifest;
}

/** The predicate's canonical form (RFC 8785): two builders of one release write the same bytes. */
export const formatNodeMeasurement = (manifest: NodeMeasurement): string => canonicalJson({ ...manifest });

/**
 * What a status statement revokes: `sha256:` and the SHA-256 of {@link formatNodeMeasurement}.
 *
 * Of the predicate, not of a file: however it was signed, wrapped or stored, a release keeps its digest.
 */
export const nodeMeasurementDigest = (manifest: NodeMeasurement): Digest =>
  digestOf(toUtf8(formatNodeMeasurement(manifest)));

/** The artefacts that are in no other, by id in JCS order: all the rest is derived from them. */
export const subjectsOf = ({ artefacts }: NodeMeasurement): readonly ManifestSubject[] =>
  Object.entries(artefacts)
    .flatMap(([name, { in: within, sha256 }]) =>
      within === undefined && sha256 !== undefined ? [{ name, digest: { sha256 } }] : [],
    )
    .toSorted((a, b) => (a.name < b.name ? -1 : 1));

type Artefacts = NodeMeasurement["artefacts"];

function requireArtefacts(artefacts: Artefacts): void {
  for (const [id, artefact] of Object.entries(artefacts)) {
    if (artefact.in === undefined) {
      if (artefact.at !== undefined) refuse(`artefact "${id}" has a place and nothing that it is in`);
      if (artefact.sha256 === undefined) refuse(`artefact "${id}" is in no other, so it needs a sha256`);
    } else {
      if (artefact.at === undefined) refuse(`artefact "${id}" is in "${artefact.in}", and nothing says where`);
      requireRooted(id, artefacts);
    }
    requirePinned(id, artefact);
  }
  const places = Object.values(artefacts).flatMap(({ in: within, at = "" }) =>
    within === undefined ? [] : [`${at} in ${within}`],
  );
  requireDistinct("artefact at", places);
}

/** Following `in` must end at a subject: within as many steps as there are artefacts, or it runs in a circle. */
function requireRooted(id: string, artefacts: Artefacts): void {
  let at = id;
  for (const _ of Object.keys(artefacts)) {
    const within = artefacts[at]?.in;
    if (within === undefined) return;
    if (!Object.hasOwn(artefacts, within)) refuse(`artefact "${at}" is in "${within}", which is not an artefact`);
    at = within;
  }
  refuse(`artefact "${id}" is in itself: no subject is at the end of its chain`);
}

/** An artefact says what it is, and all that it says agrees. */
function requirePinned(id: string, { sha256, size, bytes }: NodeArtefact): void {
  if (bytes === undefined) {
    if (sha256 === undefined) refuse(`artefact "${id}" has neither a sha256 nor its bytes`);
    return;
  }
  const decoded = decodeBytes(id, bytes);
  if (sha256 !== undefined && sha256Hex(decoded) !== sha256)
    refuse(`artefact "${id}": bytes do not hash to its sha256`);
  if (size !== undefined && decoded.length !== size)
    refuse(`artefact "${id}" has ${decoded.length} bytes, not ${size}`);
}

function requireTarget({ id, uses, rows, notDerived = {} }: NodeTarget, artefacts: Artefacts): void {
  for (const [part, artefact] of Object.entries(uses)) {
    if (!Object.hasOwn(artefacts, artefact)) refuse(`target "${id}" uses "${artefact}" as ${part}: no such artefact`);
  }
  requireDistinct(
    `row of target "${id}" with`,
    rows.map((row) => canonicalJson(row.with)),
  );
  for (const [index, { registers }] of rows.entries()) {
    for (const [register, value] of Object.entries(registers)) {
      // One spelling for one value, or two builders could differ.
      if (/^[a-z0-9]+:0+$/.test(value)) refuse(`row ${index} of target "${id}": ${register} is all zeros, so "zero"`);
      if (Object.hasOwn(notDerived, register)) refuse(`target "${id}" derives ${register}, and says it does not`);
    }
  }
}

function requireDistinct(what: string, names: readonly string[]): void {
  const seen = new Set<string>();
  for (const name of names) {
    if (seen.has(name)) refuse(`${what} ${name}: there is more than one`);
    seen.add(name);
  }
}

function decodeBytes(id: string, bytes: string): Uint8Array {
  try {
    return fromBase64(bytes);
  } catch (cause) {
    throw new Failure("manifest/malformed", `artefact "${id}": bytes are not standard padded base64`, { cause });
  }
}

const sha256Hex = (data: Uint8Array): string => createHash("sha256").update(data).digest("hex");

function refuse(message: string): never {
  throw new Failure("manifest/malformed", message);
}
