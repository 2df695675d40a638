import { type Platform } from "./descriptor.ts";
import { type Digest } from "./digest.ts";
import { Narrow } from "./narrow.ts";

/** What of an image's configuration is measured (OCI image-spec, config.md). */
export interface ImageConfig {
  readonly platform: Platform;
  /** Digests of the layers uncompressed, bottom layer first. */
  readonly diffIds: readonly Digest[];
}

/** @throws oci/malformed-config */
export function parseImageConfig(bytes: Uint8Array): ImageConfig {
  const narrow = new Narrow("oci/malformed-config");
  const fields = narrow.document(bytes);
  const rootfs = narrow.object(fields["rootfs"], "rootfs");
  if (rootfs["type"] !== "layers") narrow.refuse('rootfs.type is not "layers"');
  // Go writes null for an image without layers.
  const diffIds = rootfs["diff_ids"] === null ? [] : narrow.array(rootfs["diff_ids"], "rootfs.diff_ids");
  return {
    platform: {
      architecture: narrow.string(fields["architecture"], "architecture"),
      os: narrow.string(fields["os"], "os"),
      ...narrow.optional(fields, "os.version", (each) => narrow.string(each, "os.version")),
      ...narrow.optional(fields, "os.features", (each) => narrow.strings(each, "os.features")),
      ...narrow.optional(fields, "variant", (each) => narrow.string(each, "variant")),
    },
    diffIds: diffIds.map((each, at) => narrow.digest(each, `rootfs.diff_ids[${at}]`)),
  };
}
