import { readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { Check } from "typebox/schema";
import { beforeAll, expect, test } from "vitest";

import { readPublicKey } from "../../src/bundle/key.ts";
import { REPORTS } from "../../src/cli/schema.ts";
import { generateKey } from "../../src/keys/private-key.ts";
import { assay } from "../../src/testing/assay.ts";
import { temporaryDirectory } from "../../src/testing/temporary.ts";

const cwd = temporaryDirectory();
const env = { ASSAY_PASSWORD: "right" };
beforeAll(async () => {
  expect(await assay(["key", "create", "--out", "made"], { cwd, env })).toMatchObject({ status: 0, stderr: "" });
});

/** The report of a run that succeeds and says nothing on the side, checked against its schema. */
async function report(name: keyof typeof REPORTS, argv: readonly string[], more = {}): Promise<unknown> {
  const { status, stdout } = await assay([...name.split(" "), ...argv, "--json"], { cwd, env, ...more });
  const json: unknown = JSON.parse(stdout);
  expect({ status, fits: Check(REPORTS[name], json) }).toEqual({ status: 0, fits: true });
  return json;
}

test("create writes two files and says which", async () => {
  const { stdout } = await assay(["key", "create"], { cwd, env });
  const { keyId } = readPublicKey(readFileSync(join(cwd, "assay.pub")));
  expect(stdout).toBe(`assay.key: ECDSA P-256 private key, encrypted\nassay.pub: public key, id ${keyId}\n`);
  expect(statSync(join(cwd, "assay.key")).mode % 0o1000).toBe(0o600);
});

test("create warns of what cosign does not do with the key", async () => {
  const { status, stderr } = await assay(["key", "create", "--out", "ed", "--algorithm", "ed25519"], { cwd, env });
  expect({ status, stderr }).toEqual({ status: 0, stderr: expect.stringMatching(/^warning: Rekor v2/) });
});

test("create never writes over a key", async () => {
  const before = readFileSync(join(cwd, "made.key"), "utf8");
  const { status, stderr } = await assay(["key", "create", "--out", "made"], { cwd, env });
  expect({ status, stderr }).toEqual({ status: 6, stderr: expect.stringContaining("files/exists") });
  expect(readFileSync(join(cwd, "made.key"), "utf8")).toBe(before);
});

test.each([
  ["no password at all", { argv: ["--out", "none"] }, 5, "keys/no-password"],
  ["an algorithm that is none", { argv: ["--algorithm", "dsa"] }, 2, "usage"],
  ["a directory that is not there", { argv: ["--out", "absent/x"], env }, 7, "files/unwritable"],
])("create with %s is refused", async (_, { argv = [], env }: { argv?: string[]; env?: object }, status, code) => {
  const outcome = await assay(["key", "create", "--json", ...argv], { cwd, env: { ...env } });
  expect(outcome).toMatchObject({ status, stderr: "" });
  expect(JSON.parse(outcome.stdout)).toMatchObject({ error: { code } });
});

test("every report fits its schema", async () => {
  await report("key create", ["--out", "json"]);
  await report("key show", ["made.pub"]);
  writeFileSync(join(cwd, "plain.pem"), generateKey("ed25519").export({ type: "pkcs8", format: "pem" }), {
    mode: 0o600,
  });
  await report("key import", ["plain.pem", "--out", "imported"]);
  await report("key passwd", ["json.key"], { env: { ...env, ASSAY_NEW_PASSWORD: "new" } });
});

test("show says the same of both halves, and reads a password from standard input", async () => {
  const open = await report("key show", ["made.pub"]);
  const locked = await report("key show", ["made.key", "--password-stdin"], { env: {}, stdin: "right\n" });
  expect(locked).toEqual({ ...Object(open), file: "made.key", kind: "private", encrypted: true });
});

test("show prints a verifier key under a name", async () => {
  const { stdout } = await assay(["key", "show", "made.pub", "--name", "example.com/w1"], { cwd });
  expect(stdout).toMatch(/^vkey: example\.com\/w1\+[0-9a-f]{8}\+A[A-Za-z0-9+/]+=*$/m);
});

test.each([
  ["a wrong password", "made.key", "wrong", 4, "keys/wrong-password"],
  ["a damaged file", "damaged.key", "right", 4, "keys/malformed"],
  ["neither kind of key", "notes.txt", "right", 4, "bundle/malformed-key"],
  ["no file", "absent.key", "right", 5, "files/missing"],
])("show with %s exits for that", async (_, file, password, status, code) => {
  writeFileSync(join(cwd, "damaged.key"), readFileSync(join(cwd, "made.key"), "utf8").replace("\ney", "\neY"));
  writeFileSync(join(cwd, "notes.txt"), "not a key");
  const outcome = await assay(["key", "show", file], { cwd, env: { ASSAY_PASSWORD: password } });
  expect(outcome).toMatchObject({ status, stdout: "", stderr: expect.stringContaining(code) });
});

test("a password is nowhere in what is printed", async () => {
  const outcomes = [
    await assay(["key", "show", "made.key"], { cwd, env: { ASSAY_PASSWORD: "hunter2" } }),
    await assay(["key", "create", "--out", "made"], { cwd, env: { ASSAY_PASSWORD: "hunter2" } }),
    await assay(["key", "show", "made.key", "--password-stdin"], { cwd, stdin: "hunter2" }),
  ];
  expect(outcomes.map(({ status }) => status)).toEqual([4, 6, 4]);
  expect(JSON.stringify(outcomes)).not.toContain("hunter2");
});

test("passwd changes the password, and import takes only plain keys", async () => {
  await assay(["key", "create", "--out", "turn"], { cwd, env });
  const changed = await assay(["key", "passwd", "turn.key", "--password-stdin"], { cwd, stdin: "right\nnew\n" });
  expect(changed).toMatchObject({ status: 0, stdout: "turn.key: encrypted under the new password\n" });
  expect(await assay(["key", "show", "turn.key"], { cwd, env })).toMatchObject({ status: 4 });
  expect(await assay(["key", "show", "turn.key"], { cwd, env: { ASSAY_PASSWORD: "new" } })).toMatchObject({
    status: 0,
  });
  const imported = await assay(["key", "import", "turn.key", "--out", "again"], { cwd, env });
  expect(imported).toMatchObject({ status: 4, stderr: expect.stringContaining("encrypted already") });
});

test("passwd wants a new password, not the old one twice", async () => {
  const { status, stderr } = await assay(["key", "passwd", "made.key"], { cwd, env });
  expect({ status, stderr }).toEqual({ status: 5, stderr: expect.stringContaining("ASSAY_NEW_PASSWORD") });
});
