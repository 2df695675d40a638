import { generateKeyPairSync } from "node:crypto";
import { beforeAll, describe, expect, test } from "vitest";

import { fromUtf8, toUtf8 } from "../bytes/utf8.ts";
import { type FailureCode } from "../failure.ts";
import { testEd25519Key, testKey } from "../testing/bundles.ts";
import { type Bundle } from "./bundle.ts";
import { type Envelope } from "./envelope.ts";
import { digestFor } from "./hash-algorithm.ts";
import { publicKeyOf } from "./key.ts";
import { pae } from "./pae.ts";
import { bundleOf, signMessage, signStatement } from "./sign.ts";
import { type Signer } from "./signer.ts";
import { type Statement } from "./statement.ts";
import { type Artifact, verifyDsse, verifyMessage } from "./verify.ts";

const STATEMENT: Statement = {
  subjects: [{ digest: { sha256: "ab".repeat(32) } }],
  predicateType: "https://sigstore.dev/cosign/sign/v1",
  predicate: {},
};
const FILE = toUtf8("hello world\n");
const alice = testKey("alice");
const bob = testKey("bob");
const refusal = (code: FailureCode) => expect.objectContaining({ code });

/** A file in parts of two bytes. */
async function* stream(file: Uint8Array): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < file.length; at += 2) yield file.subarray(at, at + 2);
}
const messageOf = async (file: Uint8Array, signer: Signer) =>
  signMessage(digestFor(signer.publicKey, file), await signer.sign(file), signer.publicKey);
/** The bundle's envelope with changes. */
function withEnvelope(bundle: Bundle, changes: Partial<Envelope>): Bundle {
  if (bundle.content.kind !== "dsse") throw new TypeError("not a statement");
  return { ...bundle, content: { kind: "dsse", envelope: { ...bundle.content.envelope, ...changes } } };
}
/** A signed envelope of anything. */
async function envelopeBundle(payloadType: string, payload: Uint8Array): Promise<Bundle> {
  return withEnvelope(bundle, { payloadType, payload, signature: await alice.sign(pae(payloadType, payload)) });
}

let bundle: Bundle;
let fileBundle: Bundle;
beforeAll(async () => {
  bundle = bundleOf(await signStatement(STATEMENT, alice), []);
  fileBundle = bundleOf(await messageOf(FILE, alice), []);
});

describe("verifyDsse", () => {
  test.each([testKey(), testEd25519Key()])("gives back what was signed", async (signer) => {
    const signed = await signStatement(STATEMENT, signer);
    expect(verifyDsse(bundleOf(signed, []), signer.publicKey)).toEqual({
      statement: STATEMENT,
      key: signer.publicKey,
      signature: signed.signature,
      paeDigest: signed.paeDigest,
      bytes: signed.envelope.payload,
    });
  });

  test("reads the payload as it was signed, not as it would be written here", async () => {
    const payload = toUtf8(
      ` {"subject": [{"digest":{"a":"b"}}], "predicateType":"t", "_type": "https://in-toto.io/Statement/v1"}`,
    );
    const { statement, bytes } = verifyDsse(
      await envelopeBundle("application/vnd.in-toto+json", payload),
      alice.publicKey,
    );
    expect(statement.subjects).toEqual([{ digest: { a: "b" } }]);
    expect(bytes).toEqual(payload);
  });

  test("takes no hint for a key", () => {
    const hinted = { ...bundle, material: { kind: "publicKey", hint: bob.publicKey.keyId } } as const;
    expect(verifyDsse(hinted, alice.publicKey).key).toEqual(alice.publicKey);
    expect(() => verifyDsse(hinted, bob.publicKey)).toThrow(refusal("bundle/bad-signature"));
  });

  test.each<[string, FailureCode, () => Bundle | Promise<Bundle>]>([
    ["another payload", "bundle/bad-signature", () => withEnvelope(bundle, { payload: toUtf8("{}") })],
    ["a signature cut short", "bundle/bad-signature", () => withEnvelope(bundle, { signature: Uint8Array.of(48, 0) })],
    [
      "a signed payload that is no statement",
      "bundle/malformed-statement",
      () => envelopeBundle("application/vnd.in-toto+json", FILE),
    ],
    [
      "a statement signed as something else",
      "bundle/wrong-content",
      () => envelopeBundle("text/plain", envelopeOf(bundle).payload),
    ],
    ["a type changed after signing", "bundle/wrong-content", () => withEnvelope(bundle, { payloadType: "text/plain" })],
    ["a signature over a file", "bundle/wrong-content", () => fileBundle],
    [
      "a certificate",
      "bundle/certificate-material",
      () => ({ ...bundle, material: { kind: "certificate", der: Uint8Array.of(48, 0) } }),
    ],
    [
      "a chain",
      "bundle/certificate-material",
      () => ({ ...bundle, material: { kind: "chain", certificates: [Uint8Array.of(48, 0)] } }),
    ],
  ])("refused: %s", async (_, code, make) => {
    const changed = await make();
    expect(() => verifyDsse(changed, alice.publicKey)).toThrow(refusal(code));
  });

  test("a signature over the bare payload is not one over the envelope", async () => {
    const signature = await alice.sign(envelopeOf(bundle).payload);
    expect(() => verifyDsse(withEnvelope(bundle, { signature }), alice.publicKey)).toThrow(
      refusal("bundle/bad-signature"),
    );
  });
});

