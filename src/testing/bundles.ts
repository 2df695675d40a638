/**
 * Things to verify, for tests: keys, a transparency log in memory, and signed bundles.
 *
 *     const log = new MemoryLog("log.example.com");
 *     const key = testKey("alice");
 *     const signed = await signStatement(statement, key);
 *     const bundle = bundleOf(signed, [log.append(signed.entry)]);
 *     verifyEntries(bundle, { digest: signed.paeDigest, ...signed }, [log.trusted]); // included
 *
 * Keys are made from their names, so that a failing test fails the same way again; ECDSA signatures are still random.
 */
import { createHash, createPrivateKey, type KeyObject, sign } from "node:crypto";

import { p256 } from "@noble/curves/nist.js";

import { concat } from "../bytes/join.ts";
import { toUtf8 } from "../bytes/utf8.ts";
import { type EntryBody, formatEntryBody } from "../bundle/entry.ts";
import { type PublicKey, publicKeyOf } from "../bundle/key.ts";
import { type LogEntry } from "../bundle/log-entry.ts";
import { type Signer } from "../bundle/signer.ts";
import { type TrustedLog } from "../bundle/trusted-log.ts";
import { formatTrustedRoot, parseTrustedRoot } from "../bundle/trusted-root.ts";
import { leafHash } from "../merkle/hash.ts";
import { rootOf } from "../merkle/compact-range.ts";
import { proveInclusion } from "../merkle/inclusion.ts";
import { cosigner, ed25519NoteSigner, type NoteSigner, signNote } from "../note/signer.ts";
import { type VerifierKey } from "../note/vkey.ts";
import { formatCheckpoint } from "../tlog/checkpoint.ts";

/** What a {@link testKey} is: a signer that can be asked for its private key. */
export interface TestKey extends Signer {
  readonly privateKey: KeyObject;
}

/** The start of every test log's validity. */
export const TEST_LOG_START = new Date("2026-01-01T00:00:00Z");

/** An ECDSA P-256 signer; the same name gives the same key. */
export function testKey(name = "alice"): TestKey {
  return signerOf(p256PrivateKey(name));
}

/** An Ed25519 signer; the same name gives the same key. */
export function testEd25519Key(name = "alice"): TestKey {
  return signerOf(ed25519PrivateKey(name));
}

/** A witness's signer at one moment, for {@link MemoryLog.checkpoint}; the same name gives the same key. */
export function testWitness(name: string, time: number): NoteSigner {
  return cosigner(name, "ed25519-cosignature", ed25519PrivateKey(`witness ${name}`), time);
}

/** A transparency log that forgets everything: its leaves are an array, its checkpoints are signed on demand. */
export class MemoryLog {
  readonly origin: string;
  readonly signer: NoteSigner;
  /** Text of a `trusted_root.json` that trusts this log alone. */
  readonly trustedRoot: string;
  /** This log as a verifier that read {@link trustedRoot} has it. */
  readonly trusted: TrustedLog;
  readonly #leaves: Uint8Array[] = [];

  /** @param origin  a bare host name; the same one gives the same Ed25519 key */
  constructor(origin = "log.example.com") {
    this.origin = origin;
    this.signer = ed25519NoteSigner(origin, ed25519PrivateKey(`log ${origin}`));
    this.trustedRoot = formatTrustedRoot({ origin, logKey: this.signer.key, validFrom: TEST_LOG_START });
    const [trusted] = parseTrustedRoot(toUtf8(this.trustedRoot)).logs;
    if (trusted === undefined) throw new RangeError("a trusted root without a log");
    this.trusted = trusted;
  }

  get key(): VerifierKey {
    return this.signer.key;
  }

  get treeSize(): number {
    return this.#leaves.length;
  }

  /**
   * Adds a leaf and proves it in the tree that ends with it.
   *
   * @param body       an entry, or the bytes of a leaf whatever they are
   * @param witnesses  whose cosignatures the checkpoint carries
   */
  append(body: EntryBody | Uint8Array, witnesses: readonly NoteSigner[] = []): LogEntry {
    this.#leaves.push(body instanceof Uint8Array ? body : formatEntryBody(body));
    return this.prove(this.#leaves.length - 1, this.#leaves.length, witnesses);
  }

  /** The entry of leaf `index` with its proof in the tree of the first `treeSize` leaves. */
  prove(index: number, treeSize = this.treeSize, witnesses: readonly NoteSigner[] = []): LogEntry {
    const body = this.#leaves[index];
    if (body === undefined) throw new RangeError(`there is no leaf ${index}`);
    const { path } = proveInclusion(index, treeSize, (level, at) => this.#node(level, at));
    return {
      logId: this.trusted.logId,
      logIndex: index,
      kind: "hashedrekord",
      version: "0.0.2",
      integratedTime: 0n,
      hasPromise: false,
      proof: {
        index,
        treeSize,
        rootHash: this.#root(treeSize),
        path,
        checkpoint: this.checkpoint(treeSize, witnesses),
      },
      body,
    };
  }

  /** The signed note for the tree of the first `treeSize` leaves, cosigned by `witnesses`. */
  checkpoint(treeSize = this.treeSize, witnesses: readonly NoteSigner[] = []): string {
    const { origin } = this;
    const text = formatCheckpoint({ origin, treeSize, rootHash: this.#root(treeSize), extensions: [] });
    return signNote(text, [this.signer, ...witnesses]);
  }

  #root(treeSize: number) {
    return rootOf(this.#leaves.slice(0, treeSize).map(leafHash));
  }

  /** A perfect subtree is a tree of its own leaves. */
  #node(level: number, index: number) {
    const width = 2 ** level;
    return rootOf(this.#leaves.slice(index * width, (index + 1) * width).map(leafHash));
  }
}

function signerOf(privateKey: KeyObject): TestKey {
  const publicKey: PublicKey = publicKeyOf(privateKey);
  const digest = privateKey.asymmetricKeyType === "ed25519" ? null : "sha256";
  const signBytes = async (message: Uint8Array) => new Uint8Array(sign(digest, message, privateKey));
  return {
    privateKey,
    publicKey,
    sign: signBytes,
    async signStream(parts) {
      const kept: Uint8Array[] = [];
      for await (const part of parts) kept.push(part.slice());
      return signBytes(concat(...kept));
    },
  };
}

function p256PrivateKey(name: string): KeyObject {
  // A seed of 48 bytes becomes a scalar without bias; noble has no other use here than to find the point.
  const { secretKey, publicKey } = p256.keygen(createHash("sha384").update(`p256 ${name}`).digest());
  const point = p256.Point.fromBytes(publicKey).toBytes(false);
  const jwk = { d: toBase64Url(secretKey), x: toBase64Url(point.subarray(1, 33)), y: toBase64Url(point.subarray(33)) };
  return createPrivateKey({ key: { kty: "EC", crv: "P-256", ...jwk }, format: "jwk" });
}

const toBase64Url = (bytes: Uint8Array): string => Buffer.from(bytes).toString("base64url");

function ed25519PrivateKey(name: string): KeyObject {
  const seed = createHash("sha256").update(`ed25519 ${name}`).digest();
  // RFC 8410 §7: PKCS #8 of an Ed25519 seed.
  const prefix = Buffer.from("302e020100300506032b657004220420", "hex");
  return createPrivateKey({ key: Buffer.concat([prefix, seed]), format: "der", type: "pkcs8" });
}
