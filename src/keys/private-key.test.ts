import { createPrivateKey, generateKeyPairSync, type KeyObject } from "node:crypto";

import fc from "fast-check";
import { expect, test, vi } from "vitest";

import { publicKeyOf, verifySignature } from "../bundle/key.ts";
import { concat } from "../bytes/join.ts";
import { formatPem } from "../bytes/pem.ts";
import { toUtf8 } from "../bytes/utf8.ts";
import { Failure, type FailureCode } from "../failure.ts";
import { vectors } from "../testing/vectors.ts";
import { encryptSecret, PRIVATE_KEY_LABEL } from "./encrypted-secret.ts";
import { knownPassword, type PasswordSource } from "./password-source.ts";
import { formatPrivateKey, generateKey, KEY_ALGORITHMS, parsePrivateKey } from "./private-key.ts";
import { localSigner } from "./signer.ts";

const code = (expected: FailureCode) => expect.objectContaining({ code: expected });
const never: PasswordSource = async () => {
  throw new RangeError("a password was asked for");
};
const rsa = generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey;
const p256 = generateKey("ecdsa-p256");
const pem = (key: KeyObject, type: "pkcs8" | "sec1" | "pkcs1"): string =>
  key.export({ type, format: "pem" }).toString();

/** The plain forms a key comes in. */
const PLAIN: readonly (readonly [string, KeyObject, string])[] = [
  ...KEY_ALGORITHMS.map((algorithm) => {
    const key = generateKey(algorithm);
    return [`${algorithm}, PKCS #8`, key, pem(key, "pkcs8")] as const;
  }),
  ["P-256, SEC 1", p256, pem(p256, "sec1")],
  [
    "P-256 after its parameters",
    p256,
    formatPem({ label: "EC PARAMETERS", contents: toUtf8("oid") }) + pem(p256, "sec1"),
  ],
  ["RSA, PKCS #8", rsa, pem(rsa, "pkcs8")],
  ["RSA, PKCS #1", rsa, pem(rsa, "pkcs1")],
];

/** "message!" in two parts that share a buffer, as a stream of a file does. */
async function* parts(): AsyncGenerator<Uint8Array> {
  const chunk = new Uint8Array(4);
  for (const part of ["mess", "age!"]) {
    chunk.set(toUtf8(part));
    yield chunk;
  }
}

test.each(PLAIN)("reads %s, and signs with it at once and in parts", async (_, key, text) => {
  const read = await parsePrivateKey(text, never, "a file");
  expect(read.encrypted).toBe(false);
  const signer = localSigner(read.key);
  expect(signer.publicKey).toEqual(publicKeyOf(key));
  expect(verifySignature(signer.publicKey, toUtf8("message"), await signer.sign(toUtf8("message")))).toBe(true);
  expect(verifySignature(signer.publicKey, toUtf8("message!"), await signer.signStream(parts()))).toBe(true);
});

interface Vector {
  readonly name: string;
  readonly password: string;
  readonly keyId: string;
  readonly file: string;
}

test.each(vectors<Vector>("keys/cosign.json"))("reads an encrypted key: $name", async ({ password, keyId, file }) => {
  const { key, encrypted } = await parsePrivateKey(file, knownPassword(password), "a file");
  expect(publicKeyOf(key).keyId).toBe(keyId);
  expect(encrypted).toBe(true);
});

test("an encrypted key is read back", async () => {
  const { key } = await parsePrivateKey(await formatPrivateKey(p256, "pw"), knownPassword("pw"), "a file");
  expect(key.equals(p256)).toBe(true);
});

test.each([
  ["no key", toUtf8("not a key")],
  ["half a key", new Uint8Array(p256.export({ type: "pkcs8", format: "der" })).subarray(0, 40)],
  ["a key of another form", new Uint8Array(p256.export({ type: "sec1", format: "der" }))],
])("an envelope that opens and holds %s is damaged, not locked", async (_, secret) => {
  const text = await encryptSecret(secret, "pw", PRIVATE_KEY_LABEL);
  await expect(parsePrivateKey(text, knownPassword("pw"), "a file")).rejects.toThrow(code("keys/malformed"));
});

