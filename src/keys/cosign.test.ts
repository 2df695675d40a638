import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { expect, test } from "vitest";

import { formatPublicKeyPem, keyHint, verifySignature } from "../bundle/key.ts";
import { fromBase64 } from "../bytes/base64.ts";
import { cosign, describeCosign } from "../testing/cosign.ts";
import { temporaryDirectory } from "../testing/temporary.ts";
import { createKey, importKey, readPublicKeyFile, readSigner } from "./key-file.ts";
import { knownPassword } from "./password-source.ts";
import { generateKey, KEY_ALGORITHMS } from "./private-key.ts";

/** The signing config of somebody who wants a signature and no services. */
const NO_SERVICES = {
  mediaType: "application/vnd.dev.sigstore.signingconfig.v0.2+json",
  rekorTlogConfig: {},
  tsaConfig: {},
};
const NO_ROOTS = { mediaType: "application/vnd.dev.sigstore.trustedroot+json;version=0.1" };

interface MessageBundle {
  readonly verificationMaterial: { readonly publicKey: { readonly hint: string } };
  readonly messageSignature: { readonly signature: string };
}

describeCosign()("cosign", () => {
  const directory = temporaryDirectory();
  const inDirectory = (name: string): string => join(directory, name);
  writeFileSync(inDirectory("services.json"), JSON.stringify(NO_SERVICES));
  writeFileSync(inDirectory("roots.json"), JSON.stringify(NO_ROOTS));
  writeFileSync(inDirectory("blob"), "a blob");

  test.each(KEY_ALGORITHMS)("opens a key that was created here: %s", async (algorithm) => {
    const { publicFile } = await createKey(inDirectory(algorithm), algorithm, knownPassword("pässwörd"));
    expect(cosign(directory, "pässwörd", "public-key", "--key", `${algorithm}.key`).trim()).toBe(
      readFileSync(publicFile, "utf8").trim(),
    );
    expect(() => cosign(directory, "other", "public-key", "--key", `${algorithm}.key`)).toThrow("decrypt");
  });

  test.each([
    ["ecdsa-p256", "sha256"],
    ["ecdsa-p384", "sha384"],
    ["ecdsa-p521", "sha512"],
  ] as const)("and signs with it: %s", async (algorithm, digest) => {
    const { publicKey } = await createKey(inDirectory(`signs-${algorithm}`), algorithm, knownPassword("pw"));
    const key = ["--key", `signs-${algorithm}.key`, "--signing-config", "services.json", "--yes"];
    cosign(directory, "pw", "sign-blob", ...key, "--bundle", "bundle.json", "blob");
    const bundle: MessageBundle = JSON.parse(readFileSync(inDirectory("bundle.json"), "utf8"));
    const signature = fromBase64(bundle.messageSignature.signature);
    expect(verifySignature(publicKey, readFileSync(inDirectory("blob")), signature)).toBe(true);
    expect(bundle.verificationMaterial.publicKey.hint).toBe(keyHint(publicKey));
    const verification = ["--bundle", "bundle.json", "--trusted-root", "roots.json", "--insecure-ignore-tlog", "blob"];
    const told = ["--key", `signs-${algorithm}.pub`, "--signature-digest-algorithm", digest];
    cosign(directory, "pw", "verify-blob", ...told, ...verification);
  });

  test("opens a key with the empty password", async () => {
    await createKey(inDirectory("empty"), "ecdsa-p256", knownPassword(""));
    expect(cosign(directory, "", "public-key", "--key", "empty.key")).toContain("PUBLIC KEY");
  });

  test("makes keys that are opened here", async () => {
    cosign(directory, "pw", "generate-key-pair", "--output-key-prefix", "theirs");
    const signer = await readSigner(inDirectory("theirs.key"), knownPassword("pw"));
    expect(await readPublicKeyFile(inDirectory("theirs.pub"))).toEqual(signer.publicKey);
    expect(formatPublicKeyPem(signer.publicKey)).toBe(readFileSync(inDirectory("theirs.pub"), "utf8"));
  });

  test("imports a plain key as it is imported here", async () => {
    const pem = generateKey("ecdsa-p256").export({ type: "sec1", format: "pem" });
    writeFileSync(inDirectory("plain.pem"), pem, { mode: 0o600 });
    cosign(directory, "pw", "import-key-pair", "--key", "plain.pem", "--output-key-prefix", "imported", "--yes");
    const { publicKey } = await readSigner(inDirectory("imported.key"), knownPassword("pw"));

    const ours = await importKey(inDirectory("plain.pem"), inDirectory("here"), knownPassword("pw"));
    expect(ours.publicKey).toEqual(publicKey);
    expect(await readPublicKeyFile(inDirectory("imported.pub"))).toEqual(publicKey);
  });
});
