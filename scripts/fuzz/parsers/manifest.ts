import { toUtf8 } from "../../../src/bytes/utf8.ts";
import { canonicalJson } from "../../../src/json/canonical.ts";
import { type Json } from "../../../src/json/json.ts";
import { parseJson } from "../../../src/json/parser.ts";
import { formatImageMeasurement, parseImageMeasurement } from "../../../src/manifest/image-measurement.ts";
import { formatNodeMeasurement, parseNodeMeasurement } from "../../../src/manifest/node-measurement.ts";
import { formatMeasurementStatus, parseMeasurementStatus } from "../../../src/manifest/status.ts";
import { IMAGE_PREDICATE, NODE_PREDICATE, STATUS_PREDICATE } from "../../../src/testing/manifests.ts";
import { jsonMutation } from "../json-mutation.ts";
import { parser, type Parser, readsBack } from "../parser.ts";

function manifestParser<Manifest>(
  name: string,
  seed: Json,
  parseValue: (predicate: Json) => Manifest,
  format: (manifest: Manifest) => string,
): Parser {
  const parse = (input: Uint8Array): Manifest => parseValue(parseJson(input));
  const seeds = [toUtf8(canonicalJson(seed))];
  return parser({ name, seeds, mutation: jsonMutation, parse, check: readsBack(format, parse) });
}

export const parsers = [
  manifestParser("node manifest", NODE_PREDICATE, parseNodeMeasurement, formatNodeMeasurement),
  manifestParser("image manifest measured", IMAGE_PREDICATE, parseImageMeasurement, formatImageMeasurement),
  manifestParser("status", STATUS_PREDICATE, parseMeasurementStatus, formatMeasurementStatus),
];
