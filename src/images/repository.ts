import { type Descriptor } from "../oci/descriptor.ts";
import { type Digest } from "../oci/digest.ts";

/** Which image of a repository: a digest decides, a tag beside it is decoration, and neither asks for the only image. */
export interface ImageName {
  readonly tag: string | null;
  readonly digest: Digest | null;
}

/**
 * Where images and what is attached to them are kept: an image layout, later a registry.
 *
 * An error is never absence: whatever cannot be read, of whichever method, is a Failure and not an empty answer. Bytes
 * are believed only when they hash to the digest asked for. Contents are immutable; only names and referrers change.
 */
export interface ImageRepository {
  /** For people: `registry.example/app`, `oci:DIR`. */
  readonly name: string;

  /**
   * What `name` stands for now; media type, digest and size only. Ask once per run and go on with the digest.
   *
   * @throws images/missing    nothing has that tag or digest
   * @throws images/ambiguous  no tag, no digest, and more than one image; the hint lists the tags
   */
  resolve(name: ImageName): Promise<Descriptor>;

  /**
   * The bytes of a manifest or index, at most 4 MiB.
   *
   * @throws images/missing, images/blob-mismatch, images/too-large
   */
  readManifest(digest: Digest): Promise<Uint8Array>;

  /**
   * Streams a blob. A chunk is valid until the next one is asked for, and none may be acted on before the end: the
   * length and the digest are checked there.
   *
   * @throws images/missing, images/blob-mismatch
   */
  openBlob(descriptor: Descriptor): AsyncGenerator<Uint8Array>;

  /**
   * Every manifest whose subject is `subject`, ordered by digest, each with its artifact type and annotations. Entries
   * that are no manifests are left out; a listing that cannot be completed is a Failure.
   */
  listReferrers(subject: Digest): Promise<readonly Descriptor[]>;

  /** Stores a blob. Durable on return; storing it again changes nothing. */
  pushBlob(bytes: Uint8Array, mediaType: string): Promise<Descriptor>;

  /**
   * Stores a manifest whose subject is `subject` and lists it, in the index for clients without a referrers API too.
   * Durable on return; doing it again changes nothing; of several at once none is lost.
   *
   * @throws images/missing  the subject, or a blob that the manifest names, is not here
   */
  attach(manifest: Uint8Array, subject: Digest): Promise<Descriptor>;
}
