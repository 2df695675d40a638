import { gzipSync, zstdCompressSync } from "node:zlib";

import { concat } from "../../../src/bytes/join.ts";
import { measureLayer } from "../../../src/measure/layer.ts";
import { MEDIA_TYPES } from "../../../src/oci/media-types.ts";
import { tarOf } from "../../../src/testing/tar.ts";
import { mutateBytes } from "../bytes-mutation.ts";
import { type Mutate, parser, type Parser } from "../parser.ts";
import { type Random } from "../random.ts";

const BLOCK_BYTES = 512;
/** Fields of a header, by offset and length (POSIX.1-2017 pax, "ustar Interchange Format"). */
const FIELDS = [
  [0, 100],
  [100, 8],
  [108, 8],
  [116, 8],
  [124, 12],
  [136, 12],
  [156, 1],
  [157, 100],
  [257, 8],
  [329, 8],
  [345, 155],
] as const;
const CHECKSUM_AT = 148;

const tars = [
  tarOf([
    { name: "etc/", type: "5" },
    { name: "etc/os-release", contents: "ID=acme\n" },
    { name: "etc/issue", type: "2", linkName: "os-release" },
    { name: "large", contents: "x", binarySize: true },
  ]),
  tarOf([
    { name: "./PaxHeaders/x", type: "x", contents: "21 path=another/name\n" },
    { name: "././@LongLink", type: "L", contents: `${"n".repeat(120)}\0` },
    { name: "x", contents: "contents" },
    { name: "pax_global_header", type: "g", contents: "18 comment=hello!\n" },
  ]),
];

/** Edits a tar, half of the time a field of a header whose checksum is then made right. */
function mutateTar(random: Random, tar: Uint8Array): Uint8Array {
  if (random.oneIn(2)) return mutateBytes(random, tar, tars);
  const copy = tar.slice();
  const start = random.below(Math.floor(copy.length / BLOCK_BYTES)) * BLOCK_BYTES;
  const header = copy.subarray(start, start + BLOCK_BYTES);
  const [offset, length] = random.pick(FIELDS);
  const field = header.subarray(offset, offset + length);
  const edited = mutateBytes(random, field, [field]);
  field.fill(0);
  field.set(edited.subarray(0, length));
  header.fill(0x20, CHECKSUM_AT, CHECKSUM_AT + 8);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.set(Buffer.from(`${sum.toString(8).padStart(6, "0")}\0 `), CHECKSUM_AT);
  return copy;
}

type Compress = (tar: Uint8Array) => Uint8Array;

/** Edits the tar and compresses it again, or edits what is compressed. */
const layerMutation =
  (compress: Compress) =>
  (seeds: readonly Uint8Array[]): Mutate =>
  (random, seed) => {
    if (random.oneIn(2)) return mutateBytes(random, seed, seeds);
    return compress(mutateTar(random, random.pick(tars)));
  };

function layerParser(name: string, mediaType: string, compress: Compress): Parser {
  return parser({
    name,
    seeds: [...tars.map(compress), inMembers(tars[0] ?? new Uint8Array(), compress)],
    mutation: layerMutation(compress),
    parse: (input) => measureLayer(inTwo(input), mediaType),
    check: ({ uncompressedSize }, input) => {
      if (mediaType === MEDIA_TYPES.layer && uncompressedSize !== input.length) {
        throw new Error(`${input.length} bytes were measured as ${uncompressedSize}`);
      }
    },
  });
}

/** A tar in two streams, one after the other, as parallel compressors write them. */
const inMembers = (tar: Uint8Array, compress: Compress): Uint8Array =>
  concat(compress(tar.subarray(0, 1000)), compress(tar.subarray(1000)));

/** In two parts, so that what stands across a boundary is met too. */
async function* inTwo(input: Uint8Array): AsyncGenerator<Uint8Array> {
  const middle = Math.floor(input.length / 3);
  yield input.subarray(0, middle);
  yield input.subarray(middle);
}

export const parsers = [
  layerParser("layer tar", MEDIA_TYPES.layer, (tar) => tar),
  layerParser("layer gzip", MEDIA_TYPES.layerGzip, (tar) => new Uint8Array(gzipSync(tar, { level: 1 }))),
  layerParser("layer zstd", MEDIA_TYPES.layerZstd, (tar) => new Uint8Array(zstdCompressSync(tar))),
];
