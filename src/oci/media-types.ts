/** Media types of images and of what is attached to them: OCI image-spec 1.1 media-types.md, and Docker's elder ones. */
export const MEDIA_TYPES = {
  manifest: "application/vnd.oci.image.manifest.v1+json",
  index: "application/vnd.oci.image.index.v1+json",
  config: "application/vnd.oci.image.config.v1+json",
  empty: "application/vnd.oci.empty.v1+json",
  layer: "application/vnd.oci.image.layer.v1.tar",
  layerGzip: "application/vnd.oci.image.layer.v1.tar+gzip",
  layerZstd: "application/vnd.oci.image.layer.v1.tar+zstd",
  dockerManifest: "application/vnd.docker.distribution.manifest.v2+json",
  dockerManifestList: "application/vnd.docker.distribution.manifest.list.v2+json",
  dockerConfig: "application/vnd.docker.container.image.v1+json",
  dockerLayer: "application/vnd.docker.image.rootfs.diff.tar",
  dockerLayerGzip: "application/vnd.docker.image.rootfs.diff.tar.gzip",
  dockerLayerZstd: "application/vnd.docker.image.rootfs.diff.tar.zstd",
  inToto: "application/vnd.in-toto+json",
  bundle: "application/vnd.dev.sigstore.bundle.v0.3+json",
} as const;

/** Image manifests, by media type. */
export const isManifestType = (mediaType: string): boolean =>
  mediaType === MEDIA_TYPES.manifest || mediaType === MEDIA_TYPES.dockerManifest;

/** Image indexes, by media type. */
export const isIndexType = (mediaType: string): boolean =>
  mediaType === MEDIA_TYPES.index || mediaType === MEDIA_TYPES.dockerManifestList;

/** Configurations that list diffIDs, by media type; artefacts have others. */
export const isConfigType = (mediaType: string): boolean =>
  mediaType === MEDIA_TYPES.config || mediaType === MEDIA_TYPES.dockerConfig;

/** Layers that are tars and lie in the repository, by media type. */
export const isLayerType = (mediaType: string): boolean => LAYER_TYPES.has(mediaType);

const LAYER_TYPES: ReadonlySet<string> = new Set([
  MEDIA_TYPES.layer,
  MEDIA_TYPES.layerGzip,
  MEDIA_TYPES.layerZstd,
  MEDIA_TYPES.dockerLayer,
  MEDIA_TYPES.dockerLayerGzip,
  MEDIA_TYPES.dockerLayerZstd,
]);

/** Sigstore bundles of any version, by media type. */
export const isBundleType = (mediaType: string): boolean => mediaType.startsWith("application/vnd.dev.sigstore.bundle");