const der = new Uint8Array(p256.export({ type: "pkcs8", format: "der" }));
const other = new Uint8Array(generateKey("ecdsa-p256").export({ type: "pkcs8", format: "der" }));
const beyondOrder = Uint8Array.from(der).fill(0xff, 36, 68);
const POINT_BYTES = 64;
const twoHalves = concat(der.subarray(0, -POINT_BYTES), other.subarray(-POINT_BYTES));

test.each<[string, string, FailureCode]>([
  ["nothing", "", "keys/malformed"],
  ["a public key", formatPem({ label: "PUBLIC KEY", contents: publicKeyOf(p256).spki }), "keys/malformed"],
  ["a certificate", formatPem({ label: "CERTIFICATE", contents: der }), "keys/malformed"],
  ["two keys", pem(p256, "pkcs8") + pem(p256, "pkcs8"), "keys/malformed"],
  ["parameters alone", formatPem({ label: "EC PARAMETERS", contents: der }), "keys/malformed"],
  ["one form under the label of another", pem(p256, "sec1").replaceAll("EC ", ""), "keys/malformed"],
  ["halves of two keys", formatPem({ label: "PRIVATE KEY", contents: twoHalves }), "keys/malformed"],
  [
    "a private half beyond the order of the curve",
    formatPem({ label: "PRIVATE KEY", contents: beyondOrder }),
    "keys/malformed",
  ],
  ["more than a key file can have", `${pem(p256, "pkcs8")}${"\n".repeat(70_000)}`, "keys/malformed"],
  [
    "a key that openssl encrypted",
    p256.export({ type: "pkcs8", format: "pem", cipher: "aes-256-cbc", passphrase: "x" }).toString(),
    "keys/malformed",
  ],
  [
    "a key that openssl encrypted long ago",
    p256.export({ type: "sec1", format: "pem", cipher: "aes-256-cbc", passphrase: "x" }).toString(),
    "keys/malformed",
  ],
  [
    "another curve",
    pem(generateKeyPairSync("ec", { namedCurve: "secp256k1" }).privateKey, "pkcs8"),
    "bundle/unsupported-key",
  ],
  ["a key that cannot sign", pem(generateKeyPairSync("x25519").privateKey, "pkcs8"), "bundle/unsupported-key"],
])("refuses %s", async (_, text, expected) => {
  await expect(parsePrivateKey(text, never, "a file")).rejects.toThrow(code(expected));
});

test("the halves of two keys would sign for nobody", () => {
  expect(createPrivateKey({ key: Buffer.from(twoHalves), type: "pkcs8", format: "der" }).type).toBe("private");
});

test("any text, and any change of a good key, is a key or a Failure", async () => {
  const ask = vi.fn(never).mockRejectedValue(new Failure("keys/no-password", "asked"));
  const keyOrFailure = async (text: string): Promise<void> => {
    try {
      expect((await parsePrivateKey(text, ask, "a file")).key.type).toBe("private");
    } catch (error) {
      expect(error).toBeInstanceOf(Failure);
    }
  };
  await fc.assert(fc.asyncProperty(fc.string({ unit: "binary" }), keyOrFailure));
  const seeds = [...PLAIN.map(([, , text]) => text), ...vectors<Vector>("keys/cosign.json").map(({ file }) => file)];
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...seeds),
      fc.nat(),
      fc.nat(4),
      fc.string({ maxLength: 3 }),
      async (seed, at, cut, put) => {
        const start = at % (seed.length + 1);
        await keyOrFailure(seed.slice(0, start) + put + seed.slice(start + cut));
      },
    ),
    { numRuns: 300 },
  );
  await fc.assert(
    fc.asyncProperty(fc.nat(der.length - 1), fc.nat(255), async (at, byte) => {
      await keyOrFailure(formatPem({ label: "PRIVATE KEY", contents: der.with(at, byte) }));
    }),
    { numRuns: 300 },
  );
});
