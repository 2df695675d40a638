import { p256 } from "@noble/curves/nist.js";
import fc from "fast-check";
import { beforeEach, describe, expect, test } from "vitest";

import { equalBytes } from "../bytes/join.ts";
import { toUtf8 } from "../bytes/utf8.ts";
import { readEcdsaSignature, writeEcdsaSignature } from "../der/ecdsa-signature.ts";
import { OIDS, writeSpki } from "../der/spki.ts";
import { Failure, type FailureCode } from "../failure.ts";
import { parseJson } from "../json/parser.ts";
import { asHash, leafHash, nodeHash } from "../merkle/hash.ts";
import { signNote } from "../note/signer.ts";
import { MemoryLog, testEd25519Key, testKey, testWitness } from "../testing/bundles.ts";
import { mutatedJson } from "../testing/mutation.ts";
import { formatBundle, parseBundle } from "./bundle.ts";
import { type EntryBody, entryOf } from "./entry.ts";
import { verifyEntries } from "./inclusion.ts";
import { type PublicKey, readPublicKey, verifySignature } from "./key.ts";
import { type LogEntry, type LogEntryProof } from "./log-entry.ts";
import { pae } from "./pae.ts";
import { bundleOf, type SignedStatement, signStatement } from "./sign.ts";
import { type Statement } from "./statement.ts";
import { verifyDsse } from "./verify.ts";

const STATEMENT: Statement = {
  subjects: [{ digest: { sha256: "ab".repeat(32) } }],
  predicateType: "https://sigstore.dev/cosign/sign/v1",
  predicate: {},
};
const alice = testKey("alice");
const bob = testKey("bob");

let log: MemoryLog;
let signed: SignedStatement;
/** Leaf 2 of 5, alice's: the good entry that every refusal changes in one thing. */
let good: LogEntry;
beforeEach(async () => {
  log = new MemoryLog();
  signed = await signStatement(STATEMENT, alice);
  log.append(Uint8Array.of(0));
  log.append(Uint8Array.of(1));
  log.append(signed.entry);
  log.append(Uint8Array.of(3));
  log.append(Uint8Array.of(4));
  good = log.prove(2);
});

const signedDigest = () => ({ digest: signed.paeDigest, signature: signed.signature, key: signed.key });
const judge = (entries: readonly LogEntry[], logs = [log.trusted]) =>
  verifyEntries(bundleOf(signed, entries), signedDigest(), logs);
/** The code of the only entry's finding, or "included". */
function outcome(entry: LogEntry): FailureCode | "included" | undefined {
  const [finding] = judge([entry]);
  return finding?.outcome === "failed" ? finding.code : finding?.outcome;
}
/** Appends an entry that differs from the one signed. */
const logged = (changes: Partial<EntryBody>): LogEntry => log.append({ ...signed.entry, ...changes });
const proofOf = ({ proof }: LogEntry): LogEntryProof => {
  if (proof === null) throw new TypeError("no proof");
  return proof;
};
const withProof = (changes: Partial<LogEntryProof>): LogEntry => ({ ...good, proof: { ...proofOf(good), ...changes } });

describe("verifyEntries", () => {
  test("finds an entry that the log holds, with the log, the place and the checkpoint", () => {
    const witness = testWitness("w.example.com", 1_800_000_000);
    const [finding] = judge([log.prove(2, 4, [witness])]);
    expect(finding).toMatchObject({ outcome: "included", log: log.trusted, index: 2, treeSize: 4 });
    expect(finding).toMatchObject({ checkpoint: { origin: log.origin, treeSize: 4, note: { signatures: [{}, {}] } } });
  });

  test.each([1, 2, 3, 4, 5])("holds in a tree of %i leaves or refuses", (treeSize) => {
    if (treeSize < 3) expect(() => log.prove(2, treeSize)).toThrow(Failure);
    else expect(outcome(log.prove(2, treeSize))).toBe("included");
  });

  test("of a single leaf needs no path", () => {
    const young = new MemoryLog("young.example.com");
    expect(judge([young.append(signed.entry)], [young.trusted])).toMatchObject([{ outcome: "included", treeSize: 1 }]);
  });

  test("finds entries of Ed25519 keys", async () => {
    signed = await signStatement(STATEMENT, testEd25519Key());
    expect(outcome(log.append(signed.entry))).toBe("included");
  });

  test("finds nothing in a bundle without entries", () => {
    expect(judge([])).toEqual([]);
  });
});

