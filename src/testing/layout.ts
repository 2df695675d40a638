import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync, zstdCompressSync } from "node:zlib";

import { toUtf8 } from "../bytes/utf8.ts";
import { type Descriptor, type Platform } from "../oci/descriptor.ts";
import { type Digest, digestOf, splitDigest } from "../oci/digest.ts";
import { formatImageIndex, formatImageManifest, type ImageIndex, type ImageManifest } from "../oci/manifest.ts";
import { MEDIA_TYPES } from "../oci/media-types.ts";
import { type TarEntry, tarOf } from "./tar.ts";

/** A layer to build: the tar's entries, and how it is compressed. */
export interface LayerPlan {
  readonly entries: readonly TarEntry[];
  readonly compression: "none" | "gzip" | "zstd";
}

/** Writes image layouts for tests, right ones and wrong ones. The same calls make the same bytes. */
export class LayoutBuilder {
  readonly directory: string;

  constructor(directory: string) {
    this.directory = directory;
    mkdirSync(join(directory, "blobs", "sha256"), { recursive: true });
    writeFileSync(join(directory, "oci-layout"), '{"imageLayoutVersion":"1.0.0"}');
    this.writeIndex([]);
  }

  /** Where a blob is on disk. */
  pathOf(digest: Digest): string {
    return join(this.directory, "blobs", ...splitDigest(digest));
  }

  blob(bytes: Uint8Array, mediaType: string): Descriptor {
    const digest = digestOf(bytes);
    writeFileSync(this.pathOf(digest), bytes);
    return { mediaType, digest, size: bytes.length };
  }

  manifest(manifest: ImageManifest): Descriptor {
    return this.blob(formatImageManifest(manifest), manifest.mediaType ?? MEDIA_TYPES.manifest);
  }

  index(index: ImageIndex): Descriptor {
    return this.blob(formatImageIndex(index), index.mediaType ?? MEDIA_TYPES.index);
  }

  /** One image; `diffIds` in place of the true ones make a wrong one. */
  image(platform: Platform, plans: readonly LayerPlan[], diffIds?: readonly Digest[]): Descriptor {
    const tars = plans.map(({ entries }) => tarOf(entries));
    const config = {
      created: "1970-01-01T00:00:00Z",
      ...platform,
      config: {},
      rootfs: { type: "layers", diff_ids: diffIds ?? tars.map(digestOf) },
    };
    return this.manifest({
      mediaType: MEDIA_TYPES.manifest,
      config: this.blob(toUtf8(JSON.stringify(config)), MEDIA_TYPES.config),
      layers: plans.map(({ compression }, at) => this.#layer(tars[at] ?? new Uint8Array(0), compression)),
    });
  }

  /** Replaces `index.json`. */
  writeIndex(manifests: readonly Descriptor[]): void {
    writeFileSync(join(this.directory, "index.json"), formatImageIndex({ mediaType: MEDIA_TYPES.index, manifests }));
  }

  #layer(tar: Uint8Array, compression: LayerPlan["compression"]): Descriptor {
    switch (compression) {
      case "gzip":
        return this.blob(gzipSync(tar, { level: 9 }), MEDIA_TYPES.layerGzip);
      case "zstd":
        return this.blob(zstdCompressSync(tar), MEDIA_TYPES.layerZstd);
      case "none":
        return this.blob(tar, MEDIA_TYPES.layer);
      default:
        throw new TypeError("no such compression");
    }
  }
}

/** A layout that was built. */
export interface BuiltLayout {
  readonly directory: string;
  readonly builder: LayoutBuilder;
  readonly tag: string;
  /** The index of two platforms. */
  readonly root: Descriptor;
  /** Its images, with their platforms: linux/amd64 and linux/arm64. */
  readonly children: readonly Descriptor[];
}

/** `descriptor` as an entry of `index.json` with a tag. */
export const tagged = (descriptor: Descriptor, tag: string): Descriptor => ({
  ...descriptor,
  annotations: { ...descriptor.annotations, "org.opencontainers.image.ref.name": tag },
});

/**
 * A small image of two platforms: a layer that both share, in gzip, and one of each, in zstd.
 *
 * @param directory  made if it is not there
 */
export function buildLayout(directory: string, tag = "1.0"): BuiltLayout {
  const builder = new LayoutBuilder(directory);
  const children = ["amd64", "arm64"].map((architecture): Descriptor => {
    const platform = { architecture, os: "linux" };
    const { mediaType, digest, size } = builder.image(platform, [BASE, application(architecture)]);
    return { mediaType, digest, size, platform };
  });
  const root = builder.index({ mediaType: MEDIA_TYPES.index, manifests: children });
  builder.writeIndex([tagged(root, tag)]);
  return { directory, builder, tag, root, children };
}

const BASE: LayerPlan = {
  compression: "gzip",
  entries: [
    { name: "etc/", type: "5", mode: 0o755 },
    { name: "etc/os-release", contents: 'ID=acme\nVERSION_ID=1.0\nPRETTY_NAME="Acme 1.0"\n' },
    { name: "etc/issue", type: "2", linkName: "os-release" },
  ],
};

const application = (architecture: string): LayerPlan => ({
  compression: "zstd",
  entries: [
    { name: "usr/", type: "5", mode: 0o755 },
    { name: "usr/bin/", type: "5", mode: 0o755 },
    { name: "usr/bin/hello", mode: 0o755, contents: `#!/bin/sh\necho hello from ${architecture}\n` },
  ],
});
