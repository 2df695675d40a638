import { generateKeyPairSync } from "node:crypto";
import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { fromBase64 } from "../bytes/base64.ts";
import { toHex } from "../bytes/hex.ts";
import { fromUtf8, toUtf8 } from "../bytes/utf8.ts";
import { Failure } from "../failure.ts";
import { canonicalJson } from "../json/canonical.ts";
import { parseJson } from "../json/parser.ts";
import { leafHash } from "../merkle/hash.ts";
import { mutatedBytes, mutatedJson } from "../testing/mutation.ts";
import { vectors } from "../testing/vectors.ts";
import { type EntryBody, entryOf, formatEntryBody, parseEntryBody } from "./entry.ts";
import { publicKeyOf, readPublicKey } from "./key.ts";

interface BodyVector {
  readonly name: string;
  readonly spki: string;
  readonly digest: string;
  readonly signature: string;
  readonly leafHash: string;
  readonly bytes: number;
}

const BODIES = vectors<BodyVector>("bundle/entry-bodies.json");
const bodyOf = ({ spki, digest, signature }: BodyVector): EntryBody =>
  entryOf({ digest: fromBase64(digest), signature: fromBase64(signature), key: readPublicKey(fromBase64(spki)) });

describe("an entry", () => {
  test.each(BODIES)("$name has the leaf hash that is known", (vector) => {
    const leaf = formatEntryBody(bodyOf(vector));
    expect(leaf).toHaveLength(vector.bytes);
    expect(toHex(leafHash(leaf))).toBe(vector.leafHash);
  });

  test.each([
    ["P-384", publicKeyOf(generateKeyPairSync("ec", { namedCurve: "P-384" }).publicKey), 48, "SHA2_384"],
    ["P-521", publicKeyOf(generateKeyPairSync("ec", { namedCurve: "P-521" }).publicKey), 64, "SHA2_512"],
    ["Ed25519", publicKeyOf(generateKeyPairSync("ed25519").publicKey), 64, "SHA2_512"],
    ["RSA", publicKeyOf(generateKeyPairSync("rsa", { modulusLength: 2048 }).publicKey), 32, "SHA2_256"],
  ] as const)("of a %s key has its digest, and is read as written", (_, key, digestBytes, algorithm) => {
    const body = entryOf({ digest: new Uint8Array(digestBytes), signature: Uint8Array.of(1), key });
    expect(body.algorithm).toBe(algorithm);
    expect(parseEntryBody(formatEntryBody(body))).toEqual(body);
  });

  test("a digest of another length is a mistake of the caller", () => {
    const body = entryOf({ ...bodyOf(first()), key: readPublicKey(fromBase64(first().spki)) });
    expect(() => formatEntryBody({ ...body, digest: new Uint8Array(31) })).toThrow(RangeError);
  });

  const leaf = fromUtf8(formatEntryBody(bodyOf(first())));
  test.each([
    ["as written", leaf],
    ["by a certificate", leaf.replace("publicKey", "x509Certificate")],
  ])("accepted: %s", (_, text) => {
    expect(fromUtf8(formatEntryBody(parseEntryBody(toUtf8(text))))).toBe(text);
  });

  test.each([
    ["white space", leaf.replace(",", ", ")],
    ["a line break at the end", `${leaf}\n`],
    ["another order", leaf.replace(/^\{("apiVersion":"0\.0\.2"),("kind":"hashedrekord")/, "{$2,$1")],
    ["another version", leaf.replace("0.0.2", "0.0.1")],
    ["another kind", leaf.replace(`"hashedrekord"`, `"dsse"`)],
    ["an unknown field", leaf.replace(`"kind"`, `"at":"now","kind"`)],
    ["an escaped letter", leaf.replace("hashedrekord", "\\u0068ashedrekord")],
    ["an algorithm for another kind of key", leaf.replace("SHA2_256", "SHA2_512")],
    ["a kind of key with another hash", leaf.replace("P256_SHA_256", "P384_SHA_384")],
    ["a kind of key nobody knows", leaf.replace("PKIX_ECDSA_P256_SHA_256", "PKIX_ML_DSA_65")],
    ["base64 of URLs", leaf.replaceAll("/", "_")],
    ["no signature", leaf.replace(/"content":"[^"]*"/, `"content":""`)],
    ["no key", leaf.replace(/,"publicKey":\{[^}]*\}/, "")],
    ["a key and a certificate", leaf.replace(/("publicKey":\{[^}]*\})/, `$1,"x509Certificate":{"rawBytes":"AA=="}`)],
    ["a key and a certificate that is null", leaf.replace(/("publicKey":\{[^}]*\})/, `$1,"x509Certificate":null`)],
    ["more than an entry bundle can hold", leaf.replace(/"content":"/, `$&${"AAAA".repeat(17_000)}`)],
  ])("refused: %s", (_, text) => {
    expect(text).not.toBe(leaf);
    expect(() => parseEntryBody(toUtf8(text))).toThrow(expect.objectContaining({ code: "bundle/malformed-entry" }));
  });

  test("any bytes at all are a Failure or exactly what would be written", () => {
    const inputs = fc.oneof(
      fc.uint8Array(),
      mutatedBytes(toUtf8(leaf)),
      mutatedJson(parseJson(leaf)).map((value) => toUtf8(canonicalJson(value))),
    );
    fc.assert(
      fc.property(inputs, (bytes) => {
        let body: EntryBody;
        try {
          body = parseEntryBody(bytes);
        } catch (error) {
          expect(error).toBeInstanceOf(Failure);
          return;
        }
        expect(formatEntryBody(body)).toEqual(bytes);
      }),
      { numRuns: 1000 },
    );
  });
});

function first(): BodyVector {
  const [vector] = BODIES;
  if (vector === undefined) throw new RangeError("no vectors");
  return vector;
}