describe("what the log holds", () => {
  test("for another digest is not this signature's entry", () => {
    expect(outcome(logged({ digest: new Uint8Array(32) }))).toBe("bundle/entry-digest-mismatch");
    expect(outcome(logged({}))).toBe("included");
  });

  test("by another key is not the signer's entry", () => {
    expect(outcome(logged({ verifier: entryBy(bob.publicKey).verifier }))).toBe("bundle/entry-key-mismatch");
    expect(outcome(logged({ verifier: entryBy(alice.publicKey).verifier }))).toBe("included");
  });

  test("by another key with its own signature is not the signer's entry", async () => {
    const bobs = await signStatement(STATEMENT, bob);
    expect(outcome(log.append(bobs.entry))).toBe("bundle/entry-key-mismatch");
  });

  test("by a certificate is not the key's entry", () => {
    const verifier = { kind: "x509Certificate", der: alice.publicKey.spki } as const;
    expect(outcome(logged({ verifier }))).toBe("bundle/entry-key-mismatch");
  });

  test("under another kind of key is not the key's entry", async () => {
    signed = await signStatement(STATEMENT, testEd25519Key());
    expect(outcome(logged({ keyDetails: "PKIX_ED25519_PH" }))).toBe("bundle/entry-key-mismatch");
    expect(outcome(logged({ keyDetails: "PKIX_ED25519" }))).toBe("included");
  });

  test("under a key recovered from the signature is not the signer's entry", () => {
    const second = recoveredKey(signed);
    // The attack is real: the same signature over the same bytes verifies under a key that nobody holds.
    expect(verifySignature(second, pae(signed.envelope.payloadType, signed.envelope.payload), signed.signature)).toBe(
      true,
    );
    expect(outcome(log.append(entryBy(second)))).toBe("bundle/entry-key-mismatch");
    expect(outcome(log.append(entryBy(alice.publicKey)))).toBe("included");
  });

  test("with another signature by the same key is not this signature's entry", async () => {
    const again = await signStatement(STATEMENT, alice);
    expect(outcome(log.append(again.entry))).toBe("bundle/entry-signature-mismatch");
  });

  test("with the signature's mirror image is not this signature's entry", () => {
    const { r, s } = readEcdsaSignature(signed.signature);
    const mirrored = writeEcdsaSignature({ r, s: p256.Point.CURVE().n - s });
    expect(verifySignature(alice.publicKey, pae(signed.envelope.payloadType, signed.envelope.payload), mirrored)).toBe(
      true,
    );
    expect(outcome(logged({ signature: mirrored }))).toBe("bundle/entry-signature-mismatch");
  });

  test("that is no entry is refused", () => {
    expect(outcome(log.append(Uint8Array.of(123, 125)))).toBe("bundle/malformed-entry");
  });

  test("is compared with the leaf that is proven, not with a body shown beside it", () => {
    const bobs = logged({ verifier: entryBy(bob.publicKey).verifier });
    expect(outcome({ ...bobs, body: good.body })).toBe("bundle/not-included");
  });
});

describe("a proof", () => {
  const hash = asHash(new Uint8Array(32));

  test.each<[string, FailureCode, () => LogEntry]>([
    ["missing", "bundle/no-inclusion-proof", () => ({ ...good, proof: null })],
    ["replaced by a promise", "bundle/no-inclusion-proof", () => ({ ...good, proof: null, hasPromise: true })],
    ["for another index", "bundle/not-included", () => ({ ...withProof({ index: 3 }), logIndex: 3 })],
    ["for an index beyond the tree", "bundle/not-included", () => ({ ...withProof({ index: 5 }), logIndex: 5 })],
    ["for another index than the entry's", "bundle/not-included", () => ({ ...good, logIndex: 3 })],
    ["for a size of the same path", "bundle/not-included", () => withProof({ treeSize: 6 })],
    ["for another size", "bundle/not-included", () => withProof({ treeSize: 4 })],
    ["for another root", "bundle/not-included", () => withProof({ rootHash: hash })],
    ["a hash short", "bundle/not-included", () => withProof({ path: proofOf(good).path.slice(1) })],
    ["a hash long", "bundle/not-included", () => withProof({ path: [...proofOf(good).path, hash] })],
    ["with a hash changed", "bundle/not-included", () => withProof({ path: [hash, ...proofOf(good).path.slice(1)] })],
    ["out of order", "bundle/not-included", () => withProof({ path: proofOf(good).path.toReversed() })],
    ["without checkpoint", "bundle/bad-checkpoint", () => withProof({ checkpoint: "" })],
    ["with a checkpoint that is no note", "bundle/bad-checkpoint", () => withProof({ checkpoint: "note" })],
    ["with the checkpoint of another size", "bundle/not-included", () => withProof({ checkpoint: log.checkpoint(4) })],
    [
      "with a changed checkpoint",
      "bundle/bad-checkpoint",
      () => withProof({ checkpoint: proofOf(good).checkpoint.replace("\n5\n", "\n6\n") }),
    ],
    [
      "with the checkpoint of another log",
      "bundle/bad-checkpoint",
      () => withProof({ checkpoint: new MemoryLog("other.example.com").checkpoint() }),
    ],
    [
      "with a checkpoint that only a witness signed",
      "bundle/bad-checkpoint",
      () => {
        const text = `${proofOf(good).checkpoint.split("\n\n")[0]}\n`;
        return withProof({ checkpoint: signNote(text, [testWitness("w.example.com", 1)]) });
      },
    ],
    [
      "with another origin under the log's signature",
      "bundle/bad-checkpoint",
      () => {
        const text = `${proofOf(good).checkpoint.split("\n\n")[0]}\n`.replace(log.origin, "other.example.com");
        return withProof({ checkpoint: signNote(text, [log.signer]) });
      },
    ],
  ])("refused: %s", (_, code, entry) => {
    expect(outcome(entry())).toBe(code);
    expect(outcome(good)).toBe("included");
  });

  test("of an inner node does not prove a leaf", () => {
    const forest = new MemoryLog("forest.example.com");
    const [a, b] = [leafHash(Uint8Array.of(0)), leafHash(Uint8Array.of(1))];
    forest.append(Uint8Array.of(0));
    const proof = proofOf(forest.append(Uint8Array.of(1)));
    expect(nodeHash(a, b)).toEqual(proof.rootHash);
    const body = Uint8Array.of(...a, ...b);
    const entry: LogEntry = {
      ...good,
      logId: forest.trusted.logId,
      logIndex: 0,
      proof: { ...proof, index: 0, path: [] },
      body,
    };
    expect(judge([entry], [forest.trusted])).toMatchObject([{ outcome: "failed", code: "bundle/malformed-entry" }]);
  });
});

