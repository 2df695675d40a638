import fc from "fast-check";
import { describe, expect, test, vi } from "vitest";

import { fromBase64, toBase64 } from "../bytes/base64.ts";
import { formatPem, parsePem } from "../bytes/pem.ts";
import { fromUtf8, toUtf8 } from "../bytes/utf8.ts";
import { Failure, type FailureCode } from "../failure.ts";
import { vectors } from "../testing/vectors.ts";
import { decryptSecret, encryptSecret, PRIVATE_KEY_LABEL, PRIVATE_KEY_LABELS } from "./encrypted-secret.ts";
import { knownPassword } from "./password-source.ts";

const SEED_LABEL = "ENCRYPTED TEST SEED";
const code = (expected: FailureCode) => expect.objectContaining({ code: expected });
const seed = new Uint8Array(32).fill(7);
const text = await encryptSecret(seed, "right", SEED_LABEL);

/** Fails as a person would who sees the prompt: so a test can tell "whole, and asks" from "refused before". */
const ASKED = new Failure("keys/no-password", "asked");
const ask = vi.fn(async (): Promise<string> => {
  throw ASKED;
});
const open = (input: string, label = SEED_LABEL): Promise<Uint8Array> => decryptSecret(input, ask, [label], "a file");

describe("a secret", () => {
  test("is opened with its password", async () => {
    expect(await decryptSecret(text, knownPassword("right"), [SEED_LABEL], "a file")).toEqual(seed);
  });

  test("is not opened with another, and the message names the file", async () => {
    const failure = decryptSecret(text, knownPassword("Right"), [SEED_LABEL], "a file");
    await expect(failure).rejects.toThrow(code("keys/wrong-password"));
    await expect(failure).rejects.toThrow("a file");
  });

  test("may have the empty password, and then has no other", async () => {
    const unprotected = await encryptSecret(seed, "", SEED_LABEL);
    expect(await decryptSecret(unprotected, knownPassword(""), [SEED_LABEL], "a file")).toEqual(seed);
    await expect(decryptSecret(unprotected, knownPassword("x"), [SEED_LABEL], "a file")).rejects.toThrow(
      code("keys/wrong-password"),
    );
  });

  test("never looks the same twice", async () => {
    expect(await encryptSecret(seed, "right", SEED_LABEL)).not.toBe(text);
  });

  test("is not opened under another label, whatever the password", async () => {
    const renamed = text.replaceAll(SEED_LABEL, PRIVATE_KEY_LABEL);
    await expect(open(renamed)).rejects.toThrow(code("keys/malformed"));
    await expect(open(renamed, PRIVATE_KEY_LABEL)).rejects.toBe(ASKED);
  });
});

interface Vector {
  readonly name: string;
  readonly password: string;
  readonly file: string;
}

test.each(vectors<Vector>("keys/cosign.json"))("opens what securesystemslib wrote: $name", async (vector) => {
  const { password, file } = vector;
  const der = await decryptSecret(file, knownPassword(password), PRIVATE_KEY_LABELS, "a file");
  expect(der[0]).toBe(0x30);
  await expect(decryptSecret(file, knownPassword(`${password}.`), PRIVATE_KEY_LABELS, "a file")).rejects.toThrow(
    code("keys/wrong-password"),
  );
});

const json = fromUtf8(parsePem(text)[0]?.contents ?? new Uint8Array());
const withJson = (changed: string): string => formatPem({ label: SEED_LABEL, contents: toUtf8(changed) });
const edit = (from: string | RegExp, to: string): string => {
  const changed = json.replace(from, to);
  if (changed === json) throw new RangeError(`nothing to change: ${String(from)}`);
  return withJson(changed);
};

test.each([
  ["as it was written", text],
  ["with white space in the JSON", edit("{", "{ \n")],
  ["with members in another order", edit(/^\{(.*),("ciphertext":"[^"]*")\}$/, "{$2,$1}")],
  ["with the lowest cost", edit('"N":65536', '"N":32768')],
  ["with the highest cost", edit('"N":65536', '"N":131072')],
])("is whole %s", async (_, input) => {
  await expect(open(input)).rejects.toBe(ASKED);
});

test.each([
  ["nothing", ""],
  ["no PEM", json],
  ["PEM cut short", text.slice(0, -40)],
  ["two blocks", text + text],
  ["a letter that is not base64", text.replace("\ney", "\n!y")],
  ["more than a key file can have", `${text}${"\n".repeat(70_000)}`],
  ["no JSON", withJson("secret")],
  ["JSON of another kind", withJson("[]")],
  ["a member too many", edit(/\}$/, ',"x":1}')],
  ["a member twice", edit('"r":8', '"r":8,"r":8')],
  ["no ciphertext", edit(/,"ciphertext":"[^"]*"/, "")],
  ["a ciphertext that is a number", edit(/"ciphertext":"[^"]*"/, '"ciphertext":1')],
  ["a ciphertext shorter than its tag", edit(/"ciphertext":"[^"]*"/, '"ciphertext":"AAAA"')],
  ["a salt of 31 bytes", edit(/"salt":"[^"]*"/, `"salt":"${Buffer.alloc(31).toString("base64")}"`)],
  ["a nonce of 23 bytes", edit(/"nonce":"[^"]*"/, `"nonce":"${Buffer.alloc(23).toString("base64")}"`)],
  ["base64url", edit(/"nonce":"[^"]*"/, `"nonce":"${"-".repeat(32)}"`)],
  ["another derivation", edit('"scrypt"', '"pbkdf2"')],
  ["another cipher", edit("nacl/secretbox", "aes-256-gcm")],
  ["a cost too low", edit('"N":65536', '"N":16384')],
  ["a cost that would take all memory", edit('"N":65536', '"N":1073741824')],
  ["a cost in words", edit('"N":65536', '"N":"65536"')],
  ["another block size", edit('"r":8', '"r":16')],
  ["another parallelization", edit('"p":1', '"p":2')],
])("is refused before a password is asked for: %s", async (_, input) => {
  ask.mockClear();
  await expect(open(input)).rejects.toThrow(code("keys/malformed"));
  expect(ask).not.toHaveBeenCalled();
});

test("one bit of the ciphertext changed does not open", async () => {
  const ciphertext = fromBase64(/"ciphertext":"([^"]*)"/.exec(json)?.[1] ?? "");
  const turned = ciphertext.with(20, (ciphertext[20] ?? 0) ^ 1);
  const damaged = edit(/"ciphertext":"[^"]*"/, `"ciphertext":"${toBase64(turned)}"`);
  await expect(decryptSecret(damaged, knownPassword("right"), [SEED_LABEL], "a file")).rejects.toThrow(
    code("keys/wrong-password"),
  );
});

async function asksOrFails(input: string): Promise<void> {
  await expect(open(input)).rejects.toBeInstanceOf(Failure);
}

test("any text, and any change of a good file, asks for a password or is a Failure", async () => {
  await fc.assert(fc.asyncProperty(fc.string({ unit: "binary" }), asksOrFails));
  await fc.assert(
    fc.asyncProperty(fc.nat(text.length), fc.nat(6), fc.string({ maxLength: 4 }), async (at, cut, put) => {
      await asksOrFails(text.slice(0, at) + put + text.slice(at + cut));
    }),
  );
  await fc.assert(
    fc.asyncProperty(fc.nat(json.length), fc.nat(6), fc.string({ maxLength: 4 }), async (at, cut, put) => {
      await asksOrFails(withJson(json.slice(0, at) + put + json.slice(at + cut)));
    }),
    { numRuns: 300 },
  );
});
