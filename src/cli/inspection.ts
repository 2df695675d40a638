import { parseBundle } from "../bundle/bundle.ts";
import { parseEntryBody } from "../bundle/entry.ts";
import { readPublicKey } from "../bundle/key.ts";
import { parseStatement } from "../bundle/statement.ts";
import { parseTrustedRoot } from "../bundle/trusted-root.ts";
import { toBase64 } from "../bytes/base64.ts";
import { toHex } from "../bytes/hex.ts";
import { fromUtf8 } from "../bytes/utf8.ts";
import { Failure } from "../failure.ts";
import { isJsonObject, type Json } from "../json/json.ts";
import { parseJson } from "../json/parser.ts";
import { parseImageMeasurement } from "../manifest/image-measurement.ts";
import { parseNodeMeasurement } from "../manifest/node-measurement.ts";
import { parseMeasurementStatus } from "../manifest/status.ts";
import { parseNote } from "../note/note.ts";
import { parsePolicy } from "../policy/document.ts";
import { parseCheckpoint } from "../tlog/checkpoint.ts";
import { parseTlogProof } from "../tlog/proof.ts";

/** What a file is, by its own word, and what it says. Nothing in it has been verified. */
export interface Inspection {
  readonly kind: string;
  readonly contents: object;
}

/** Tried in turn; the first that reads the whole file says what it is. */
const READERS: readonly { readonly kind: string; readonly read: (bytes: Uint8Array) => object }[] = [
  { kind: "bundle", read: inspectBundle },
  { kind: "trusted root", read: (bytes) => ({ logs: parseTrustedRoot(bytes).logs.map(plain) }) },
  { kind: "log entry", read: (bytes) => plain(parseEntryBody(bytes)) },
  { kind: "statement", read: (bytes) => plain(parseStatement(bytes)) },
  { kind: "public key", read: (bytes) => plain(readPublicKey(bytes)) },
  { kind: "tlog proof", read: (bytes) => inspectProof(fromUtf8(bytes)) },
  { kind: "checkpoint", read: (bytes) => inspectCheckpoint(fromUtf8(bytes)) },
  { kind: "node measurement", read: (bytes) => parseNodeMeasurement(parseJson(bytes)) },
  { kind: "image measurement", read: (bytes) => parseImageMeasurement(parseJson(bytes)) },
  { kind: "measurement status", read: (bytes) => parseMeasurementStatus(parseJson(bytes)) },
  { kind: "policy", read: (bytes) => parsePolicy(bytes) },
  { kind: "JSON", read: (bytes) => jsonObject(parseJson(bytes)) },
];

/**
 * Says what `bytes` are and what they claim.
 *
 * @throws cli/unknown-kind with what each reader had against them
 */
export function inspect(bytes: Uint8Array): Inspection {
  const reasons: string[] = [];
  for (const { kind, read } of READERS) {
    try {
      return { kind, contents: read(bytes) };
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      reasons.push(`no ${kind}: ${error.message}`);
    }
  }
  throw new Failure("cli/unknown-kind", `not a kind of file that assay knows (${reasons.join("; ")})`);
}

function inspectBundle(bytes: Uint8Array): object {
  const { content, entries, material, mediaType, timestamps } = parseBundle(bytes);
  const said =
    content.kind === "dsse"
      ? { statement: plain(parseStatement(content.envelope.payload)), signature: toBase64(content.envelope.signature) }
      : { message: plain(content) };
  return {
    mediaType,
    material: plain(material),
    ...said,
    entries: entries.map((entry) => ({ ...plain(entry), body: parseJson(entry.body) })),
    timestamps: timestamps.length,
  };
}

function inspectCheckpoint(text: string): object {
  const note = parseNote(text);
  const { origin, treeSize, rootHash, extensions } = parseCheckpoint(note.text);
  const signatures = note.signatures.map(({ name, keyId }) => ({ name, keyId }));
  return { origin, treeSize, rootHash: toHex(rootHash), extensions, signatures };
}

function inspectProof(text: string): object {
  const { index, path, checkpoint } = parseTlogProof(text);
  return { index, path: path.map(toHex), checkpoint: inspectCheckpoint(checkpoint) };
}

function jsonObject(value: Json): object {
  if (isJsonObject(value)) return value;
  throw new Failure("json/malformed", "not an object");
}

/** The value as JSON can say it: bytes in hex, big numbers as text, dates in RFC 3339. */
function plain(value: object): object {
  const text = JSON.stringify(value, (_key, each: unknown) => {
    if (each instanceof Uint8Array) return toHex(each);
    return typeof each === "bigint" ? String(each) : each;
  });
  return jsonObject(parseJson(text));
}