describe("several entries", () => {
  test("an unknown log spoils none of the others", () => {
    const other = new MemoryLog("other.example.com");
    const foreign = other.append(signed.entry);
    expect(judge([foreign, good])).toMatchObject([
      { outcome: "failed", code: "bundle/unknown-log", logId: other.trusted.logId, index: 0 },
      { outcome: "included" },
    ]);
    expect(judge([foreign, good], [log.trusted, other.trusted])).toMatchObject([
      { outcome: "included", log: other.trusted },
      { outcome: "included", log: log.trusted },
    ]);
  });

  test("a log's entry under the id of another is refused", () => {
    const other = new MemoryLog("other.example.com");
    const borrowed = { ...other.append(signed.entry), logId: log.trusted.logId };
    expect(outcome(borrowed)).toBe("bundle/bad-checkpoint");
  });

  test("the same entry twice counts once", () => {
    expect(judge([good, log.prove(2, 4)])).toMatchObject([
      { outcome: "included" },
      { outcome: "failed", code: "bundle/duplicate-entry" },
    ]);
    expect(judge([good, log.append(signed.entry)])).toMatchObject([{ outcome: "included" }, { outcome: "included" }]);
  });

  test.each([
    ["another kind", { kind: "dsse" }],
    ["another version", { version: "0.0.1" }],
  ])("%s is not supported", (_, changes) => {
    expect(judge([{ ...good, ...changes }, log.append(signed.entry)])).toMatchObject([
      { outcome: "failed", code: "bundle/unsupported-entry" },
      { outcome: "included" },
    ]);
  });
});

test("whatever is changed in a bundle, it fails or says what it said", () => {
  const seed = parseJson(formatBundle(bundleOf(signed, [good])));
  let held = 0;
  fc.assert(
    fc.property(mutatedJson(seed), (value) => {
      try {
        const bundle = parseBundle(toUtf8(JSON.stringify(value)));
        const { statement, paeDigest, signature, key } = verifyDsse(bundle, alice.publicKey);
        expect(statement).toEqual(STATEMENT);
        for (const finding of verifyEntries(bundle, { digest: paeDigest, signature, key }, [log.trusted])) {
          if (finding.outcome === "failed") continue;
          held += 1;
          expect(finding).toMatchObject({ index: 2, treeSize: 5 });
        }
      } catch (error) {
        if (!(error instanceof Failure)) throw error;
      }
    }),
    { numRuns: 1000 },
  );
  // Some changes are harmless: a hint, a duplicate, a field that holds its default.
  expect(held).toBeGreaterThan(0);
});

/** The other key under which an ECDSA signature verifies (SEC 1 §4.1.6): the point from R with its sign turned. */
function recoveredKey({ signature, paeDigest, key }: SignedStatement): PublicKey {
  const parsed = p256.Signature.fromBytes(signature, "der");
  const keys = [0, 1].map((bit) => {
    const point = parsed.addRecoveryBit(bit).recoverPublicKey(paeDigest).toBytes(false);
    return readPublicKey(writeSpki({ algorithm: OIDS.ecPublicKey, parameters: OIDS.p256, publicKey: point }));
  });
  const second = keys.find(({ spki }) => !equalBytes(spki, key.spki));
  if (second === undefined || keys.every(({ keyId }) => keyId !== key.keyId)) throw new RangeError("nothing recovered");
  return second;
}

function entryBy(key: PublicKey): EntryBody {
  return entryOf({ ...signedDigest(), key });
}
