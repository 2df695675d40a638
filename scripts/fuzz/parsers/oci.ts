import { toUtf8 } from "../../../src/bytes/utf8.ts";
import { parseImageConfig } from "../../../src/oci/config.ts";
import { digestOf, parseDigest } from "../../../src/oci/digest.ts";
import {
  formatImageIndex,
  formatImageManifest,
  type ImageIndex,
  type ImageManifest,
  parseImageIndex,
  parseImageManifest,
} from "../../../src/oci/manifest.ts";
import { MEDIA_TYPES } from "../../../src/oci/media-types.ts";
import { formatReference, parseReference } from "../../../src/oci/reference.ts";
import { jsonMutation } from "../json-mutation.ts";
import { parser, readsBack, textParser, writesTextBack } from "../parser.ts";

const digest = digestOf(toUtf8("a blob"));
const descriptor = { mediaType: MEDIA_TYPES.manifest, digest, size: 6 };
const annotations = { "org.opencontainers.image.ref.name": "1.0" };
const platform = { architecture: "arm64", os: "linux", variant: "v8", "os.version": "1", "os.features": ["a"] };
const manifest: ImageManifest = {
  mediaType: MEDIA_TYPES.manifest,
  artifactType: "application/vnd.dev.sigstore.bundle.v0.3+json",
  config: { ...descriptor, mediaType: MEDIA_TYPES.config },
  layers: [{ ...descriptor, mediaType: MEDIA_TYPES.layerGzip, annotations }],
  subject: descriptor,
  annotations,
};
const index: ImageIndex = {
  mediaType: MEDIA_TYPES.index,
  manifests: [
    { ...descriptor, platform },
    { ...descriptor, annotations, artifactType: "application/x" },
  ],
  annotations,
};
const config = { ...platform, created: "1970-01-01T00:00:00Z", rootfs: { type: "layers", diff_ids: [digest, digest] } };

export const parsers = [
  textParser({
    name: "reference",
    seeds: [
      `registry.example:5000/team/app:1.0@${digest}`,
      "nginx",
      "localhost/a__b.c-d:latest",
      "[::1]:5000/a",
      `oci:some/dir:tag@${digest}`,
      "oci-archive:file.tar:1.0",
      "docker-archive:file.tar",
    ],
    parse: parseReference,
    check: readsBack(formatReference, (bytes) => parseReference(Buffer.from(bytes).toString())),
  }),
  textParser({
    name: "digest",
    seeds: [digest, `sha512:${"ab".repeat(64)}`],
    parse: parseDigest,
    check: writesTextBack((value) => value),
  }),
  parser({
    name: "image manifest",
    seeds: [formatImageManifest(manifest)],
    mutation: jsonMutation,
    parse: parseImageManifest,
    check: readsBack(formatImageManifest, parseImageManifest),
  }),
  parser({
    name: "image index",
    seeds: [formatImageIndex(index)],
    mutation: jsonMutation,
    parse: parseImageIndex,
    check: readsBack(formatImageIndex, parseImageIndex),
  }),
  parser({
    name: "image config",
    seeds: [toUtf8(JSON.stringify(config))],
    mutation: jsonMutation,
    parse: parseImageConfig,
  }),
];
