import { formatNote, parseNote } from "../../../src/note/note.ts";
import { cosigner, signNote } from "../../../src/note/signer.ts";
import { formatVkey, makeVerifierKey, parseVkey } from "../../../src/note/vkey.ts";
import { MemoryLog, testEd25519Key, testKey, testWitness } from "../../../src/testing/bundles.ts";
import { textParser, writesTextBack } from "../parser.ts";
import { Random } from "../random.ts";

const log = new MemoryLog();
log.append(Buffer.from("an entry"));
const notes = [
  log.checkpoint(),
  log.checkpoint(1, [testWitness("w1", 1_700_000_000), testWitness("w2", 1)]),
  signNote("Any text\u2014\u00e9.\n\nTwo paragraphs.\n", [
    cosigner("w", "ed25519-cosignature", testEd25519Key().privateKey, 1),
  ]),
];
const mlDsa = makeVerifierKey("w.example/ml-dsa", "ml-dsa-44-cosignature", new Random("ml-dsa").bytes(1312));
const ecdsa = makeVerifierKey("log.example", "ecdsa", testKey().publicKey.spki);

export const parsers = [
  textParser({ name: "note", seeds: notes, parse: parseNote, check: writesTextBack(formatNote) }),
  textParser({
    name: "vkey",
    seeds: [log.key, testWitness("w1", 0).key, mlDsa, ecdsa].map(formatVkey),
    parse: parseVkey,
    check: writesTextBack(formatVkey),
  }),
];
