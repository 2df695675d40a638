/** Image manifests and indexes: OCI image-spec 1.1 manifest.md and image-index.md, and Docker's schema 2. */
import { toUtf8 } from "../bytes/utf8.ts";
import { Failure, type FailureCode } from "../failure.ts";
import { type JsonObject } from "../json/json.ts";
import { type Descriptor, narrowDescriptor, orderDescriptor, sortKeys } from "./descriptor.ts";
import { isIndexType, isManifestType } from "./media-types.ts";
import { Narrow } from "./narrow.ts";

/** One image for one platform, or an artefact: a configuration and layers. */
export interface ImageManifest {
  /** Absent in documents of before OCI 1.1; then the descriptor alone says it. */
  readonly mediaType?: string;
  readonly artifactType?: string;
  readonly config: Descriptor;
  /** Bottom layer first; at most {@link MAX_LAYERS}. */
  readonly layers: readonly Descriptor[];
  /** What this is attached to. */
  readonly subject?: Descriptor;
  readonly annotations?: Readonly<Record<string, string>>;
}

/** A list of manifests: one per platform, or whatever else belongs together. */
export interface ImageIndex {
  readonly mediaType?: string;
  readonly artifactType?: string;
  /** At most {@link MAX_MANIFESTS}. */
  readonly manifests: readonly Descriptor[];
  readonly subject?: Descriptor;
  readonly annotations?: Readonly<Record<string, string>>;
}

export type ParsedManifest =
  ({ readonly kind: "manifest" } & ImageManifest) | ({ readonly kind: "index" } & ImageIndex);

/** Layers of one image; runtimes stop at a few hundred. */
const MAX_LAYERS = 4096;
/** Manifests in one index. */
const MAX_MANIFESTS = 16_384;

/** @throws oci/malformed-manifest */
export function parseImageManifest(bytes: Uint8Array): ImageManifest {
  const narrow = new Narrow("oci/malformed-manifest");
  const fields = versionTwo(narrow, bytes, ["manifests", "fsLayers"]);
  const layers = narrow.array(fields["layers"], "layers");
  if (layers.length > MAX_LAYERS) narrow.refuse(`${layers.length} layers; at most ${MAX_LAYERS} are read`);
  return {
    ...shared(narrow, fields, isManifestType),
    config: narrowDescriptor(narrow, fields["config"], "config"),
    layers: layers.map((each, at) => narrowDescriptor(narrow, each, `layers[${at}]`)),
  };
}

/** @throws oci/malformed-index */
export function parseImageIndex(bytes: Uint8Array): ImageIndex {
  const narrow = new Narrow("oci/malformed-index");
  const fields = versionTwo(narrow, bytes, ["config", "layers", "fsLayers"]);
  // umoci and other programs in Go write null for an empty list.
  const manifests = fields["manifests"] === null ? [] : narrow.array(fields["manifests"], "manifests");
  if (manifests.length > MAX_MANIFESTS)
    narrow.refuse(`${manifests.length} manifests; at most ${MAX_MANIFESTS} are read`);
  return {
    ...shared(narrow, fields, isIndexType),
    manifests: manifests.map((each, at) => narrowDescriptor(narrow, each, `manifests[${at}]`)),
  };
}

/**
 * Reads what a descriptor of `mediaType` points to. A document that calls itself something else is refused: two readers
 * would take it for two different things (CVE-2021-41190).
 *
 * @throws oci/unsupported-media-type, oci/malformed-manifest, oci/malformed-index
 */
export function parseManifest(bytes: Uint8Array, mediaType: string): ParsedManifest {
  if (isManifestType(mediaType)) {
    const manifest = parseImageManifest(bytes);
    requireMediaType(manifest.mediaType, mediaType, "oci/malformed-manifest");
    return { kind: "manifest", ...manifest };
  }
  if (isIndexType(mediaType)) {
    const index = parseImageIndex(bytes);
    requireMediaType(index.mediaType, mediaType, "oci/malformed-index");
    return { kind: "index", ...index };
  }
  throw new Failure("oci/unsupported-media-type", `${mediaType} is neither an image manifest nor an image index`);
}

/** The bytes of a manifest; {@link parseImageManifest} reads them back as the same. */
export const formatImageManifest = (manifest: ImageManifest): Uint8Array =>
  formatDocument(manifest, {
    config: orderDescriptor(manifest.config),
    layers: manifest.layers.map(orderDescriptor),
  });

/** The bytes of an index; {@link parseImageIndex} reads them back as the same. */
export const formatImageIndex = (index: ImageIndex): Uint8Array =>
  formatDocument(index, { manifests: index.manifests.map(orderDescriptor) });

type Shared = Pick<ImageManifest, "mediaType" | "artifactType" | "subject" | "annotations">;

function shared(narrow: Narrow, fields: JsonObject, isOwnType: (mediaType: string) => boolean): Shared {
  const found: Shared = {
    ...narrow.optional(fields, "mediaType", (each) => narrow.mediaType(each, "mediaType")),
    ...narrow.optional(fields, "artifactType", (each) => narrow.mediaType(each, "artifactType")),
    ...narrow.optional(fields, "subject", (each) => narrowDescriptor(narrow, each, "subject")),
    ...narrow.optional(fields, "annotations", (each) => narrow.annotations(each, "annotations")),
  };
  if (found.mediaType !== undefined && !isOwnType(found.mediaType))
    narrow.refuse(`its mediaType is ${found.mediaType}`);
  return found;
}

/** The document's fields, once it is of schema version 2 and has none that belong to another sort of document. */
function versionTwo(narrow: Narrow, bytes: Uint8Array, foreign: readonly string[]): JsonObject {
  const fields = narrow.document(bytes);
  if (fields["schemaVersion"] !== 2) narrow.refuse("its schemaVersion is not 2");
  for (const key of foreign) {
    if (fields[key] !== undefined) narrow.refuse(`it has ${key}, and could be read as something else`);
  }
  return fields;
}

function requireMediaType(found: string | undefined, wanted: string, code: FailureCode): void {
  if (found !== undefined && found !== wanted) {
    throw new Failure(code, `the document says it is ${found}, its descriptor ${wanted}`);
  }
}

const formatDocument = (document: Shared, contents: object): Uint8Array =>
  toUtf8(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: document.mediaType,
      artifactType: document.artifactType,
      ...contents,
      subject: document.subject === undefined ? undefined : orderDescriptor(document.subject),
      annotations: document.annotations === undefined ? undefined : sortKeys(document.annotations),
    }),
  );
