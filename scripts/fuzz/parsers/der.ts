import { createPublicKey } from "node:crypto";

import { concat } from "../../../src/bytes/join.ts";
import { formatPem, parsePem } from "../../../src/bytes/pem.ts";
import { toUtf8 } from "../../../src/bytes/utf8.ts";
import { formatPublicKeyPem, readPublicKey } from "../../../src/bundle/key.ts";
import { readEcdsaSignature, writeEcdsaSignature } from "../../../src/der/ecdsa-signature.ts";
import { type DerNode, readDer, writeDer } from "../../../src/der/node.ts";
import { readSpki, writeSpki } from "../../../src/der/spki.ts";
import { testEd25519Key, testKey } from "../../../src/testing/bundles.ts";
import { derMutation } from "../der-mutation.ts";
import { parser, textParser, writesBack } from "../parser.ts";
import { Random } from "../random.ts";

/** A key that nobody knows the private half of, since its modulus is made up. */
const rsa = (): Uint8Array => {
  const modulus = new Random("modulus").bytes(256).fill(0xc1, 0, 1).fill(0x01, 255);
  const jwk = { kty: "RSA", n: Buffer.from(modulus).toString("base64url"), e: "AQAB" };
  const key = createPublicKey({ key: jwk, format: "jwk" });
  return new Uint8Array(key.export({ type: "spki", format: "der" }));
};

const signatures = [
  { r: 1n, s: 1n },
  { r: 2n ** 255n + 7n, s: 2n ** 256n - 3n },
].map(writeEcdsaSignature);
const keys = [testKey().publicKey.spki, testEd25519Key().publicKey.spki, rsa()];
const pems = keys.map((contents) => formatPem({ label: "PUBLIC KEY", contents }));

const rewritten = ({ tag, contents, children }: DerNode): Uint8Array =>
  writeDer(tag, children.length === 0 ? contents : concat(...children.map(rewritten)));

export const parsers = [
  parser({
    name: "der",
    seeds: [...keys, ...signatures],
    mutation: derMutation,
    parse: readDer,
    check: writesBack(rewritten),
  }),
  parser({ name: "spki", seeds: keys, mutation: derMutation, parse: readSpki, check: writesBack(writeSpki) }),
  parser({
    name: "ecdsa signature",
    seeds: signatures,
    mutation: derMutation,
    parse: readEcdsaSignature,
    check: writesBack(writeEcdsaSignature),
  }),
  parser({
    name: "public key der",
    seeds: keys,
    mutation: derMutation,
    parse: readPublicKey,
    check: writesBack(({ spki }) => spki),
  }),
  textParser({
    name: "public key pem",
    seeds: pems,
    parse: readPublicKey,
    check: (key) => {
      const again = readPublicKey(formatPublicKeyPem(key));
      if (again.keyId !== key.keyId) throw new Error("what was accepted and written is read as another key");
    },
  }),
  textParser({
    name: "pem",
    seeds: [...pems, pems.join("\n")],
    parse: (text) => parsePem(text, 4),
    check: (blocks) => {
      const again = parsePem(blocks.map(formatPem).join(""), 4);
      if (!Buffer.from(toUtf8(JSON.stringify(again))).equals(toUtf8(JSON.stringify(blocks)))) {
        throw new Error("what was accepted and written is read as something else");
      }
    },
  }),
];
