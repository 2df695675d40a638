import { Failure } from "../failure.ts";
import { type Descriptor, type Platform } from "../oci/descriptor.ts";
import { type Digest } from "../oci/digest.ts";
import { type ImageManifest, parseManifest } from "../oci/manifest.ts";
import { type ImageName, type ImageRepository } from "./repository.ts";

/** One manifest of an image. */
export interface ImageChild {
  /** As the index lists it, with its platform; of an image without index, its only manifest. */
  readonly descriptor: Descriptor;
  readonly manifest: ImageManifest;
}

/** An image with all its manifests, read by digest from one root. */
export interface Image {
  /** Where it is, for people. */
  readonly name: string;
  /** What the name stood for when it was resolved. */
  readonly root: Descriptor;
  /** The root if it is an index, and the indexes in it. */
  readonly indexes: readonly Descriptor[];
  /** In the order of the index, each digest once; attestation manifests, as of buildx, are children like any other. */
  readonly children: readonly ImageChild[];
  /** Everything that a runtime may be asked to pull by digest: indexes first, the root before all. Each digest once. */
  readonly subjects: readonly Descriptor[];
}

/** Manifests of one image, indexes included; what verifiers accept as subjects of one statement. */
const MAX_SUBJECTS = 1024;
/** Bytes of all manifests of one image. */
const MAX_MANIFEST_BYTES = 64 * 1024 * 1024;
/** An index, and indexes in it. */
const MAX_DEPTH = 2;

/**
 * Resolves a name, once, and reads the closure of manifests under it.
 *
 * A digest listed twice is one child, as its first entry has it. Two manifests for one platform are refused, because
 * runtimes then choose for themselves; a zstd twin that is marked as containers/image does is another platform.
 *
 * @throws images/missing, images/ambiguous, images/blob-mismatch, images/too-large, and of what the manifests say
 *         images/malformed, images/duplicate-platform, oci/malformed-manifest, oci/malformed-index, oci/unsupported-media-type
 */
export async function readImage(repository: ImageRepository, name: ImageName): Promise<Image> {
  const root = await repository.resolve(name);
  const closure = new Closure(repository);
  await closure.add(root, 1);
  const { indexes, children } = closure;
  const subjects = [...indexes, ...children.map(({ descriptor }) => descriptor)];
  return { name: repository.name, root, indexes, children, subjects };
}

class Closure {
  readonly indexes: Descriptor[] = [];
  readonly children: ImageChild[] = [];
  readonly #repository: ImageRepository;
  readonly #seen = new Map<Digest, Descriptor>();
  #bytes = 0;

  constructor(repository: ImageRepository) {
    this.#repository = repository;
  }

  async add(descriptor: Descriptor, depth: number): Promise<void> {
    if (this.#isKnown(descriptor)) return;
    const manifest = parseManifest(await this.#read(descriptor), descriptor.mediaType);
    if (manifest.kind === "manifest") {
      this.children.push({ descriptor, manifest });
      return;
    }
    if (depth > MAX_DEPTH) throw new Failure("images/malformed", "an index in an index in an index");
    requireDistinctPlatforms(manifest.manifests);
    this.indexes.push(descriptor);
    for (const child of manifest.manifests) await this.add(child, depth + 1);
  }

  /** Whether the digest was met before; then as the same thing. */
  #isKnown({ digest, mediaType, size }: Descriptor): boolean {
    const known = this.#seen.get(digest);
    if (known === undefined) return false;
    if (known.mediaType === mediaType && known.size === size) return true;
    throw new Failure("images/malformed", `${digest} is listed twice, with different types or sizes`);
  }

  async #read(descriptor: Descriptor): Promise<Uint8Array> {
    this.#seen.set(descriptor.digest, descriptor);
    this.#bytes += descriptor.size;
    if (this.#seen.size > MAX_SUBJECTS || this.#bytes > MAX_MANIFEST_BYTES) {
      throw new Failure(
        "images/too-large",
        `more than ${MAX_SUBJECTS} manifests, or ${MAX_MANIFEST_BYTES} bytes of them`,
      );
    }
    const bytes = await this.#repository.readManifest(descriptor.digest);
    if (bytes.length === descriptor.size) return bytes;
    throw new Failure(
      "images/blob-mismatch",
      `${descriptor.digest} has ${bytes.length} bytes, its descriptor says ${descriptor.size}`,
    );
  }
}

function requireDistinctPlatforms(manifests: readonly Descriptor[]): void {
  const seen = new Map<string, Digest>();
  for (const { digest, platform, annotations } of manifests) {
    // What attests to an image is for no platform: buildx writes unknown/unknown, once for every image.
    if (platform === undefined || platform.os === "unknown") continue;
    const key = JSON.stringify([platformKey(platform), annotations?.["io.github.containers.compression.zstd"] ?? ""]);
    const other = seen.get(key);
    if (other !== undefined && other !== digest) {
      throw new Failure(
        "images/duplicate-platform",
        `the index has ${other} and ${digest} for ${formatPlatform(platform)}`,
      );
    }
    seen.set(key, digest);
  }
}

const platformKey = (platform: Platform): readonly unknown[] => [
  platform.os,
  platform.architecture,
  platform.variant ?? "",
  platform["os.version"] ?? "",
  (platform["os.features"] ?? []).toSorted(),
];

/** A platform for people: `linux/arm64/v8`. */
export const formatPlatform = ({ os, architecture, variant }: Platform): string =>
  [os, architecture, ...(variant === undefined ? [] : [variant])].join("/");
