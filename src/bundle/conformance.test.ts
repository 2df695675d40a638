import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

import { expect, test } from "vitest";

import { Failure, type FailureCode } from "../failure.ts";
import { testKey } from "../testing/bundles.ts";
import { describeVectors, VECTORS } from "../testing/require.ts";
import { type Bundle, parseBundle } from "./bundle.ts";
import { type EntryBody, formatEntryBody, parseEntryBody } from "./entry.ts";
import { hashBytes } from "./hash-algorithm.ts";
import { verifyEntries, verifyEntry } from "./inclusion.ts";
import { readPublicKey } from "./key.ts";
import { pae } from "./pae.ts";
import { parseStatement } from "./statement.ts";
import { parseTrustedRoot } from "./trusted-root.ts";
import { verifyMessage } from "./verify.ts";

const ROOT = join(VECTORS, "sigstore-conformance/bundle-verify");
const CASES = existsSync(ROOT)
  ? readdirSync(ROOT).filter((name) => existsSync(join(ROOT, name, "bundle.sigstore.json")))
  : [];
const WITH_ROOT = CASES.filter((name) => existsSync(join(ROOT, name, "trusted_root.json")));
const read = (name: string, file: string): Uint8Array => new Uint8Array(readFileSync(join(ROOT, name, file)));
const bundleOf = (name: string): Bundle => parseBundle(read(name, "bundle.sigstore.json"));
const logsOf = (name: string) => parseTrustedRoot(read(name, "trusted_root.json")).logs;
const keyOf = (name: string) => readPublicKey(read(name, "key.pub"));
const artifact = (): Uint8Array => new Uint8Array(readFileSync(join(ROOT, "a.txt")));
async function* stream(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

/** What is refused for its form; everything else in the suite is well-formed, and wrong in what it claims. */
const MALFORMED: Readonly<Record<string, FailureCode>> = {
  "bundle-empty-certificate-chain_fail": "bundle/malformed",
  "bundle-invalid-base64-signature_fail": "bundle/malformed",
  "bundle-malformed-json_fail": "bundle/malformed",
  "bundle-negative-log-index_fail": "bundle/malformed-entry",
  "bundle-unknown-version_fail": "bundle/malformed",
  // Its timestamp is base64 in lines.
  "rekor2-timestamp-with-incorrect-time_fail": "bundle/malformed",
};

/** What a log's part of a Rekor v2 bundle comes to; "included" for all that is not here. */
const REFUSED: Readonly<Record<string, FailureCode>> = {
  "rekor2-checkpoint-missing-log-signature_fail": "bundle/bad-checkpoint",
  "rekor2-checkpoint-missing-origin_fail": "bundle/bad-checkpoint",
  "rekor2-checkpoint-missing-root-hash_fail": "bundle/bad-checkpoint",
  "rekor2-checkpoint-missing-size_fail": "bundle/bad-checkpoint",
  "rekor2-checkpoint-no-matching-signature_fail": "bundle/bad-checkpoint",
  "rekor2-dsse-invalid-sig_fail": "bundle/entry-signature-mismatch",
  "rekor2-dsse-mismatch-envelope_fail": "bundle/entry-digest-mismatch",
  "rekor2-dsse-mismatch-sig_fail": "bundle/entry-signature-mismatch",
  "rekor2-no-inclusion-proof_fail": "bundle/no-inclusion-proof",
};

/** The entry for what the bundle says of itself: by its certificate, which nobody has verified here. */
function claimedEntry({ content, material }: Bundle): EntryBody {
  if (material.kind !== "certificate") throw new TypeError("no certificate");
  const verifier = { kind: "x509Certificate", der: material.der } as const;
  const common = { algorithm: "SHA2_256", verifier, keyDetails: "PKIX_ECDSA_P256_SHA_256" } as const;
  if (content.kind === "message") return { ...common, digest: content.digest, signature: content.signature };
  const { payloadType, payload, signature } = content.envelope;
  return { ...common, digest: hashBytes("SHA2_256", pae(payloadType, payload)), signature };
}

describeVectors("sigstore-conformance")("the bundles of sigstore-conformance", () => {
  test("are all here", () => {
    expect(CASES).toHaveLength(70);
  });

  test.each(CASES)("%s parses, or is refused for its form", (name) => {
    const code = MALFORMED[name];
    if (code === undefined) expect(bundleOf(name).entries).toHaveLength(1);
    else expect(() => bundleOf(name)).toThrow(expect.objectContaining({ code }));
  });

  test.each(CASES.filter((name) => !(name in MALFORMED)))("%s holds a statement, or a file's signature", (name) => {
    const { content } = bundleOf(name);
    if (content.kind === "dsse") expect(parseStatement(content.envelope.payload).subjects).toHaveLength(1);
    else expect(content.digest).toHaveLength(32);
  });

  test.each(WITH_ROOT)("the trusted root of %s parses, or lacks a start", (name) => {
    if (name === "trust-root-tlog-missing-validity-start_fail") {
      expect(() => logsOf(name)).toThrow(expect.objectContaining({ code: "bundle/malformed-trusted-root" }));
    } else {
      expect(logsOf(name).length).toBeGreaterThan(0);
    }
  });

  test("the public-good instance has its two logs", () => {
    expect(
      logsOf("trust-root-tlog-validity-end-inclusive").map(({ origin, key }) => [origin, key.type, key.keyId]),
    ).toEqual([
      ["rekor.sigstore.dev", "ecdsa", "c0d23d6a"],
      ["log2025-1.rekor.sigstore.dev", "ed25519", "cf119915"],
    ]);
  });
});

describeVectors("sigstore-conformance")("bundles of managed keys", () => {
  const NAMES = ["managed-key-happy-path", "managed-key-and-trusted-root"];

  test.each(NAMES)("%s verifies the file", async (name) => {
    const verified = await verifyMessage(bundleOf(name), keyOf(name), stream(artifact()));
    expect(verified.digest).toEqual(hashBytes("SHA2_256", artifact()));
  });

  test.each(NAMES)("%s verifies the digest", async (name) => {
    const digest = hashBytes("SHA2_256", artifact());
    await expect(verifyMessage(bundleOf(name), keyOf(name), { digest })).resolves.toMatchObject({ digest });
  });

  test("managed-key-wrong-key_fail has no key at all", () => {
    expect(() => keyOf("managed-key-wrong-key_fail")).toThrow(
      expect.objectContaining({ code: "bundle/malformed-key" }),
    );
  });

  test("another key is refused", async () => {
    const verified = verifyMessage(bundleOf("managed-key-happy-path"), testKey().publicKey, stream(artifact()));
    await expect(verified).rejects.toThrow(expect.objectContaining({ code: "bundle/bad-signature" }));
  });

  test("a certificate is not verified by a key", async () => {
    const bundle = bundleOf("happy-path-v0.3-new-mediaType");
    await expect(verifyMessage(bundle, keyOf("managed-key-happy-path"), stream(artifact()))).rejects.toThrow(
      expect.objectContaining({ code: "bundle/certificate-material" }),
    );
  });

  test("their entries of Rekor v1 are not supported yet", async () => {
    const name = "managed-key-and-trusted-root";
    const signed = await verifyMessage(bundleOf(name), keyOf(name), stream(artifact()));
    expect(verifyEntries(bundleOf(name), signed, logsOf(name))).toMatchObject([
      { outcome: "failed", code: "bundle/unsupported-entry" },
    ]);
  });
});

describeVectors("sigstore-conformance")("entries of Rekor v2", () => {
  const entries = CASES.filter((name) => name.startsWith("rekor2-") && !(name in MALFORMED));

  test.each(entries)("%s has a body that is read as it is written", (name) => {
    const body = bundleOf(name).entries[0]?.body ?? new Uint8Array();
    expect(formatEntryBody(parseEntryBody(body))).toEqual(body);
  });

  test.each(entries)("%s", (name) => {
    const bundle = bundleOf(name);
    const [entry] = bundle.entries;
    if (entry === undefined) throw new TypeError("no entry");
    let outcome: string = "included";
    try {
      expect(verifyEntry(entry, claimedEntry(bundle), logsOf(name)).index).toBe(entry.logIndex);
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      outcome = error.code;
    }
    expect(outcome).toBe(REFUSED[name] ?? "included");
  });
});
