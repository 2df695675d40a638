import { toUtf8 } from "../bytes/utf8.ts";
import { type FailureCode } from "../failure.ts";
import { canonicalJson } from "../json/canonical.ts";
import { isJsonObject, type Json, type JsonObject } from "../json/json.ts";
import { Message, readDocument } from "./protojson.ts";

/** in-toto attestation framework, spec/v1/statement.md. */
const STATEMENT_TYPE = "https://in-toto.io/Statement/v1";

/** Digests of one artefact by the names of in-toto's digest set: at least one, lower-case hex for SHA-2. */
export interface SubjectDigest {
  readonly sha256?: string;
  readonly [algorithm: string]: string | undefined;
}

/**
 * Types of statements that are read. `cosign attest` and `attest-blob` still write the older one, whose fields (in-toto
 * attestation framework, spec/v0.1.0/README.md) are a part of the newer's and mean the same.
 */
const READABLE_TYPES = [STATEMENT_TYPE, "https://in-toto.io/Statement/v0.1"];

/** One artefact that a statement is about: the same bytes by each of its digests. */
export interface Subject {
  readonly name?: string;
  readonly digest: SubjectDigest;
  /** Claims of the signer about this artefact; cosign's `-a key=value`. */
  readonly annotations?: Readonly<Record<string, string>>;
}

/** An in-toto statement: what is claimed, and about which artefacts. */
export interface Statement {
  /** In the order written; 1 to {@link MAX_SUBJECTS}. */
  readonly subjects: readonly Subject[];
  /** URI that says what {@link predicate} means. */
  readonly predicateType: string;
  /** An object. */
  readonly predicate: Json;
}

/** As sigstore-go has them (pkg/verify), so that what is signed here is read there. */
export const MAX_SUBJECTS = 1024;
const MAX_DIGESTS = 32;
const CODE: FailureCode = "bundle/malformed-statement";
const HEX_CHARACTERS: ReadonlyMap<string, number> = new Map([
  ["sha256", 64],
  ["sha384", 96],
  ["sha512", 128],
]);

/**
 * Reads the payload of an envelope.
 *
 * Like sigstore-go, refuses fields that the specification does not have; unlike the rest of this folder, any JSON text
 * is read, since each signer writes its own. A subject's `uri`, `content`, `downloadLocation` and `mediaType` are
 * allowed and not kept: only digests name an artefact.
 *
 * @throws bundle/malformed-statement
 */
export function parseStatement(payload: Uint8Array): Statement {
  const place = { code: CODE, path: "the statement" };
  const message = new Message(readDocument(payload, place), place, ["_type", "subject", "predicateType", "predicate"]);
  message.oneOf("_type", READABLE_TYPES);
  const subjects = message.messages("subject", MAX_SUBJECTS, SUBJECT_FIELDS).map(readSubject);
  if (subjects.length === 0) throw message.failure("has no subject");
  // statement.md: "The unset case is treated the same as set-but-empty."
  const predicate = message.value("predicate") ?? {};
  if (!isJsonObject(predicate)) throw message.failure(`has a "predicate" that is not an object`);
  return { subjects, predicateType: message.text("predicateType"), predicate };
}

/** RFC 8785 bytes of a statement, so that two builders who claim the same sign the same bytes. */
export function formatStatement({ subjects, predicateType, predicate }: Statement): Uint8Array {
  const subject = subjects.map(({ name, digest, annotations }) => ({
    ...(name === undefined ? {} : { name }),
    digest: defined(digest),
    ...(annotations === undefined ? {} : { annotations }),
  }));
  return toUtf8(canonicalJson({ _type: STATEMENT_TYPE, subject, predicateType, predicate }));
}

const SUBJECT_FIELDS = ["name", "digest", "annotations", "uri", "content", "downloadLocation", "mediaType"];

function readSubject(message: Message): Subject {
  const name = message.optionalText("name");
  const digest = readStrings(message, "digest");
  const algorithms = Object.entries(digest);
  if (algorithms.length === 0 || algorithms.length > MAX_DIGESTS) {
    throw message.failure(`has ${algorithms.length} digests, not 1 to ${MAX_DIGESTS}`);
  }
  for (const [algorithm, value] of algorithms) {
    const characters = HEX_CHARACTERS.get(algorithm);
    const isGood = characters === undefined ? value !== "" : value.length === characters && /^[0-9a-f]+$/.test(value);
    if (!isGood) throw message.failure(`has a malformed ${algorithm.slice(0, 16)} digest`);
  }
  const annotations = readStrings(message, "annotations");
  return {
    ...(name === "" ? {} : { name }),
    digest,
    ...(Object.keys(annotations).length === 0 ? {} : { annotations }),
  };
}

/** A map of strings; absent is empty. Values of other types cannot be compared and are refused. */
function readStrings(message: Message, name: string): Readonly<Record<string, string>> {
  const value = message.value(name) ?? {};
  if (!isJsonObject(value)) throw message.failure(`has a "${name}" that is not an object`);
  const strings: Record<string, string> = Object.create(null);
  for (const [key, each] of Object.entries(value)) {
    if (typeof each !== "string") throw message.failure(`has "${name}" that are not strings`);
    strings[key] = each;
  }
  return strings;
}

function defined(digest: SubjectDigest): JsonObject {
  const values: Record<string, string> = Object.create(null);
  for (const [algorithm, value] of Object.entries(digest)) if (value !== undefined) values[algorithm] = value;
  return values;
}
