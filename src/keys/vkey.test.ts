import { generateKeyPairSync } from "node:crypto";

import { expect, test } from "vitest";

import { publicKeyOf, readPublicKey } from "../bundle/key.ts";
import { fromBase64 } from "../bytes/base64.ts";
import { fromHex } from "../bytes/hex.ts";
import { concat } from "../bytes/join.ts";
import { vkeyOf } from "./vkey.ts";

test("an Ed25519 key under the name of a log", () => {
  // RFC 8032's public key for the seed of 32 bytes 0x01, and the vkey that sumdb/note makes of it.
  const raw = fromBase64("iojj3XQJ8ZX9UtstPLpdcspnCb8dlBIb83SIAbQPb1w=");
  const key = readPublicKey(concat(fromHex("302a300506032b6570032100"), raw));
  expect(vkeyOf(key, "log.example.com")).toBe("log.example.com+04603546+AYqI4910CfGV/VLbLTy6XXLKZwm/HZQSG/N0iAG0D29c");
});

test("the key id of an ECDSA key is that of its SPKI, whatever the name", () => {
  const key = publicKeyOf(generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey);
  expect(vkeyOf(key, "x").split("+")[1]).toBe(key.keyId.slice(0, 8));
});

test("refuses RSA, and a name that is none", () => {
  const rsa = publicKeyOf(generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey);
  expect(() => vkeyOf(rsa, "x")).toThrow(expect.objectContaining({ code: "bundle/unsupported-key" }));
  const key = publicKeyOf(generateKeyPairSync("ed25519").privateKey);
  expect(() => vkeyOf(key, "two words")).toThrow(expect.objectContaining({ code: "note/malformed-vkey" }));
});
