import { toBase64 } from "../bytes/base64.ts";
import { type FailureCode } from "../failure.ts";
import { type Json, type JsonObject } from "../json/json.ts";
import { Message, type Place, readDocument } from "./protojson.ts";

/** A DSSE v1 envelope with its one signature. */
export interface Envelope {
  /** Media type of {@link payload}; not empty. */
  readonly payloadType: string;
  /** The bytes that were signed, by way of their pre-authentication encoding. */
  readonly payload: Uint8Array;
  readonly signature: Uint8Array;
}

const CODE: FailureCode = "bundle/malformed-envelope";

/**
 * Reads an envelope from its JSON text.
 *
 * @throws bundle/malformed-envelope also for none or several signatures: one signature is one log entry
 */
export function parseEnvelope(bytes: Uint8Array): Envelope {
  const place = { code: CODE, path: "the envelope" };
  return readEnvelope(readDocument(bytes, place), place);
}

/** JSON text of an envelope; the inverse of {@link parseEnvelope}, but for a key id, which is neither kept nor written. */
export const formatEnvelope = (envelope: Envelope): string => JSON.stringify(envelopeJson(envelope));

/** {@link parseEnvelope} of what stands in a larger document. */
export function readEnvelope(value: Json | undefined, { path }: { readonly path: string }): Envelope {
  const place: Place = { code: CODE, path };
  const message = new Message(value, place, ["payload", "payloadType", "signatures"]);
  const [signature, ...more] = message.messages("signatures", Number.MAX_SAFE_INTEGER, ["sig", "keyid"]);
  if (signature === undefined || more.length > 0) {
    throw message.failure(`has ${signature === undefined ? 0 : 1 + more.length} signatures, not 1`);
  }
  // A claim about who signed: of the right type, and of no further use.
  signature.optionalText("keyid");
  return {
    payloadType: message.text("payloadType"),
    payload: message.bytes("payload"),
    signature: signature.bytes("sig"),
  };
}

/** The envelope as JSON, without a key id: sigstore-go skips signatures whose id is not its own name for the key. */
export function envelopeJson({ payload, payloadType, signature }: Envelope): JsonObject {
  return { payload: toBase64(payload), payloadType, signatures: [{ sig: toBase64(signature) }] };
}
