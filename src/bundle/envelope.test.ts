import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { toUtf8 } from "../bytes/utf8.ts";
import { Failure } from "../failure.ts";
import { type Json } from "../json/json.ts";
import { mutatedBytes, mutatedJson } from "../testing/mutation.ts";
import { type Envelope, formatEnvelope, parseEnvelope } from "./envelope.ts";

const ENVELOPE: Envelope = { payloadType: "t", payload: Uint8Array.of(1, 2), signature: Uint8Array.of(3) };
const JSON_ENVELOPE = { payload: "AQI=", payloadType: "t", signatures: [{ sig: "Aw==" }] } as const;
const parseJsonOf = (value: Json) => parseEnvelope(toUtf8(JSON.stringify(value)));

describe("an envelope", () => {
  test("is written without a key id", () => {
    expect(JSON.parse(formatEnvelope(ENVELOPE))).toEqual(JSON_ENVELOPE);
  });

  test.each<[string, Json]>([
    ["as written", JSON_ENVELOPE],
    ["an empty key id", { ...JSON_ENVELOPE, signatures: [{ sig: "Aw==", keyid: "" }] }],
    ["somebody's key id", { ...JSON_ENVELOPE, signatures: [{ sig: "Aw==", keyid: "SHA256:x" }] }],
  ])("accepted: %s", (_, value) => {
    expect(parseJsonOf(value)).toEqual(ENVELOPE);
  });

  test.each<[string, Json]>([
    ["no signature", { ...JSON_ENVELOPE, signatures: [] }],
    ["two signatures", { ...JSON_ENVELOPE, signatures: [{ sig: "Aw==" }, { sig: "BA==" }] }],
    ["the same signature twice", { ...JSON_ENVELOPE, signatures: [{ sig: "Aw==" }, { sig: "Aw==" }] }],
    ["signatures that are an object", { ...JSON_ENVELOPE, signatures: { sig: "Aw==" } }],
    ["an empty signature", { ...JSON_ENVELOPE, signatures: [{ sig: "" }] }],
    ["a signature without padding", { ...JSON_ENVELOPE, signatures: [{ sig: "Aw" }] }],
    ["a signature with spare bits", { ...JSON_ENVELOPE, signatures: [{ sig: "Ax==" }] }],
    ["a payload in base64 of URLs", { ...JSON_ENVELOPE, payload: "_-8=" }],
    ["a payload with white space", { ...JSON_ENVELOPE, payload: "AQ I=" }],
    ["no payload", { ...JSON_ENVELOPE, payload: null }],
    ["no payload type", { ...JSON_ENVELOPE, payloadType: "" }],
    ["a key id that is a number", { ...JSON_ENVELOPE, signatures: [{ sig: "Aw==", keyid: 1 }] }],
    ["an unknown field", { ...JSON_ENVELOPE, created: "now" }],
    ["an unknown field of the signature", { ...JSON_ENVELOPE, signatures: [{ sig: "Aw==", cert: "" }] }],
    ["a string", "envelope"],
  ])("refused: %s", (_, value) => {
    expect(() => parseJsonOf(value)).toThrow(expect.objectContaining({ code: "bundle/malformed-envelope" }));
  });

  test("any bytes at all are an envelope or a Failure, and an envelope is written and read again", () => {
    const inputs = fc.oneof(
      fc.uint8Array(),
      mutatedBytes(toUtf8(formatEnvelope(ENVELOPE))),
      mutatedJson(JSON_ENVELOPE).map((value) => toUtf8(JSON.stringify(value))),
    );
    fc.assert(
      fc.property(inputs, (bytes) => {
        let envelope: Envelope;
        try {
          envelope = parseEnvelope(bytes);
        } catch (error) {
          expect(error).toBeInstanceOf(Failure);
          return;
        }
        expect(parseEnvelope(toUtf8(formatEnvelope(envelope)))).toEqual(envelope);
      }),
      { numRuns: 1000 },
    );
  });
});
