import { type Json } from "../json/json.ts";
import { type Digest } from "./digest.ts";
import { type Narrow } from "./narrow.ts";

/** What names content and says how to read it (OCI image-spec, descriptor.md). */
export interface Descriptor {
  readonly mediaType: string;
  readonly digest: Digest;
  /** Bytes. */
  readonly size: number;
  /** What sort of artefact a manifest is, where it is no image. */
  readonly artifactType?: string;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly platform?: Platform;
}

/** What an image runs on (OCI image-spec, image-index.md), with the names it has there. */
export interface Platform {
  readonly architecture: string;
  readonly os: string;
  readonly "os.version"?: string;
  readonly "os.features"?: readonly string[];
  readonly variant?: string;
}

/** Reads a descriptor out of a document; `urls` and `data` are never used and so not read. */
export function narrowDescriptor(narrow: Narrow, value: Json | undefined, where: string): Descriptor {
  const fields = narrow.object(value, where);
  return {
    mediaType: narrow.mediaType(fields["mediaType"], `${where}.mediaType`),
    digest: narrow.digest(fields["digest"], `${where}.digest`),
    size: narrow.size(fields["size"], `${where}.size`),
    ...narrow.optional(fields, "artifactType", (each) => narrow.mediaType(each, `${where}.artifactType`)),
    ...narrow.optional(fields, "annotations", (each) => narrow.annotations(each, `${where}.annotations`)),
    ...narrow.optional(fields, "platform", (each) => narrowPlatform(narrow, each, `${where}.platform`)),
  };
}

function narrowPlatform(narrow: Narrow, value: Json, where: string): Platform {
  const fields = narrow.object(value, where);
  return {
    architecture: narrow.string(fields["architecture"], `${where}.architecture`),
    os: narrow.string(fields["os"], `${where}.os`),
    ...narrow.optional(fields, "os.version", (each) => narrow.string(each, `${where}.os.version`)),
    ...narrow.optional(fields, "os.features", (each) => narrow.strings(each, `${where}.os.features`)),
    ...narrow.optional(fields, "variant", (each) => narrow.string(each, `${where}.variant`)),
  };
}

/** A descriptor's members in the order that other programs write them. */
export const orderDescriptor = (descriptor: Descriptor): Descriptor => ({
  mediaType: descriptor.mediaType,
  digest: descriptor.digest,
  size: descriptor.size,
  ...(descriptor.annotations === undefined ? {} : { annotations: sortKeys(descriptor.annotations) }),
  ...(descriptor.platform === undefined ? {} : { platform: descriptor.platform }),
  ...(descriptor.artifactType === undefined ? {} : { artifactType: descriptor.artifactType }),
});

/** The same members by name, so that equal documents are equal bytes. */
export const sortKeys = (annotations: Readonly<Record<string, string>>): Readonly<Record<string, string>> =>
  Object.fromEntries(Object.entries(annotations).toSorted(([a], [b]) => (a < b ? -1 : 1)));
