import { generateKeyPairSync, sign } from "node:crypto";

import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { type EntryBody, entryOf, formatEntryBody, parseEntryBody } from "../bundle/entry.ts";
import { formatEnvelope, parseEnvelope } from "../bundle/envelope.ts";
import { hashBytes } from "../bundle/hash-algorithm.ts";
import { publicKeyOf } from "../bundle/key.ts";
import { pae } from "../bundle/pae.ts";
import { toUtf8 } from "../bytes/utf8.ts";
import { Failure, type FailureCode } from "../failure.ts";
import { leafHash } from "../merkle/hash.ts";
import { fileSubmission, statementSubmission, uncheckedSubmission } from "../testing/submissions.ts";
import { checkSubmission } from "./submission.ts";

const statement = statementSubmission("a statement");
const other = statementSubmission("another");
const file = fileSubmission("a file");
const edit = (body: Uint8Array, change: Partial<EntryBody>): Uint8Array =>
  formatEntryBody({ ...parseEntryBody(body), ...change });
const flipped = (bytes: Uint8Array): Uint8Array => bytes.map((byte, at) => (at === 5 ? (byte + 1) % 256 : byte));

describe("accepted", () => {
  test("a statement with its envelope", () => {
    const { payloadType, payload } = parseEnvelope(statement.envelope);
    expect(checkSubmission(statement)).toEqual({
      body: statement.body,
      leafHash: leafHash(statement.body),
      envelope: { paeDigest: hashBytes("SHA2_256", pae(payloadType, payload)), bytes: statement.envelope },
    });
  });

  test.each([
    ["a statement whose envelope is kept back", { body: statement.body, envelope: null }],
    ["a file", file],
    ["an entry by Ed25519, which cannot be checked from a digest", uncheckedSubmission("x")],
  ])("%s", (_, submission) => {
    expect(checkSubmission(submission).envelope).toBeNull();
  });

  test.each([
    ["P-384", generateKeyPairSync("ec", { namedCurve: "P-384" }), "sha384", "SHA2_384"],
    ["P-521", generateKeyPairSync("ec", { namedCurve: "P-521" }), "sha512", "SHA2_512"],
    ["RSA", generateKeyPairSync("rsa", { modulusLength: 2048 }), "sha256", "SHA2_256"],
    ["Ed25519", generateKeyPairSync("ed25519"), null, "SHA2_512"],
  ] as const)("an envelope signed with %s, by the digest that goes with it", (_, { privateKey }, hash, algorithm) => {
    const signed = pae("text/plain", toUtf8("payload"));
    const signature = new Uint8Array(sign(hash, signed, privateKey));
    const entry = entryOf({ digest: hashBytes(algorithm, signed), signature, key: publicKeyOf(privateKey) });
    const envelope = toUtf8(formatEnvelope({ payloadType: "text/plain", payload: toUtf8("payload"), signature }));
    const checked = checkSubmission({ body: formatEntryBody(entry), envelope });
    expect(checked.envelope?.paeDigest).toEqual(hashBytes("SHA2_256", signed));
  });
});

const { signature } = parseEntryBody(statement.body);
const { verifier: rsaVerifier } = entryOf({
  digest: new Uint8Array(32),
  signature,
  key: publicKeyOf(generateKeyPairSync("rsa", { modulusLength: 2048 }).publicKey),
});

describe("refused", () => {
  test.each<[string, { body: Uint8Array; envelope: Uint8Array | null }, FailureCode]>([
    ["another envelope", { ...statement, envelope: other.envelope }, "log/invalid-entry"],
    [
      "another digest",
      { ...statement, body: edit(statement.body, { digest: new Uint8Array(32) }) },
      "log/invalid-entry",
    ],
    [
      "another signature than the envelope's",
      { ...statement, body: edit(statement.body, { signature: parseEntryBody(other.body).signature }) },
      "log/invalid-entry",
    ],
    [
      "a signature that is not the key's",
      {
        body: edit(statement.body, { signature: flipped(signature) }),
        envelope: toUtf8(formatEnvelope({ ...parseEnvelope(statement.envelope), signature: flipped(signature) })),
      },
      "log/invalid-entry",
    ],
    ["a file's wrong signature", { ...file, body: edit(file.body, { signature }) }, "log/invalid-entry"],
    [
      "a kind of key that is not the key's",
      { ...file, body: edit(file.body, { verifier: rsaVerifier }) },
      "log/invalid-entry",
    ],
    ["no canonical body", { ...file, body: toUtf8(` ${Buffer.from(file.body).toString()}`) }, "bundle/malformed-entry"],
    ["no entry at all", { body: toUtf8("{}"), envelope: null }, "bundle/malformed-entry"],
    ["a body too long for a bundle", { body: new Uint8Array(65_536), envelope: null }, "log/entry-too-large"],
    ["no envelope", { ...statement, envelope: toUtf8("{}") }, "bundle/malformed-envelope"],
    [
      "a certificate that is none",
      { ...file, body: edit(file.body, { verifier: { kind: "x509Certificate", der: new Uint8Array(9) } }) },
      "bundle/malformed-entry",
    ],
  ])("%s", (_, submission, code) => {
    expect(() => checkSubmission(submission)).toThrow(expect.objectContaining({ code }));
  });
});

test("any bytes are checked or refused", () => {
  const seeds = [statement.body, file.body];
  fc.assert(
    fc.property(fc.constantFrom(...seeds), fc.nat(), fc.uint8Array({ maxLength: 8 }), (seed, at, patch) => {
      const body = new Uint8Array(seed);
      body.set(patch, at % (body.length - patch.length));
      try {
        checkSubmission({ body, envelope: statement.envelope });
      } catch (error) {
        expect(error).toBeInstanceOf(Failure);
      }
    }),
  );
});
