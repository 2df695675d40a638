import { createHash } from "node:crypto";

import { toHex } from "../bytes/hex.ts";
import { toUtf8 } from "../bytes/utf8.ts";
import { type PublicKey, readPublicKey } from "../bundle/key.ts";
import { type TrustedLog } from "../bundle/trusted-log.ts";
import { parseTrustedRoot } from "../bundle/trusted-root.ts";
import { Failure } from "../failure.ts";
import { canonicalJson } from "../json/canonical.ts";
import { parseInstant } from "../manifest/validity.ts";
import { type TrustPolicy } from "../witness/policy.ts";
import { parsePolicy } from "./document.ts";
import { type NamePattern, parsePattern } from "./pattern.ts";
import { type PolicyDocument } from "./schema.ts";
import { readWitnesses } from "./witnesses.ts";

/** What a key may sign; a signature by a key that may not is no signature. */
export type Use = "blob" | "image" | "measurement" | "attestation" | "status";

/** A key that the policy trusts, and for what. */
export interface PolicyKey {
  readonly name: string;
  readonly key: PublicKey;
  readonly use: ReadonlySet<Use>;
  /** Bounds of validity, inclusive; null is unbounded and was said aloud. */
  readonly notBefore: Date | null;
  readonly notAfter: Date | null;
  /** From this entry of this log on, signatures are a thief's. `logId` is lower-case hex. */
  readonly revokedFrom: { readonly logId: string; readonly index: number } | null;
}

/** At least `threshold` distinct keys out of `of`. */
export interface SignatureDemand {
  readonly threshold: number;
  readonly of: readonly PolicyKey[];
}

/** An entry in one of `logs`, under a checkpoint with a quorum of `witnesses` (null: none, said aloud). */
export interface TransparencyDemand {
  readonly logs: readonly TrustedLog[];
  readonly witnesses: TrustPolicy | null;
  readonly maxCheckpointAgeSeconds: number | null;
}

/** What an image must show. */
export interface ImageRule {
  readonly name: string;
  readonly match: readonly NamePattern[];
  /** Whether the reference itself must carry the digest. */
  readonly digestRequired: boolean;
  /** Whether the statement must name every child of an index besides the digest referred to. */
  readonly coverChildren: boolean;
  readonly signatures: SignatureDemand;
  /** Null only where the operator asked to skip the log. */
  readonly transparency: TransparencyDemand | null;
  readonly measurement: SignatureDemand | null;
  readonly attestations: readonly { readonly predicateType: string; readonly signatures: SignatureDemand }[];
}

/** What a node image must show. */
export interface NodeRule {
  readonly name: string;
  readonly products: readonly string[];
  readonly signatures: SignatureDemand;
  readonly transparency: TransparencyDemand | null;
  readonly status: { readonly signatures: SignatureDemand; readonly maxAgeSeconds: number } | null;
  readonly minSequence: number;
  /** Whether a manifest whose values were recorded without the artefacts is accepted. */
  readonly acceptRecipeOnly: boolean;
  /** Registers needed, by platform. */
  readonly registers: ReadonlyMap<string, readonly string[]>;
}

/** A bounded waiver for one digest under one rule. */
export interface PolicyException {
  readonly id: string;
  readonly subject: string;
  readonly rule: string;
  readonly waive: readonly string[];
  readonly notBefore: Date;
  readonly notAfter: Date;
}

/** A policy with its keys, logs and witnesses read: all that a decision needs besides evidence and time. */
export interface Policy {
  readonly name: string;
  readonly version: number;
  /** `sha256:` and hex of SHA-256 over the RFC 8785 form of the policy document; the pins in it cover the files. */
  readonly digest: string;
  readonly notAfter: Date | null;
  readonly images: readonly ImageRule[];
  readonly nodes: readonly NodeRule[];
  readonly exceptions: readonly PolicyException[];
}

/** A file that a policy pins: where it says it is, and the hash its bytes must have. */
export interface PinnedFile {
  readonly file: string;
  readonly sha256: string;
}

/** Every file that `document` pins, for the caller to read. */
export function pinnedFiles({ trust }: PolicyDocument): readonly PinnedFile[] {
  return [...trust.keys, ...trust.logs, ...("none" in trust.witnesses ? [] : [trust.witnesses])];
}

/**
 * Reads a policy and the files that it pins.
 *
 * @param bytes     the policy file
 * @param readFile  bytes of a pinned file, by the name the policy gives it
 * @throws policy/malformed, policy/pin-mismatch, and what is wrong with a pinned key, trusted root or witness policy
 */
export async function readPolicy(bytes: Uint8Array, readFile: (file: string) => Promise<Uint8Array>): Promise<Policy> {
  const document = parsePolicy(bytes);
  const files = new Map<string, Uint8Array>();
  for (const { file, sha256 } of pinnedFiles(document)) {
    const contents = files.get(file) ?? (await readFile(file));
    const found = toHex(createHash("sha256").update(contents).digest());
    if (found !== sha256) {
      throw new Failure("policy/pin-mismatch", `${file} has sha256 ${found}; the policy pins ${sha256}`, {
        hint: "if the file was meant to change, review it and change the pin",
      });
    }
    files.set(file, contents);
  }
  return resolve(document, (file) => files.get(file) ?? new Uint8Array());
}

/** The digest by which verdicts name `document`. */
export function policyDigest(document: PolicyDocument): string {
  return `sha256:${createHash("sha256")
    .update(toUtf8(canonicalJson(document)))
    .digest("hex")}`;
}