describe("verifyMessage", () => {
  test.each([testKey(), testEd25519Key()])("takes the file", async (signer) => {
    const signed = await messageOf(FILE, signer);
    expect(await verifyMessage(bundleOf(signed, []), signer.publicKey, stream(FILE))).toEqual({
      kind: "message",
      digest: digestFor(signer.publicKey, FILE),
      signature: signed.signature,
      key: signer.publicKey,
    });
  });

  test("takes the digest alone", async () => {
    const digest = digestFor(alice.publicKey, FILE);
    expect(await verifyMessage(fileBundle, alice.publicKey, { digest })).toMatchObject({ digest });
  });

  test.each<[string, FailureCode, () => Promise<unknown>]>([
    ["another file", "bundle/digest-mismatch", () => verify(fileBundle, stream(toUtf8("hello")))],
    ["an empty file", "bundle/digest-mismatch", () => verify(fileBundle, stream(new Uint8Array()))],
    ["another digest", "bundle/digest-mismatch", () => verify(fileBundle, { digest: new Uint8Array(32) })],
    ["a digest of another length", "bundle/digest-mismatch", () => verify(fileBundle, { digest: new Uint8Array(31) })],
    ["another key's file", "bundle/bad-signature", () => verifyMessage(fileBundle, bob.publicKey, stream(FILE))],
    [
      "another key's digest",
      "bundle/bad-signature",
      () => verifyMessage(fileBundle, bob.publicKey, { digest: digestFor(bob.publicKey, FILE) }),
    ],
    ["a digest by another hash", "bundle/digest-mismatch", () => verifyMessage(fileBundle, p384, stream(FILE))],
    ["a statement", "bundle/wrong-content", () => verify(bundle, stream(FILE))],
    [
      "a certificate",
      "bundle/certificate-material",
      () => verify({ ...fileBundle, material: { kind: "certificate", der: Uint8Array.of(48, 0) } }, stream(FILE)),
    ],
    [
      "an Ed25519 key with a digest alone",
      "bundle/unsupported-key",
      async () => {
        const signer = testEd25519Key();
        const digest = digestFor(signer.publicKey, FILE);
        return verifyMessage(bundleOf(await messageOf(FILE, signer), []), signer.publicKey, { digest });
      },
    ],
  ])("refused: %s", async (_, code, verified) => {
    await expect(verified()).rejects.toThrow(refusal(code));
  });

  test("a bundle that claims the file's digest still needs its signature", async () => {
    const other = toUtf8("other");
    const forged = signMessage(digestFor(alice.publicKey, other), await alice.sign(FILE), alice.publicKey);
    await expect(verify(bundleOf(forged, []), stream(other))).rejects.toThrow(refusal("bundle/bad-signature"));
    await expect(verify(bundleOf(forged, []), { digest: forged.digest })).rejects.toThrow(
      refusal("bundle/bad-signature"),
    );
  });

  test("a statement's signature is none over the file that its encoding is", async () => {
    const encoded = pae("application/vnd.in-toto+json", envelopeOf(bundle).payload);
    const signed = signMessage(digestFor(alice.publicKey, encoded), envelopeOf(bundle).signature, alice.publicKey);
    await expect(verify(bundleOf(signed, []), stream(encoded))).rejects.toThrow(refusal("bundle/pae-shaped"));
    const twin = toUtf8(fromUtf8(encoded).replace("DSSEv1", "DSSEv2"));
    expect(await verify(bundleOf(await messageOf(twin, alice), []), stream(twin))).toMatchObject({ kind: "message" });
  });
});

describe("signStatement", () => {
  test("refuses a signer who answers with another key's signature", async () => {
    const confused: Signer = { ...bob, publicKey: alice.publicKey };
    await expect(signStatement(STATEMENT, confused)).rejects.toThrow(refusal("bundle/bad-signature"));
    await expect(signStatement(STATEMENT, { ...bob, publicKey: bob.publicKey })).resolves.toMatchObject({
      kind: "dsse",
    });
  });
});

test("signMessage takes a digest by the key's hash only", () => {
  expect(() => signMessage(new Uint8Array(48), FILE, alice.publicKey)).toThrow(RangeError);
  expect(signMessage(new Uint8Array(48), FILE, p384).entry.algorithm).toBe("SHA2_384");
});

const p384 = publicKeyOf(generateKeyPairSync("ec", { namedCurve: "P-384" }).publicKey);
const verify = (signed: Bundle, artifact: Artifact) => verifyMessage(signed, alice.publicKey, artifact);
function envelopeOf({ content }: Bundle): Envelope {
  if (content.kind !== "dsse") throw new TypeError("not a statement");
  return content.envelope;
}
