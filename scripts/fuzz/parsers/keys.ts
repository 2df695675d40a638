import { formatPem } from "../../../src/bytes/pem.ts";
import { toUtf8 } from "../../../src/bytes/utf8.ts";
import { PRIVATE_KEY_LABEL } from "../../../src/keys/encrypted-secret.ts";
import { parsePrivateKey } from "../../../src/keys/private-key.ts";
import { testEd25519Key, testKey } from "../../../src/testing/bundles.ts";
import { jsonMutation } from "../json-mutation.ts";
import { type Mutate, parser } from "../parser.ts";
import { Random } from "../random.ts";

const random = new Random("key file");
const base64 = (length: number): string => Buffer.from(random.bytes(length)).toString("base64");
const secret = toUtf8(
  JSON.stringify({
    kdf: { name: "scrypt", params: { N: 65_536, r: 8, p: 1 }, salt: base64(32) },
    cipher: { name: "nacl/secretbox", nonce: base64(24) },
    ciphertext: base64(150),
  }),
);
const armoured = (contents: Uint8Array): Uint8Array => toUtf8(formatPem({ label: PRIVATE_KEY_LABEL, contents }));
const plain = [testKey(), testEd25519Key()].map(({ privateKey }) =>
  toUtf8(privateKey.export({ type: "pkcs8", format: "pem" }).toString()),
);

/** Edits the JSON inside the armour. */
const secretMutation = (): Mutate => {
  const edit = jsonMutation([secret]);
  return (chance) => armoured(edit(chance, secret));
};

/** The file is whole once its password is asked for: what scrypt costs is not spent here. */
const ASKED = new Error("the password was asked for");
const parse = async (input: Uint8Array): Promise<void> => {
  try {
    const asked = (): never => {
      throw ASKED;
    };
    await parsePrivateKey(new TextDecoder().decode(input), asked, "the key");
  } catch (error) {
    if (error !== ASKED) throw error;
  }
};

export const parsers = [
  parser({ name: "key file encrypted", seeds: [armoured(secret)], mutation: secretMutation, parse }),
  parser({ name: "key file", seeds: [armoured(secret), ...plain], parse }),
];
