import { toBase64 } from "../bytes/base64.ts";
import { toHex } from "../bytes/hex.ts";
import { equalBytes } from "../bytes/join.ts";
import { OIDS, readSpki, writeSpki } from "../der/spki.ts";
import { Failure } from "../failure.ts";
import { type JsonObject } from "../json/json.ts";
import { makeVerifierKey, noteKeyHash, type VerifierKey } from "../note/vkey.ts";
import { type KeyDetails, type PublicKey, readPublicKey } from "./key.ts";
import { originOfUrl, requireFindableOrigin, urlOfOrigin } from "./origin.ts";
import { type Message } from "./protojson.ts";
import { formatTime, readPeriod } from "./time-period.ts";

/** A transparency log that a verifier trusts, and from when to when. */
export interface TrustedLog {
  /** First line of its checkpoints and name of its note key: the host name of {@link baseUrl}. */
  readonly origin: string;
  readonly baseUrl: string;
  /** Note key hash, 32 bytes: names the log in bundles. */
  readonly logId: Uint8Array;
  readonly key: VerifierKey;
  /** First moment the key may be used. Whoever knows a time compares; nothing in this folder does. */
  readonly validFrom: Date;
  /** Last moment the key may be used, itself included; null while there is no end. */
  readonly validTo: Date | null;
  /** Who runs it, null where it is not said. */
  readonly operator: string | null;
}

/** A log just made: what others need to trust it. */
export interface NewLog {
  /** See {@link requireFindableOrigin}. */
  readonly origin: string;
  /** The log's Ed25519 note key, under the name {@link origin}. */
  readonly logKey: VerifierKey;
  readonly validFrom: Date;
}

/** The fields of one of the `tlogs`. */
export const LOG_FIELDS = ["baseUrl", "hashAlgorithm", "publicKey", "logId", "checkpointKeyId", "operator"];
const KEY_FIELDS = ["rawBytes", "keyDetails", "validFor"];
/** The only hash of RFC 6962 trees. */
const TREE_HASH = "SHA2_256";
/** Keys that sign checkpoints, under Sigstore's names. Larger curves are left out: their signed notes differ on the hash. */
const LOG_KEY_DETAILS = ["PKIX_ED25519", "PKIX_ECDSA_P256_SHA_256"] as const satisfies readonly KeyDetails[];

/** Reads one of the `tlogs` of a trusted root. */
export function readTrustedLog(message: Message): TrustedLog {
  message.oneOf("hashAlgorithm", [TREE_HASH]);
  const baseUrl = message.text("baseUrl");
  const origin = originOfUrl(baseUrl);
  if (origin === null) throw message.failure(`has a "baseUrl" that is not a plain http address`);
  const publicKey = message.message("publicKey", KEY_FIELDS);
  const { from, to } = readPeriod(publicKey);
  const key = readLogKey(origin, publicKey);
  const logId = noteKeyHash(origin, key.type, key.publicKey);
  requireLogId(message, "logId", logId, origin);
  // sigstore-go finds a log by logId, sigstore-js by checkpointKeyId: two values would be two logs.
  if (message.has("checkpointKeyId")) requireLogId(message, "checkpointKeyId", logId, origin);
  const operator = message.optionalText("operator");
  return { origin, baseUrl, logId, key, validFrom: from, validTo: to, operator: operator === "" ? null : operator };
}

/**
 * The log as one of the `tlogs` of a trusted root.
 *
 * @throws bundle/unfindable-origin
 * @throws RangeError unless the key is Ed25519 and its name is the origin
 */
export function trustedLogJson({ origin, logKey, validFrom }: NewLog): JsonObject {
  requireFindableOrigin(origin);
  if (logKey.type !== "ed25519" || logKey.name !== origin) {
    throw new RangeError(`the key of ${origin} is Ed25519 under that name, not ${logKey.type} ${logKey.name}`);
  }
  const spki = writeSpki({ algorithm: OIDS.ed25519, parameters: null, publicKey: logKey.publicKey });
  const keyId = toBase64(noteKeyHash(origin, logKey.type, logKey.publicKey));
  return {
    baseUrl: urlOfOrigin(origin),
    hashAlgorithm: TREE_HASH,
    publicKey: {
      rawBytes: toBase64(spki),
      keyDetails: "PKIX_ED25519",
      validFor: { start: formatTime(validFrom) },
    },
    logId: { keyId },
    checkpointKeyId: { keyId },
    operator: origin,
  };
}

function requireLogId(message: Message, name: string, logId: Uint8Array, origin: string): void {
  const keyId = message.message(name, ["keyId"]).hash("keyId");
  if (!equalBytes(keyId, logId)) {
    throw message.failure(`has ${name} ${toHex(keyId)}, want ${toHex(logId)} for its key under the name ${origin}`);
  }
}

function readLogKey(origin: string, message: Message): VerifierKey {
  const keyDetails = message.oneOf("keyDetails", LOG_KEY_DETAILS);
  const key = readKey(message);
  if (key.keyDetails !== keyDetails) throw message.failure(`has a key of kind ${key.keyDetails}, not ${keyDetails}`);
  return keyDetails === "PKIX_ED25519"
    ? makeVerifierKey(origin, "ed25519", readSpki(key.spki).publicKey)
    : makeVerifierKey(origin, "ecdsa", key.spki);
}

function readKey(message: Message): PublicKey {
  try {
    return readPublicKey(message.bytes("rawBytes"));
  } catch (cause) {
    if (!(cause instanceof Failure)) throw cause;
    throw message.failure(`has a key that cannot be used: ${cause.message}`, cause);
  }
}
