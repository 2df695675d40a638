import { Failure } from "../failure.ts";
import { type Descriptor } from "../oci/descriptor.ts";
import { type Digest } from "../oci/digest.ts";
import { type ParsedManifest, parseManifest } from "../oci/manifest.ts";
import { isIndexType, isManifestType } from "../oci/media-types.ts";
import { MAX_DOCUMENT_BYTES } from "../oci/narrow.ts";
import { fallbackTag, referrerDescriptor } from "../oci/referrer.ts";
import { type BlobStore } from "./blob-store.ts";
import { tagOf } from "./index-file.ts";

/** Manifests read for one question. */
const MAX_MANIFESTS = 16_384;
/** Indexes inside one another below `index.json`. */
const MAX_DEPTH = 4;

/** What is remembered of a manifest; contents never change under a digest. */
export interface Card {
  /** The manifest as a listing of referrers shows it, with its true size. */
  readonly descriptor: Descriptor;
  /** What it is attached to. */
  readonly subject: Digest | null;
  /** What an index lists. */
  readonly entries: readonly Descriptor[];
}

/** Whether an entry that is not there counts as a fault, or as not being part of this layout. */
type Absence = "fault" | "sparse";

/** Looks through the manifests of a layout: those in `index.json`, and those in the indexes among them. */
export class Catalogue {
  readonly #blobs: BlobStore;
  readonly #cards = new Map<string, Card | null>();

  constructor(blobs: BlobStore) {
    this.#blobs = blobs;
  }

  /**
   * How `digest` is listed, as something that it is; undefined where it is not listed or not there.
   *
   * @throws images/too-large, images/blob-mismatch, layout/unreadable
   */
  async find(entries: readonly Descriptor[], digest: Digest): Promise<Descriptor | undefined> {
    for (const entry of entries.filter((entry) => entry.digest === digest)) {
      const card = await this.#card(entry, "sparse");
      if (card !== null) return card.descriptor;
    }
    const walk = new Walk();
    await this.#walk(entries, "sparse", 1, walk);
    return walk.cards.find(({ descriptor }) => descriptor.digest === digest)?.descriptor;
  }

  /** What an entry of `index.json` is; null for what is no manifest. @throws as {@link find} */
  async read(entry: Descriptor): Promise<Card | null> {
    return this.#card(entry, "fault");
  }

  /**
   * Everything attached to `subject`: by its own word, wherever it is listed. The index tagged for clients without a
   * referrers API must be readable, and so must be what it and `index.json` list. In other indexes manifests may be
   * missing: layouts hold some platforms of an image only (OCI image-spec, image-layout.md).
   *
   * @throws images/too-large, images/blob-mismatch, layout/unreadable, layout/malformed
   */
  async referrersOf(entries: readonly Descriptor[], subject: Digest): Promise<readonly Descriptor[]> {
    const walk = new Walk();
    const fallback = fallbackTag(subject);
    for (const entry of entries) {
      const card = await this.#visit(entry, "fault", walk);
      const isFallback = tagOf(entry) === fallback;
      if (card === null && isFallback)
        throw new Failure("layout/malformed", `what is tagged ${fallback} is no image index`);
      await this.#walk(card?.entries ?? [], isFallback ? "fault" : "sparse", 1, walk);
    }
    const attached = walk.cards.filter((card) => card.subject === subject).map(({ descriptor }) => descriptor);
    const byDigest = new Map(attached.map((descriptor) => [descriptor.digest, descriptor]));
    return [...byDigest.values()].toSorted((a, b) => (a.digest < b.digest ? -1 : 1));
  }

  async #walk(entries: readonly Descriptor[], absence: Absence, depth: number, walk: Walk): Promise<void> {
    if (depth > MAX_DEPTH) throw new Failure("images/too-large", `indexes more than ${MAX_DEPTH} deep`);
    for (const entry of entries) {
      if (walk.seen.has(keyOf(entry)) && absence === "sparse") continue;
      const card = await this.#visit(entry, absence, walk);
      if (card !== null && card.entries.length > 0) await this.#walk(card.entries, "sparse", depth + 1, walk);
    }
  }

  async #visit(entry: Descriptor, absence: Absence, walk: Walk): Promise<Card | null> {
    const isNew = !walk.seen.has(keyOf(entry));
    walk.seen.add(keyOf(entry));
    if (walk.seen.size > MAX_MANIFESTS) throw new Failure("images/too-large", `more than ${MAX_MANIFESTS} manifests`);
    const card = await this.#card(entry, absence);
    if (card !== null && isNew) walk.cards.push(card);
    return card;
  }

  /** Null for what is no manifest, says nothing readable, or is absent where it may be. */
  async #card(entry: Descriptor, absence: Absence): Promise<Card | null> {
    if (!isManifestType(entry.mediaType) && !isIndexType(entry.mediaType)) return null;
    const known = this.#cards.get(keyOf(entry));
    if (known !== undefined) return known;
    const bytes = await this.#read(entry.digest, absence);
    if (bytes === null) return null;
    const manifest = parseOrNull(bytes, entry.mediaType);
    const card = manifest === null ? null : cardOf({ ...entry, size: bytes.length }, manifest);
    this.#cards.set(keyOf(entry), card);
    return card;
  }

  async #read(digest: Digest, absence: Absence): Promise<Uint8Array | null> {
    try {
      return await this.#blobs.read(digest, MAX_DOCUMENT_BYTES);
    } catch (cause) {
      if (!(cause instanceof Failure) || cause.code !== "images/missing") throw cause;
      if (absence === "sparse") return null;
      throw new Failure("layout/unreadable", `the layout lists ${digest}, which is not there`, { cause });
    }
  }
}

/** What one question has met. */
class Walk {
  readonly seen = new Set<string>();
  readonly cards: Card[] = [];
}

/** One digest may be listed as several things, of which it is at most one. */
const keyOf = ({ mediaType, digest }: Descriptor): string => JSON.stringify([mediaType, digest]);

const cardOf = (stored: Descriptor, manifest: ParsedManifest): Card => ({
  descriptor: referrerDescriptor(stored, manifest),
  subject: manifest.subject?.digest ?? null,
  entries: manifest.kind === "index" ? manifest.manifests : [],
});

/** Anybody can list anything in a layout; what is malformed is not a referrer, and no reason to refuse others. */
function parseOrNull(bytes: Uint8Array, mediaType: string): ParsedManifest | null {
  try {
    return parseManifest(bytes, mediaType);
  } catch (error) {
    if (error instanceof Failure) return null;
    throw error;
  }
}
