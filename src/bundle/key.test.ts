import { createHash, createPublicKey, generateKeyPairSync, type KeyObject, sign } from "node:crypto";

import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { toBase64 } from "../bytes/base64.ts";
import { fromHex, toHex } from "../bytes/hex.ts";
import { concat } from "../bytes/join.ts";
import { formatPem, parsePem } from "../bytes/pem.ts";
import { toUtf8 } from "../bytes/utf8.ts";
import { Failure, type FailureCode } from "../failure.ts";
import { verifyDigest } from "./digest-verification.ts";
import {
  formatPublicKeyPem,
  KEY_DETAILS,
  type KeyDetails,
  keyHint,
  MAX_BUFFERED_BYTES,
  MessageVerifier,
  publicKeyOf,
  readPublicKey,
  verifySignature,
} from "./key.ts";

const code = (expected: FailureCode) => expect.objectContaining({ code: expected });
const ec = (namedCurve: string): KeyObject => generateKeyPairSync("ec", { namedCurve }).privateKey;
const rsa = (modulusLength: number, publicExponent = 65537): KeyObject =>
  generateKeyPairSync("rsa", { modulusLength, publicExponent }).privateKey;
const der = (key: KeyObject): Uint8Array =>
  new Uint8Array(createPublicKey(key).export({ type: "spki", format: "der" }));

const p256 = ec("P-256");
const PRIVATE: readonly (readonly [KeyDetails, KeyObject])[] = [
  ["PKIX_ECDSA_P256_SHA_256", p256],
  ["PKIX_ECDSA_P384_SHA_384", ec("P-384")],
  ["PKIX_ECDSA_P521_SHA_512", ec("P-521")],
  ["PKIX_ED25519", generateKeyPairSync("ed25519").privateKey],
  ["PKIX_RSA_PKCS1V15_2048_SHA256", rsa(2048)],
  ["PKIX_RSA_PKCS1V15_3072_SHA256", rsa(3072)],
];
const message = new TextEncoder().encode("a message of two parts");
const hashOf = (algorithm: string, bytes: Uint8Array): Uint8Array =>
  new Uint8Array(createHash(algorithm).update(bytes).digest());
/** `bytes` with the lowest bit of the byte at `index` turned; a negative index counts from the end. */
const flip = (bytes: Uint8Array, index: number): Uint8Array => bytes.with(index, (bytes.at(index) ?? 0) ^ 1);

describe.each(PRIVATE)("%s", (keyDetails, privateKey) => {
  const { digest } = KEY_DETAILS[keyDetails];
  const key = publicKeyOf(privateKey);
  const signature = new Uint8Array(sign(digest, message, privateKey));

  test("is read from PEM text, PEM bytes and DER, and written as PEM", () => {
    const pem = createPublicKey(privateKey).export({ type: "spki", format: "pem" }).toString();
    expect(key.keyDetails).toBe(keyDetails);
    expect(readPublicKey(pem)).toEqual(key);
    expect(readPublicKey(new TextEncoder().encode(pem))).toEqual(key);
    expect(readPublicKey(der(privateKey))).toEqual(key);
    expect(formatPublicKeyPem(key)).toBe(pem);
  });

  test("verifies its signature over the whole message and in parts", () => {
    expect(verifySignature(key, message, signature)).toBe(true);
    const verifier = new MessageVerifier(key);
    const chunk = message.slice(0, 9);
    verifier.update(chunk);
    chunk.fill(0);
    verifier.update(message.subarray(9));
    expect(verifier.verify(signature)).toBe(true);
  });

  test.each([
    ["one bit of the message changed", flip(message, 0), signature],
    ["one bit of the signature changed", message, flip(signature, -1)],
    ["an empty signature", message, new Uint8Array()],
    ["a signature one byte long", message, Uint8Array.of(0x30)],
    ["a signature with a byte more", message, concat(signature, Uint8Array.of(0))],
  ])("refuses %s", (_, wrongMessage, wrongSignature) => {
    expect(verifySignature(key, wrongMessage, wrongSignature)).toBe(false);
    const verifier = new MessageVerifier(key);
    verifier.update(wrongMessage);
    expect(verifier.verify(wrongSignature)).toBe(false);
  });

  test("refuses the signature of another key of its kind, and of another kind", () => {
    for (const [, other] of PRIVATE) {
      if (other === privateKey) continue;
      expect(verifySignature(publicKeyOf(other), message, signature)).toBe(false);
    }
  });
});

test.each(PRIVATE.filter(([keyDetails]) => keyDetails !== "PKIX_ED25519"))(
  "%s verifies from the digest alone, and nothing else",
  (keyDetails, privateKey) => {
    const { digest } = KEY_DETAILS[keyDetails];
    const key = publicKeyOf(privateKey);
    const signature = new Uint8Array(sign(digest, message, privateKey));
    const hash = hashOf(digest ?? "", message);
    expect(verifyDigest(key, hash, signature)).toBe(true);
    expect(verifyDigest(key, flip(hash, 0), signature)).toBe(false);
    expect(verifyDigest(key, hash, flip(signature, 9))).toBe(false);
    expect(verifyDigest(key, hash, new Uint8Array())).toBe(false);
    expect(verifyDigest(key, hash, concat(signature, Uint8Array.of(0)))).toBe(false);
    expect(verifyDigest(key, hash, new Uint8Array(signature.length).fill(0xff))).toBe(false);
    expect(() => verifyDigest(key, hash.subarray(1), signature)).toThrow(code("bundle/unsupported-key"));
  },
);

test("the key id and the hint are two writings of the SHA-256 of the SPKI", () => {
  const key = publicKeyOf(p256);
  const hash = hashOf("sha256", key.spki);
  expect(key.keyId).toBe(Buffer.from(hash).toString("hex"));
  expect(keyHint(key)).toBe(toBase64(hash));
});

