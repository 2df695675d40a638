import { createPrivateKey } from "node:crypto";

import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { fromBase64 } from "../bytes/base64.ts";
import { fromHex } from "../bytes/hex.ts";
import { concat } from "../bytes/join.ts";
import { toUtf8 } from "../bytes/utf8.ts";
import { Failure } from "../failure.ts";
import { asHash, EMPTY_ROOT, leafHash } from "../merkle/hash.ts";
import { ed25519NoteSigner, signNote } from "../note/signer.ts";
import { parseVkey } from "../note/vkey.ts";
import { vectors } from "../testing/vectors.ts";
import { formatTlogProof, parseTlogProof, verifyTlogProof } from "./proof.ts";

interface ProofVector {
  readonly name: string;
  readonly text: string;
  readonly entry: string;
  readonly index: number;
  /** base64, or null where there is no such line. */
  readonly extra: string | null;
  readonly pathLength: number;
}

const all = vectors<ProofVector>("tlog/proofs.json");
const logKey = parseVkey("log.example.com+04603546+AYqI4910CfGV/VLbLTy6XXLKZwm/HZQSG/N0iAG0D29c");
const GOOD = all[0]?.text ?? "";
const [HASH = ""] = /^9xW.*$/m.exec(GOOD) ?? [];

describe("proofs made elsewhere", () => {
  test.each(all)("$name", ({ text, entry, index, extra, pathLength }) => {
    const proof = parseTlogProof(text);
    expect(proof.index).toBe(index);
    expect(proof.path).toHaveLength(pathLength);
    expect(proof.extra).toEqual(extra === null ? null : fromBase64(extra));
    expect(formatTlogProof(proof)).toBe(text);
    const { origin, treeSize, note } = verifyTlogProof(leafHash(toUtf8(entry)), proof, logKey);
    expect({ origin, treeSize, lines: note.signatures.length }).toEqual({ origin: logKey.name, treeSize: 5, lines: 2 });
  });
});

describe("what a proof does not prove", () => {
  const leaf = leafHash(toUtf8("three"));
  const proof = parseTlogProof(GOOD);
  const other = parseVkey("log2025-1.rekor.sigstore.dev+cf119915+AbfK5adZJxsI323FwGD2AJJ9F4i89cfDuLdGJBIYntuO");

  test.each([
    ["another entry", { leaf: leafHash(toUtf8("four")) }, "merkle/root-mismatch"],
    ["another place", { proof: { ...proof, index: 3 } }, "merkle/root-mismatch"],
    ["a place beyond the log's end", { proof: { ...proof, index: 5 } }, "merkle/index-out-of-range"],
    ["anything with a path too short", { proof: { ...proof, path: proof.path.slice(1) } }, "merkle/proof-length"],
    ["anything of another log", { key: other }, "note/unknown-key"],
    [
      "anything with the log's signature spoilt",
      { proof: { ...proof, checkpoint: proof.checkpoint.replace("BGA1Rn", "BGA1Rm") } },
      "note/bad-signature",
    ],
  ])("%s", (_, changed, code) => {
    const given = { leaf, proof, key: logKey, ...changed };
    expect(() => verifyTlogProof(given.leaf, given.proof, given.key)).toThrow(expect.objectContaining({ code }));
  });
});

