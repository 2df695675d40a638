import { concat } from "../../../src/bytes/join.ts";
import { formatCheckpoint, parseCheckpoint } from "../../../src/tlog/checkpoint.ts";
import { decodeEntryBundle, encodeEntryBundle } from "../../../src/tlog/entry-bundle.ts";
import { formatTlogProof, parseTlogProof } from "../../../src/tlog/proof.ts";
import { decodeHashTile, encodeHashTile, formatTilePath, parseTilePath } from "../../../src/tlog/tile.ts";
import { MemoryLog, testWitness } from "../../../src/testing/bundles.ts";
import { parser, textParser, writesBack, writesTextBack } from "../parser.ts";
import { Random } from "../random.ts";

const log = new MemoryLog();
for (let at = 0; at < 7; at++) log.append(Buffer.from(`entry ${at}`));
const rootHash = log.prove(6).proof?.rootHash ?? new Uint8Array();
const path = log.prove(6).proof?.path ?? [];
const checkpoint = log.checkpoint(7, [testWitness("w1", 1_700_000_000)]);
const checkpointText = checkpoint.slice(0, checkpoint.indexOf("\n\n") + 1);

/** The width stands in front of the bytes: it is said by whoever knows the tree, and here by whoever fuzzes. */
const withWidth = (width: number, bytes: Uint8Array): Uint8Array => concat(Uint8Array.of(width - 1), bytes);
const widthOf = (input: Uint8Array): number => (input[0] ?? 0) + 1;
const random = new Random("entries");
const bundles = [[0], [5, 0, 700], Array.from({ length: 256 }, () => 3)].map((lengths) =>
  withWidth(lengths.length, encodeEntryBundle(lengths.map((length) => random.bytes(length)))),
);

export const parsers = [
  textParser({
    name: "checkpoint",
    seeds: [checkpointText, `${checkpointText}an extension\nanother one\n`],
    parse: parseCheckpoint,
    check: writesTextBack(formatCheckpoint),
  }),
  textParser({
    name: "tile path",
    seeds: ["tile/0/x001/x234/067", "tile/entries/005.p/17", "tile/63/000", "tile/1/x009/x007/x199/x254/x740/991.p/1"],
    parse: parseTilePath,
    check: writesTextBack(formatTilePath),
  }),
  parser({
    name: "hash tile",
    seeds: [1, 2, 256].map((width) => withWidth(width, random.bytes(width * 32))),
    parse: (input) => decodeHashTile(input.subarray(1), widthOf(input)),
    check: (hashes, input) => writesBack(encodeHashTile)(hashes, input.subarray(1)),
  }),
  parser({
    name: "entry bundle",
    seeds: bundles,
    parse: (input) => decodeEntryBundle(input.subarray(1), widthOf(input)),
    check: (entries, input) => writesBack(encodeEntryBundle)(entries, input.subarray(1)),
  }),
  textParser({
    name: "tlog proof",
    seeds: [
      formatTlogProof({ extra: null, index: 6, path, checkpoint }),
      formatTlogProof({ extra: rootHash, index: 0, path: [], checkpoint }),
    ],
    parse: parseTlogProof,
    check: writesTextBack(formatTlogProof),
  }),
];
