/** A policy that uses every field, and the files that it pins; tests change one value of it at a time. */
import { createHash } from "node:crypto";

import { formatPublicKeyPem, type PublicKey } from "../bundle/key.ts";
import { toUtf8 } from "../bytes/utf8.ts";
import { Failure } from "../failure.ts";
import { type Json } from "../json/json.ts";
import { formatVkey } from "../note/vkey.ts";
import { type Policy, readPolicy } from "../policy/policy.ts";
import { MemoryLog, testKey, testWitness } from "./bundles.ts";

const FILES = new Map<string, Uint8Array>();

/** Keeps a file for {@link readTestPolicy}, and says how a policy pins it. */
export function pinFile(file: string, contents: string): { readonly file: string; readonly sha256: string } {
  FILES.set(file, toUtf8(contents));
  return { file, sha256: createHash("sha256").update(contents).digest("hex") };
}

/** Pins a public key; the same name of {@link testKey} gives the same key. */
export const pinKey = (name: string, key: PublicKey = testKey(name).publicKey) =>
  pinFile(`${name}.pub`, formatPublicKeyPem(key));

/** `quorum`: two of the witnesses w1, w2 and w3. */
export const WITNESS_POLICY = [
  ...["w1", "w2", "w3"].map((name) => `witness ${name} ${formatVkey(testWitness(name, 0).key)}\n`),
  "group quorum 2 w1 w2 w3\n",
  "quorum quorum\n",
].join("");

const transparency = { logs: ["log"], witnesses: "quorum", maxCheckpointAge: "7d" };

/**
 * Keys: `alice` and `bob` may sign all but files, `carol` files only. Images of registry.example/acme need a signature, a
 * measurement by alice and an SBOM by either; releases of acme-node a measurement, a status and two registers.
 */
export const POLICY = {
  apiVersion: "assay/v1",
  kind: "AdmissionPolicy",
  name: "prod",
  version: 7,
  notAfter: "2027-06-30T00:00:00Z",
  trust: {
    keys: [
      {
        name: "alice",
        ...pinKey("alice"),
        use: ["image", "measurement", "attestation", "status"],
        notBefore: "2026-01-01T00:00:00Z",
        notAfter: "2027-12-31T00:00:00Z",
      },
      { name: "bob", ...pinKey("bob"), use: ["image", "measurement", "attestation", "status"], notAfter: "never" },
      { name: "carol", ...pinKey("carol"), use: ["blob"], notAfter: "never" },
    ],
    logs: [
      { name: "log", origin: "log.example.com", ...pinFile("log.json", new MemoryLog().trustedRoot) },
      {
        name: "other",
        origin: "other.example.com",
        ...pinFile("other.json", new MemoryLog("other.example.com").trustedRoot),
      },
    ],
    witnesses: pinFile("witnesses.txt", WITNESS_POLICY),
  },
  images: [
    {
      name: "apps",
      match: ["registry.example/acme/**"],
      digest: "required",
      platforms: "index-and-children",
      signatures: { threshold: 1, of: ["alice", "bob"] },
      transparency,
      measurement: { signatures: { threshold: 1, of: ["alice"] } },
      attestations: [
        { predicateType: "https://spdx.dev/Document", signatures: { threshold: 1, of: ["alice", "bob"] } },
      ],
    },
  ],
  nodes: [
    {
      name: "nodes",
      products: ["acme-node"],
      signatures: { threshold: 1, of: ["alice", "bob"] },
      transparency,
      status: { required: true, maxAge: "30d", signatures: { threshold: 1, of: ["alice", "bob"] } },
      minSequence: 40,
      recipeOnly: "deny",
      registers: { tpm2: ["pcr4", "pcr11"] },
    },
  ],
} as const satisfies Json;

/** The file that a policy document is: JSON is YAML. */
export const policyText = (document: Json): Uint8Array => toUtf8(JSON.stringify(document, null, 2));

const READ = new Map<string, Promise<Policy>>();

/** Reads a policy whose files were pinned here; the same document is read once. */
export function readTestPolicy(document: Json): Promise<Policy> {
  const text = JSON.stringify(document);
  const policy = READ.get(text) ?? readPolicy(policyText(document), readPinned);
  READ.set(text, policy);
  return policy;
}

async function readPinned(file: string): Promise<Uint8Array> {
  const contents = FILES.get(file);
  if (contents === undefined) throw new Failure("files/missing", `${file} is not there`);
  return contents;
}
