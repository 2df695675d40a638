import { Value } from "typebox/value";

import { Failure } from "../failure.ts";
import { parseInstant } from "../manifest/validity.ts";
import { parsePattern } from "./pattern.ts";
import { PolicyDocument } from "./schema.ts";
import { readYaml } from "./yaml.ts";

/** An exception may not outlive this; longer needs are policy. */
const MAX_EXCEPTION_DAYS = 30;
const DAY_MS = 86_400_000;

/**
 * Reads a policy file: strict YAML, the published schema, and what a schema cannot say.
 *
 * @throws policy/malformed naming the place and what is wrong with it
 */
export function parsePolicy(bytes: Uint8Array): PolicyDocument {
  const value = readYaml(bytes);
  if (!Value.Check(PolicyDocument, value)) {
    const [error] = Value.Errors(PolicyDocument, value);
    throw new Failure(
      "policy/malformed",
      `${error?.instancePath || "/"} ${error?.message ?? "does not fit the schema"}`,
    );
  }
  requireMeaning(value);
  return value;
}

function requireMeaning(document: PolicyDocument): void {
  const { keys, logs } = document.trust;
  requireUnique("key", keys);
  requireUnique("log", logs);
  requireUnique("rule", [...document.images, ...document.nodes]);
  requireUnique(
    "product",
    document.nodes.flatMap(({ products }) => products.map((name) => ({ name }))),
  );
  for (const pattern of document.images.flatMap(({ match }) => match)) parsePattern(pattern);
  requireTimes(document);
  requireSigners(document);
  requireLogs(document);
  requireExceptions(document);
}

/** A time that no calendar has compares as neither before nor after anything: what ends then would never end. */
function requireTimes({ notAfter, trust, exceptions = [] }: PolicyDocument): void {
  readTime("notAfter", notAfter);
  for (const key of trust.keys) {
    const begin = key.notBefore === undefined ? null : readTime(`key "${key.name}", notBefore`, key.notBefore);
    const end = key.notAfter === "never" ? null : readTime(`key "${key.name}", notAfter`, key.notAfter);
    if (begin !== null && end !== null && begin >= end) refuse(`key "${key.name}" ends before it begins`);
  }
  for (const each of exceptions) {
    readTime(`exception ${each.id}, notBefore`, each.notBefore);
    readTime(`exception ${each.id}, notAfter`, each.notAfter);
  }
}

function readTime(where: string, text: string): Date {
  try {
    return parseInstant(text);
  } catch (cause) {
    throw new Failure("policy/malformed", `${where}: ${text} is not a time`, { cause });
  }
}

function requireSigners(document: PolicyDocument): void {
  const { keys } = document.trust;
  const uses = new Map(keys.map((key) => [key.name, key.use]));
  for (const { where, use, signatures } of demands(document)) {
    for (const signer of signatures.of) {
      const allowed = uses.get(signer);
      if (allowed === undefined) refuse(`${where} names the key "${signer}", which trust does not define`);
      else if (!allowed.includes(use)) refuse(`${where} counts "${signer}", whose use does not include "${use}"`);
    }
    if (signatures.threshold > signatures.of.length) {
      refuse(`${where} wants ${signatures.threshold} of ${signatures.of.length} signers`);
    }
  }
}

function requireLogs(document: PolicyDocument): void {
  const { logs, witnesses } = document.trust;
  for (const { name, transparency } of [...document.images, ...document.nodes]) {
    for (const log of transparency.logs) {
      if (!logs.some((each) => each.name === log))
        refuse(`rule "${name}" names the log "${log}", which trust does not define`);
    }
    if (transparency.witnesses === "quorum" && "none" in witnesses) {
      refuse(`rule "${name}" wants a quorum, and trust.witnesses is none`);
    }
  }
}

/** Every place that counts signers, with the use a key needs there. */
function demands({ images, nodes }: PolicyDocument): {
  where: string;
  use: PolicyDocument["trust"]["keys"][number]["use"][number];
  signatures: { threshold: number; of: string[] };
}[] {
  return [
    ...images.flatMap(({ name, signatures, measurement, attestations = [] }) => [
      { where: `rule "${name}"`, use: "image" as const, signatures },
      ...("none" in measurement
        ? []
        : [{ where: `rule "${name}", measurement`, use: "measurement" as const, signatures: measurement.signatures }]),
      ...attestations.map((attestation) => ({
        where: `rule "${name}", attestation ${attestation.predicateType}`,
        use: "attestation" as const,
        signatures: attestation.signatures,
      })),
    ]),
    ...nodes.flatMap(({ name, signatures, status }) => [
      { where: `rule "${name}"`, use: "measurement" as const, signatures },
      ...(status.required
        ? [{ where: `rule "${name}", status`, use: "status" as const, signatures: status.signatures }]
        : []),
    ]),
  ];
}

function requireExceptions({ exceptions = [], images }: PolicyDocument): void {
  requireUnique(
    "exception",
    exceptions.map(({ id }) => ({ name: id })),
  );
  for (const { id, rule, notBefore, notAfter } of exceptions) {
    if (!images.some(({ name }) => name === rule))
      refuse(`exception ${id} names the image rule "${rule}", which is not there`);
    const days = (Date.parse(notAfter) - Date.parse(notBefore)) / DAY_MS;
    if (!(days > 0 && days <= MAX_EXCEPTION_DAYS)) {
      refuse(`exception ${id} lasts ${days} days; wanted more than 0 and at most ${MAX_EXCEPTION_DAYS}`);
    }
  }
}

function requireUnique(what: string, named: readonly { readonly name: string }[]): void {
  const seen = new Set<string>();
  for (const { name } of named) {
    if (seen.has(name)) refuse(`there are two ${what}s called "${name}"`);
    seen.add(name);
  }
}

function refuse(message: string): never {
  throw new Failure("policy/malformed", message);
}