test("an ECDSA signature counts with a high s too, as half of all have", () => {
  const hash = hashOf("sha256", message);
  for (let round = 0; round < 16; round += 1) {
    expect(verifyDigest(publicKeyOf(p256), hash, new Uint8Array(sign("sha256", message, p256)))).toBe(true);
  }
});

test("an RSA signature has one value: that plus the modulus is another", () => {
  let key = rsa(2048);
  const modulus = (): bigint => BigInt(`0x${toHex(Buffer.from(key.export({ format: "jwk" }).n ?? "", "base64url"))}`);
  // The sum has to fit the length of a signature, which it seldom does for a modulus near 2^2048.
  const limit = 1n << 2048n;
  while (modulus() > (limit / 8n) * 7n) key = rsa(2048);
  for (let round = 0; ; round += 1) {
    const text = toUtf8(`message ${round}`);
    const signature = new Uint8Array(sign("sha256", text, key));
    const sum = BigInt(`0x${toHex(signature)}`) + modulus();
    if (sum >= limit) continue;
    const other = fromHex(sum.toString(16).padStart(512, "0"));
    expect(verifyDigest(publicKeyOf(key), hashOf("sha256", text), signature)).toBe(true);
    expect(verifyDigest(publicKeyOf(key), hashOf("sha256", text), other)).toBe(false);
    expect(verifySignature(publicKeyOf(key), text, other)).toBe(false);
    break;
  }
});

test("Ed25519 signs no digest, and keeps a message only up to a limit", () => {
  const key = publicKeyOf(generateKeyPairSync("ed25519").privateKey);
  expect(() => verifyDigest(key, new Uint8Array(32), new Uint8Array(64))).toThrow(code("bundle/unsupported-key"));
  const verifier = new MessageVerifier(key);
  verifier.update(new Uint8Array(MAX_BUFFERED_BYTES));
  expect(() => verifier.update(new Uint8Array(1))).toThrow(code("bundle/message-too-large"));
});

const spki = der(p256);
const parity = (spki.at(-1) ?? 0) % 2;
const compressed = concat(
  fromHex("3039301306072a8648ce3d020106082a8648ce3d030107032200"),
  Uint8Array.of(0x02 + parity),
  spki.subarray(27, 59),
);
const hybrid = spki.with(26, 0x06 + parity);
const pkcs8 = p256.export({ type: "pkcs8", format: "pem" }).toString();
const pem = formatPem({ label: "PUBLIC KEY", contents: spki });

test.each<[string, string | Uint8Array, FailureCode]>([
  ["nothing", "", "bundle/malformed-key"],
  ["empty DER", new Uint8Array(), "bundle/malformed-key"],
  ["text", "not a key", "bundle/malformed-key"],
  ["bytes that are no UTF-8", Uint8Array.of(0xff, 0xfe), "bundle/malformed-key"],
  ["a private key", pkcs8, "bundle/malformed-key"],
  ["a private key labelled as a public one", pkcs8.replaceAll("PRIVATE", "PUBLIC"), "bundle/malformed-key"],
  ["a certificate's label", pem.replaceAll("PUBLIC KEY", "CERTIFICATE"), "bundle/malformed-key"],
  ["two keys", pem + pem, "bundle/malformed-key"],
  ["DER with a byte more", concat(spki, Uint8Array.of(0)), "bundle/malformed-key"],
  ["DER with a byte less", spki.subarray(0, -1), "bundle/malformed-key"],
  ["a point not on the curve", flip(spki, 90), "bundle/malformed-key"],
  [
    "the point at infinity",
    concat(fromHex("301930130607"), spki.subarray(6, 23), fromHex("03020000")),
    "bundle/malformed-key",
  ],
  ["the compressed form of a good key", compressed, "bundle/malformed-key"],
  ["the hybrid form of a good key", hybrid, "bundle/malformed-key"],
  ["more than a key can have", `${pem}${"\n".repeat(20_000)}`, "bundle/malformed-key"],
  ["another curve", der(ec("secp256k1")), "bundle/unsupported-key"],
  ["a key for key agreement", der(generateKeyPairSync("x25519").privateKey), "bundle/unsupported-key"],
  ["RSA that is too short", der(rsa(1024)), "bundle/unsupported-key"],
  ["RSA of an odd size", der(rsa(2056)), "bundle/unsupported-key"],
  ["RSA with exponent 3", der(rsa(2048, 3)), "bundle/unsupported-key"],
  ["RSA for PSS", der(generateKeyPairSync("rsa-pss", { modulusLength: 2048 }).privateKey), "bundle/unsupported-key"],
])("refuses %s", (_, input, expected) => {
  expect(() => readPublicKey(input)).toThrow(code(expected));
});

function keyOrFailure(input: Uint8Array): void {
  try {
    const key = readPublicKey(input);
    expect(input[0] === 0x30 ? input : parsePem(Buffer.from(input).toString())[0]?.contents).toEqual(key.spki);
  } catch (error) {
    expect(error).toBeInstanceOf(Failure);
  }
}

test("any bytes and any change of a good key are a key or a Failure", () => {
  const seeds = [...PRIVATE.map(([, key]) => der(key)), new TextEncoder().encode(pem)];
  fc.assert(
    fc.property(
      fc.constantFrom(...seeds),
      fc.nat(),
      fc.nat(3),
      fc.uint8Array({ maxLength: 4 }),
      (seed, at, cut, put) => {
        const start = at % (seed.length + 1);
        keyOrFailure(concat(seed.subarray(0, start), put, seed.subarray(start + cut)));
      },
    ),
    { numRuns: 500 },
  );
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => {
      keyOrFailure(bytes);
    }),
  );
});
