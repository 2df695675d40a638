import { chmodSync, existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { expect, test, vi } from "vitest";

import { verifySignature } from "../bundle/key.ts";
import { toUtf8 } from "../bytes/utf8.ts";
import { type FailureCode } from "../failure.ts";
import { temporaryDirectory } from "../testing/temporary.ts";
import { changePassword, createKey, importKey, readEitherKey, readPublicKeyFile, readSigner } from "./key-file.ts";
import { knownPassword, type PasswordSource } from "./password-source.ts";
import { generateKey } from "./private-key.ts";

const code = (expected: FailureCode) => expect.objectContaining({ code: expected });
const modeOf = (path: string): string => (statSync(path).mode % 0o1000).toString(8);
const right = knownPassword("right");
const directory = temporaryDirectory();
const made = await createKey(join(directory, "made"), "ecdsa-p256", right);

/** A plain key in a file of its own. */
function plainFile(mode: number): string {
  const path = join(temporaryDirectory(), "plain.pem");
  writeFileSync(path, generateKey("ed25519").export({ type: "pkcs8", format: "pem" }), { mode });
  chmodSync(path, mode);
  return path;
}

test("creates a private file for its owner and a public one for everybody", async () => {
  expect(made).toMatchObject({ privateFile: join(directory, "made.key"), publicFile: join(directory, "made.pub") });
  expect([modeOf(made.privateFile), modeOf(made.publicFile)]).toEqual(["600", "644"]);
  expect(await readPublicKeyFile(made.publicFile)).toEqual(made.publicKey);
  expect(made.notes).toEqual([]);
});

test("a signer from the file signs for the public one", async () => {
  const signer = await readSigner(made.privateFile, right);
  expect(signer).toMatchObject({ publicKey: made.publicKey, encrypted: true, notes: [] });
  expect(verifySignature(made.publicKey, toUtf8("m"), await signer.sign(toUtf8("m")))).toBe(true);
});

test.each(["key", "pub"])("never writes over an existing .%s, and asks for nothing first", async (extension) => {
  const prefix = join(temporaryDirectory(), "taken");
  writeFileSync(`${prefix}.${extension}`, "precious");
  const password = vi.fn<PasswordSource>(right);
  await expect(createKey(prefix, "ecdsa-p256", password)).rejects.toThrow(code("files/exists"));
  expect(readFileSync(`${prefix}.${extension}`, "utf8")).toBe("precious");
  expect(existsSync(`${prefix}.${extension === "key" ? "pub" : "key"}`)).toBe(false);
  expect(password).not.toHaveBeenCalled();
});

test("a directory that is not there is said to be", async () => {
  await expect(createKey(join(directory, "absent/k"), "ecdsa-p256", right)).rejects.toThrow(code("files/unwritable"));
});

test("notes what other tools do not do with a kind of key", async () => {
  const { notes } = await createKey(join(directory, "p384"), "ecdsa-p384", right);
  expect(notes).toEqual([expect.stringContaining("cosign")]);
});

test("imports a plain key, whose id stays the same, and leaves it alone", async () => {
  const path = plainFile(0o600);
  const before = readFileSync(path, "utf8");
  const { publicKey, privateFile } = await importKey(path, join(directory, "imported"), right);
  expect(publicKey).toEqual((await readSigner(path, right)).publicKey);
  expect((await readSigner(privateFile, right)).publicKey).toEqual(publicKey);
  expect(readFileSync(path, "utf8")).toBe(before);
});

test("does not import what is encrypted already", async () => {
  const attempt = importKey(made.privateFile, join(directory, "again"), right);
  await expect(attempt).rejects.toThrow(code("keys/malformed"));
  await expect(attempt).rejects.toThrow("encrypted already");
});

test("a plain key is used only where its owner alone may read it", async () => {
  const closed = await readSigner(plainFile(0o600), right);
  expect(closed).toMatchObject({ encrypted: false, notes: [expect.stringContaining("is not encrypted")] });
  await expect(readSigner(plainFile(0o640), right)).rejects.toThrow(code("keys/too-open"));
  await expect(readSigner(plainFile(0o604), right)).rejects.toThrow(code("keys/too-open"));
});

test("an encrypted key that others may read is used, and noted", async () => {
  const path = join(temporaryDirectory(), "shared.key");
  writeFileSync(path, readFileSync(made.privateFile));
  chmodSync(path, 0o644);
  expect((await readSigner(path, right)).notes).toEqual([expect.stringContaining("others than its owner")]);
});

test("changes the password in place, and the old one opens no more", async () => {
  const { privateFile, publicKey } = await createKey(join(directory, "changed"), "ecdsa-p256", right);
  expect(await changePassword(privateFile, right, knownPassword("new"))).toEqual(publicKey);
  expect(modeOf(privateFile)).toBe("600");
  expect((await readSigner(privateFile, knownPassword("new"))).publicKey).toEqual(publicKey);
  await expect(readSigner(privateFile, right)).rejects.toThrow(code("keys/wrong-password"));
});

test("a wrong old password changes nothing", async () => {
  const before = readFileSync(made.privateFile, "utf8");
  await expect(changePassword(made.privateFile, knownPassword("wrong"), right)).rejects.toThrow(
    code("keys/wrong-password"),
  );
  expect(readFileSync(made.privateFile, "utf8")).toBe(before);
});

test("a plain key gets a password", async () => {
  const path = plainFile(0o600);
  await changePassword(path, right, knownPassword("new"));
  expect(await readSigner(path, knownPassword("new"))).toMatchObject({ encrypted: true });
});

test("tells private files from public ones", async () => {
  expect(await readEitherKey(made.privateFile, right)).toMatchObject({ kind: "private", encrypted: true });
  expect(await readEitherKey(made.publicFile, right)).toMatchObject({ kind: "public", encrypted: null });
  const derFile = join(directory, "public.der");
  writeFileSync(derFile, made.publicKey.spki);
  expect(await readEitherKey(derFile, right)).toMatchObject({ kind: "public", publicKey: made.publicKey });
});

test.each<[string, Uint8Array, FailureCode]>([
  ["bytes", Uint8Array.of(0xff, 0x00), "keys/malformed"],
  ["text", toUtf8("not a key"), "keys/malformed"],
  ["an endless file", new Uint8Array(70_000).fill(0x41), "files/too-large"],
])("%s in a key file is refused", async (_, contents, expected) => {
  const path = join(temporaryDirectory(), "bad.key");
  writeFileSync(path, contents, { mode: 0o600 });
  await expect(readSigner(path, right)).rejects.toThrow(code(expected));
});

test("a file that is not there is missing", async () => {
  await expect(readSigner(join(directory, "absent.key"), right)).rejects.toThrow(code("files/missing"));
});