describe("refusals", () => {
  test("the twin of what follows is accepted", () => expect(parseTlogProof(GOOD).index).toBe(2));

  const paths = (count: number) => GOOD.replace(HASH, Array.from({ length: count }, () => HASH).join("\n"));

  test.each([
    ["nothing", ""],
    ["another version", GOOD.replace("@v1", "@v2")],
    ["a byte-order mark", `\ufeff${GOOD}`],
    ["CRLF", GOOD.replaceAll("\n", "\r\n")],
    ["no index", GOOD.replace("index 2\n", "")],
    ["two indexes", GOOD.replace("index 2\n", "index 2\nindex 2\n")],
    ["an index with a leading zero", GOOD.replace("index 2", "index 02")],
    ["a negative index", GOOD.replace("index 2", "index -2")],
    ["a fraction for an index", GOOD.replace("index 2", "index 2.0")],
    ["hexadecimal", GOOD.replace("index 2", "index 0x2")],
    ["an index above 2^53", GOOD.replace("index 2", "index 9007199254740992")],
    ["an index above u64", GOOD.replace("index 2", "index 18446744073709551616")],
    ["two spaces", GOOD.replace("index 2", "index  2")],
    ["an index after the path", GOOD.replace(`index 2\n${HASH}\n`, `${HASH}\nindex 2\n`)],
    ["extra bytes after the index", GOOD.replace("index 2\n", "index 2\nextra AAAA\n")],
    ["extra bytes twice", GOOD.replace("index", "extra AAAA\nextra AAAA\nindex")],
    ["extra bytes that are not base64", GOOD.replace("index", "extra ____\nindex")],
    ["extra without a space", GOOD.replace("index", "extra\nindex")],
    ["a hash of 64 bytes", GOOD.replace(HASH, `${"A".repeat(86)}==`)],
    ["a hash with spare bits", GOOD.replace("M2o=", "M2p=")],
    ["URL-safe base64", GOOD.replace("+5", "-5")],
    ["a space before a hash", GOOD.replace(HASH, ` ${HASH}`)],
    ["no empty line", GOOD.replace("\n\n", "\n")],
    ["two empty lines", GOOD.replace("\n\n", "\n\n\n")],
    ["no checkpoint", GOOD.slice(0, GOOD.indexOf("\n\n") + 2)],
    ["a checkpoint without signatures", GOOD.slice(0, GOOD.lastIndexOf("\n\n") + 1)],
    ["a note that is no checkpoint", GOOD.replace("\n5\n", "\n05\n")],
    ["bytes after the checkpoint", `${GOOD}\n`],
    ["a checkpoint without its end", GOOD.trimEnd()],
    ["more hashes than a tree is high", paths(62)],
    ["a proof that is too long", `${GOOD}${"x".repeat(2 * 1024 * 1024)}`],
  ])("%s", (_, text) => {
    expect(() => parseTlogProof(text)).toThrow(expect.objectContaining({ code: "tlog/malformed-proof" }));
  });

  test("a path may have 63 hashes", () => expect(parseTlogProof(paths(61)).path).toHaveLength(63));
  test("and none", () => {
    const bare = `c2sp.org/tlog-proof@v1\nindex 0\n\n${GOOD.slice(GOOD.indexOf("\n\n") + 2)}`;
    expect(parseTlogProof(bare).path).toHaveLength(0);
  });
});

const parse = (text: string) => {
  try {
    expect(formatTlogProof(parseTlogProof(text))).toBe(text);
  } catch (error) {
    expect(error).toBeInstanceOf(Failure);
  }
};

test("any text is a proof or a Failure", () => {
  const by = fc.oneof(
    fc.string({ unit: "binary", maxLength: 2 }),
    fc.constantFrom("\n", "\n\n", "=", "index ", "extra "),
  );
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), fc.constantFrom(...all), fc.nat(), by, (random, { text }, at, by) => {
      parse(random);
      parse(`c2sp.org/tlog-proof@v1\n${random}`);
      const place = at % text.length;
      parse(text.slice(0, place) + by + text.slice(place + 1));
    }),
    { numRuns: 500 },
  );
});

test("parse is the inverse of format", () => {
  const pkcs8 = concat(fromHex("302e020100300506032b657004220420"), fromHex("01".repeat(32)));
  const signer = ed25519NoteSigner("log", createPrivateKey({ key: Buffer.from(pkcs8), format: "der", type: "pkcs8" }));
  const checkpoint = signNote(`log\n5\n${HASH}\n`, [signer]);
  const path = fc.array(fc.uint8Array({ minLength: 32, maxLength: 32 }).map(asHash), { maxLength: 63 });
  const extra = fc.option(fc.uint8Array());
  fc.assert(
    fc.property(extra, fc.maxSafeNat(), path, (extra, index, path) => {
      const proof = { extra, index, path, checkpoint };
      expect(parseTlogProof(formatTlogProof(proof))).toEqual(proof);
    }),
  );
  expect(() => parseTlogProof(formatTlogProof({ extra: null, index: -1, path: [EMPTY_ROOT], checkpoint }))).toThrow(
    Failure,
  );
});
