import { toUtf8 } from "../../../src/bytes/utf8.ts";
import { type Bundle, formatBundle, parseBundle } from "../../../src/bundle/bundle.ts";
import { formatEntryBody, parseEntryBody } from "../../../src/bundle/entry.ts";
import { formatEnvelope, parseEnvelope } from "../../../src/bundle/envelope.ts";
import { formatLogEntry, type LogEntry, parseLogEntry } from "../../../src/bundle/log-entry.ts";
import { bundleOf, signMessage, signStatement } from "../../../src/bundle/sign.ts";
import { formatStatement, parseStatement, type Statement } from "../../../src/bundle/statement.ts";
import { parseTrustedRoot } from "../../../src/bundle/trusted-root.ts";
import { writeEcdsaSignature } from "../../../src/der/ecdsa-signature.ts";
import { MemoryLog, testEd25519Key, testKey, testWitness } from "../../../src/testing/bundles.ts";
import { hashOf, IMAGE_PREDICATE } from "../../../src/testing/manifests.ts";
import { jsonMutation } from "../json-mutation.ts";
import { parser, readsBack, writesBack } from "../parser.ts";
import { Random } from "../random.ts";

const statement: Statement = {
  subjects: [
    { name: "registry.example/app", digest: { sha256: hashOf("a"), sha512: "ab".repeat(64) }, annotations: { a: "b" } },
    { digest: { sha256: hashOf("b") } },
  ],
  predicateType: "https://sigstore.dev/cosign/sign/v1",
  predicate: { name: "a", list: [1, null] },
};
const log = new MemoryLog();
log.append(toUtf8("an entry"));
// Ed25519, since ECDSA would make other seeds each time; what is said to be of an ECDSA key is made up.
const signed = await signStatement(statement, testEd25519Key());
const made = signMessage(
  new Random("digest").bytes(32),
  writeEcdsaSignature({ r: 7n, s: 2n ** 255n }),
  testKey().publicKey,
);
const entries = [log.append(signed.entry), log.append(made.entry, [testWitness("w1", 1_700_000_000)])];
const [first = log.prove(0)] = entries;
const bundles: readonly Bundle[] = [
  bundleOf(signed, entries),
  {
    ...bundleOf(made, [{ ...first, proof: null, integratedTime: 1_700_000_000n }]),
    timestamps: [Uint8Array.of(0x30, 0)],
  },
  { ...bundleOf(made, []), material: { kind: "certificate", der: testKey().publicKey.spki } },
];
const { content } = bundleOf(signed, []);
const envelope = content.kind === "dsse" ? [toUtf8(formatEnvelope(content.envelope))] : [];
const promised = formatLogEntry(first).replace("{", '{"inclusionPromise":{"signedEntryTimestamp":"AA=="},');

const notPromised = (parsed: readonly LogEntry[]): boolean => parsed.every(({ hasPromise }) => !hasPromise);
const bundleReadsBack = readsBack(formatBundle, parseBundle);
const entryReadsBack = readsBack(formatLogEntry, parseLogEntry);

export const parsers = [
  parser({
    name: "statement",
    seeds: [formatStatement(statement), formatStatement({ ...statement, predicate: IMAGE_PREDICATE })],
    mutation: jsonMutation,
    parse: parseStatement,
    check: readsBack(formatStatement, parseStatement),
  }),
  parser({
    name: "envelope",
    seeds: envelope,
    mutation: jsonMutation,
    parse: parseEnvelope,
    check: readsBack(formatEnvelope, parseEnvelope),
  }),
  parser({
    name: "entry body",
    seeds: [signed.entry, made.entry].map(formatEntryBody),
    mutation: jsonMutation,
    parse: parseEntryBody,
    check: writesBack(formatEntryBody),
  }),
  parser({
    name: "log entry",
    seeds: [...entries.map(formatLogEntry), promised].map(toUtf8),
    mutation: jsonMutation,
    parse: parseLogEntry,
    check: (entry) => {
      if (!entry.hasPromise) entryReadsBack(entry);
    },
  }),
  parser({
    name: "bundle",
    seeds: bundles.map((bundle) => toUtf8(formatBundle(bundle))),
    mutation: jsonMutation,
    parse: parseBundle,
    // Those of older forms and those with promises are kept as bytes, and never written.
    check: (bundle) => {
      const isOurs = bundle.mediaType === bundles[0]?.mediaType && bundle.material.kind !== "chain";
      if (isOurs && notPromised(bundle.entries)) bundleReadsBack(bundle);
    },
  }),
  parser({
    name: "trusted root",
    seeds: [toUtf8(log.trustedRoot), toUtf8(new MemoryLog("other.example").trustedRoot)],
    mutation: jsonMutation,
    parse: parseTrustedRoot,
  }),
];