/** What rules refer to by name, read. */
interface Trust {
  readonly keys: ReadonlyMap<string, PolicyKey>;
  readonly logs: ReadonlyMap<string, TrustedLog>;
  readonly witnesses: TrustPolicy | null;
}

type Rule<Of extends "images" | "nodes"> = PolicyDocument[Of][number];

function resolve(document: PolicyDocument, contentsOf: (file: string) => Uint8Array): Policy {
  const { keys, logs, witnesses } = document.trust;
  const trust: Trust = {
    keys: new Map(keys.map((key) => [key.name, readKey(key, contentsOf(key.file))])),
    logs: new Map(logs.map((log) => [log.name, findLog(log, contentsOf(log.file))])),
    witnesses: "none" in witnesses ? null : readWitnesses(contentsOf(witnesses.file)),
  };
  requireDistinctKeys([...trust.keys.values()]);
  return {
    name: document.name,
    version: document.version,
    digest: policyDigest(document),
    notAfter: parseInstant(document.notAfter),
    images: document.images.map((rule) => resolveImageRule(rule, trust)),
    nodes: document.nodes.map((rule) => resolveNodeRule(rule, trust)),
    exceptions: (document.exceptions ?? []).map(({ id, subject, rule, waive, notBefore, notAfter }) => ({
      id,
      subject,
      rule,
      waive,
      notBefore: parseInstant(notBefore),
      notAfter: parseInstant(notAfter),
    })),
  };
}

const resolveImageRule = (rule: Rule<"images">, trust: Trust): ImageRule => ({
  name: rule.name,
  match: rule.match.map(parsePattern),
  digestRequired: rule.digest === "required",
  coverChildren: rule.platforms === "index-and-children",
  signatures: demand(rule.signatures, trust),
  transparency: transparency(rule.transparency, trust),
  measurement: "none" in rule.measurement ? null : demand(rule.measurement.signatures, trust),
  attestations: (rule.attestations ?? []).map(({ predicateType, signatures }) => ({
    predicateType,
    signatures: demand(signatures, trust),
  })),
});

const resolveNodeRule = (rule: Rule<"nodes">, trust: Trust): NodeRule => ({
  name: rule.name,
  products: rule.products,
  signatures: demand(rule.signatures, trust),
  transparency: transparency(rule.transparency, trust),
  status: rule.status.required
    ? { signatures: demand(rule.status.signatures, trust), maxAgeSeconds: parseDuration(rule.status.maxAge) }
    : null,
  minSequence: rule.minSequence,
  acceptRecipeOnly: rule.recipeOnly !== "deny",
  registers: new Map(Object.entries(rule.registers)),
});

const demand = ({ threshold, of }: { threshold: number; of: readonly string[] }, { keys }: Trust): SignatureDemand => ({
  threshold,
  of: of.map((name) => known(keys, name)),
});

function transparency(wanted: Rule<"images">["transparency"], { logs, witnesses }: Trust): TransparencyDemand {
  if (wanted.witnesses === "quorum" && witnesses === null) throw new RangeError("a quorum of no witnesses");
  return {
    logs: wanted.logs.map((name) => known(logs, name)),
    witnesses: wanted.witnesses === "quorum" ? witnesses : null,
    maxCheckpointAgeSeconds:
      wanted.witnesses === "quorum" && wanted.maxCheckpointAge !== undefined
        ? parseDuration(wanted.maxCheckpointAge)
        : null,
  };
}

/** One key has one entry: under two names it would count twice, and what is revoked under one stand under the other. */
function requireDistinctKeys(keys: readonly PolicyKey[]): void {
  const seen = new Map<string, string>();
  for (const { name, key } of keys) {
    const other = seen.get(key.keyId);
    if (other !== undefined) throw new Failure("policy/malformed", `"${other}" and "${name}" are the same key`);
    seen.set(key.keyId, name);
  }
}

function readKey(key: PolicyDocument["trust"]["keys"][number], contents: Uint8Array): PolicyKey {
  return {
    name: key.name,
    key: readPublicKey(contents),
    use: new Set(key.use),
    notBefore: key.notBefore === undefined ? null : parseInstant(key.notBefore),
    notAfter: key.notAfter === "never" ? null : parseInstant(key.notAfter),
    revokedFrom: key.revokedFrom ?? null,
  };
}

function findLog({ name, origin, file }: PolicyDocument["trust"]["logs"][number], contents: Uint8Array): TrustedLog {
  const found = parseTrustedRoot(contents).logs.find((log) => log.origin === origin);
  if (found !== undefined) return found;
  throw new Failure("policy/malformed", `${file} has no log with the origin "${origin}", which "${name}" names`);
}

function known<Value>(named: ReadonlyMap<string, Value>, name: string): Value {
  const found = named.get(name);
  if (found === undefined) throw new Failure("policy/malformed", `"${name}" is not defined in trust`);
  return found;
}

const SECONDS = { s: 1, m: 60, h: 3600, d: 86_400 } as const;

/** Seconds of a duration such as `15m`; the schema has checked its form. */
function parseDuration(text: string): number {
  const unit = text.at(-1);
  if (unit !== "s" && unit !== "m" && unit !== "h" && unit !== "d") throw new RangeError(`not a duration: ${text}`);
  return Number(text.slice(0, -1)) * SECONDS[unit];
}
