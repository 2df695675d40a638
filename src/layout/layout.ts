/** OCI image layouts on disk (OCI image-spec, image-layout.md) as repositories of images. */
import { stat } from "node:fs/promises";
import { join } from "node:path";

import { Failure } from "../failure.ts";
import { type ImageName, type ImageRepository } from "../images/repository.ts";
import { isJsonObject, type Json } from "../json/json.ts";
import { parseJson } from "../json/parser.ts";
import { type Descriptor } from "../oci/descriptor.ts";
import { type Digest } from "../oci/digest.ts";
import { formatImageIndex, type ImageIndex, parseImageIndex, parseImageManifest } from "../oci/manifest.ts";
import { MEDIA_TYPES } from "../oci/media-types.ts";
import { MAX_DOCUMENT_BYTES } from "../oci/narrow.ts";
import { addToFallbackIndex, fallbackTag, isFallbackTag, referrerDescriptor } from "../oci/referrer.ts";
import { BlobStore } from "./blob-store.ts";
import { Catalogue } from "./catalogue.ts";
import { IndexFile, readLayoutFile, REF_NAME, tagOf } from "./index-file.ts";

/** Tags told when there is no such tag. */
const MAX_TAGS_TOLD = 20;

/**
 * Opens an image layout.
 *
 * @param path  its directory
 * @throws layout/missing, layout/malformed, layout/unreadable
 */
export async function openLayout(path: string): Promise<ImageRepository> {
  const found = await stat(path).catch((cause: NodeJS.ErrnoException) => {
    const isMissing = cause.code === "ENOENT" || cause.code === "ENOTDIR";
    throw new Failure(isMissing ? "layout/missing" : "layout/unreadable", `${path} could not be opened`, { cause });
  });
  if (!found.isDirectory()) throw new Failure("layout/malformed", `${path} is not a directory`);
  await requireVersion(join(path, "oci-layout"));
  const blobs = new BlobStore(path);
  await blobs.check();
  const layout = new Layout(path, blobs);
  await layout.check();
  return layout;
}

async function requireVersion(path: string): Promise<void> {
  const bytes = await readLayoutFile(path, 4096);
  let version: Json | undefined;
  try {
    const document = parseJson(bytes);
    version = isJsonObject(document) ? document["imageLayoutVersion"] : undefined;
  } catch (cause) {
    throw new Failure("layout/malformed", `${path} is not JSON`, { cause });
  }
  if (version !== "1.0.0") throw new Failure("layout/malformed", `${path} is not of version 1.0.0`);
}

class Layout implements ImageRepository {
  readonly name: string;
  readonly #blobs: BlobStore;
  readonly #index: IndexFile;
  readonly #catalogue: Catalogue;

  constructor(path: string, blobs: BlobStore) {
    this.name = `oci:${path}`;
    this.#blobs = blobs;
    this.#index = new IndexFile(path);
    this.#catalogue = new Catalogue(blobs);
  }

  async check(): Promise<void> {
    await this.#index.read();
  }

  async resolve({ tag, digest }: ImageName): Promise<Descriptor> {
    const { manifests } = await this.#index.read();
    if (digest !== null) return this.#resolveDigest(manifests, digest);
    const found = tag === null ? await this.#untagged(manifests) : manifests.filter((entry) => tagOf(entry) === tag);
    const [first, ...more] = found;
    if (first === undefined) {
      throw new Failure("images/missing", `${this.name} has no image${tag === null ? "" : ` tagged ${tag}`}`, {
        hint: tellTags(manifests),
      });
    }
    if (more.some((entry) => entry.digest !== first.digest)) {
      if (tag !== null) throw new Failure("layout/malformed", `${this.name} has several images tagged ${tag}`);
      throw new Failure("images/ambiguous", `${this.name} has several images`, { hint: tellTags(manifests) });
    }
    return nameless(first);
  }

  async #resolveDigest(manifests: readonly Descriptor[], digest: Digest): Promise<Descriptor> {
    const found = await this.#catalogue.find(manifests, digest);
    if (found === undefined) throw new Failure("images/missing", `${this.name} lists no ${digest}`);
    return nameless(found);
  }

  /**
   * What may be meant when neither tag nor digest is given: all but what is attached to something, the listings of that,
   * and untagged platforms of an index that is listed too, as oras leaves them.
   */
  async #untagged(manifests: readonly Descriptor[]): Promise<readonly Descriptor[]> {
    const found: Descriptor[] = [];
    const within = new Set<Digest>();
    for (const entry of manifests) {
      if (isAttachmentTag(tagOf(entry) ?? "")) continue;
      const card = await this.#catalogue.read(entry);
      if (card === null || card.subject !== null) continue;
      found.push(entry);
      for (const { digest } of card.entries) within.add(digest);
    }
    return found.filter((entry) => tagOf(entry) !== undefined || !within.has(entry.digest));
  }

  async readManifest(digest: Digest): Promise<Uint8Array> {
    return this.#blobs.read(digest, MAX_DOCUMENT_BYTES);
  }

  openBlob({ digest, size }: Descriptor): AsyncGenerator<Uint8Array> {
    return this.#blobs.stream(digest, size);
  }

  async listReferrers(subject: Digest): Promise<readonly Descriptor[]> {
    const { manifests } = await this.#index.read();
    return this.#catalogue.referrersOf(manifests, subject);
  }

  async pushBlob(bytes: Uint8Array, mediaType: string): Promise<Descriptor> {
    return { mediaType, digest: await this.#blobs.write(bytes), size: bytes.length };
  }

  async attach(bytes: Uint8Array, subject: Digest): Promise<Descriptor> {
    const manifest = parseImageManifest(bytes);
    if (manifest.subject?.digest !== subject || manifest.mediaType === undefined) {
      throw new RangeError(`not a manifest with the subject ${subject}`);
    }
    for (const { digest } of [manifest.subject, manifest.config, ...manifest.layers]) {
      if (!(await this.#blobs.has(digest))) throw new Failure("images/missing", `${this.name} has no ${digest}`);
    }
    const stored = await this.pushBlob(bytes, manifest.mediaType);
    const referrer = referrerDescriptor(stored, { kind: "manifest", ...manifest });
    await this.#index.update(async (index, raw) => {
      const listed = addEntry(index, raw, referrer);
      const fallback = await this.#addFallback(index, listed ?? raw, subject, referrer);
      return fallback ?? listed;
    });
    return referrer;
  }

  /** Lists `referrer` in the index tagged for clients without a referrers API; null where it is listed there already. */
  async #addFallback(
    index: ImageIndex,
    raw: readonly Json[],
    subject: Digest,
    referrer: Descriptor,
  ): Promise<readonly Json[] | null> {
    const tag = fallbackTag(subject);
    const at = index.manifests.findIndex((entry) => tagOf(entry) === tag);
    const old = index.manifests[at];
    const listing = old === undefined ? null : parseImageIndex(await this.readManifest(old.digest));
    if (listing?.manifests.some(({ digest }) => digest === referrer.digest) === true) return null;
    const bytes = formatImageIndex(addToFallbackIndex(listing, referrer));
    if (bytes.length > MAX_DOCUMENT_BYTES)
      throw new Failure("images/too-large", `${subject} has too many referrers to list`);
    // The old listing stays as a blob: somebody may be reading it.
    const { digest, size } = await this.pushBlob(bytes, MEDIA_TYPES.index);
    const entry = { mediaType: MEDIA_TYPES.index, digest, size, annotations: { [REF_NAME]: tag } };
    return old === undefined ? [...raw, entry] : raw.with(at, entry);
  }
}

/** Adds a referrer to the list in `index.json`, for programs that copy by it; without any tag it may claim to have. */
function addEntry(index: ImageIndex, raw: readonly Json[], referrer: Descriptor): readonly Json[] | null {
  if (index.manifests.some(({ digest }) => digest === referrer.digest)) return null;
  const { mediaType, digest, size, artifactType } = referrer;
  const { [REF_NAME]: _, ...annotations } = referrer.annotations ?? {};
  return [...raw, { mediaType, digest, size, annotations, ...(artifactType === undefined ? {} : { artifactType }) }];
}

/** Tags that cosign and the referrers tag schema give to what is attached. */
const isAttachmentTag = (tag: string): boolean => isFallbackTag(tag.replace(/\.(?:sig|att|sbom)$/, ""));

const nameless = ({ mediaType, digest, size }: Descriptor): Descriptor => ({ mediaType, digest, size });

function tellTags(manifests: readonly Descriptor[]): string {
  const tags = [...new Set(manifests.flatMap((entry) => tagOf(entry) ?? []))].filter((tag) => !isAttachmentTag(tag));
  if (tags.length === 0) return "nothing in it is tagged: give a digest";
  const told = tags.slice(0, MAX_TAGS_TOLD).join(", ");
  return `it has the tags ${told}${tags.length > MAX_TAGS_TOLD ? " and others" : ""}`;
}
