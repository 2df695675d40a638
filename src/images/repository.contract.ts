import { beforeEach, describe, expect, test } from "vitest";

import { toUtf8 } from "../bytes/utf8.ts";
import { type Descriptor } from "../oci/descriptor.ts";
import { digestOf } from "../oci/digest.ts";
import { formatImageManifest, parseImageIndex } from "../oci/manifest.ts";
import { MEDIA_TYPES } from "../oci/media-types.ts";
import { bundleReferrer, fallbackTag } from "../oci/referrer.ts";
import { attachBundle } from "../testing/attach.ts";
import { readBlob } from "./blob.ts";
import { type ImageRepository } from "./repository.ts";

/** A repository to be tried: it holds one image of two platforms, and nothing is attached. */
export interface RepositoryUnderTest {
  readonly repository: ImageRepository;
  readonly tag: string;
  readonly root: Descriptor;
  readonly children: readonly Descriptor[];
}

const NOTHING = digestOf(toUtf8("nothing has this digest"));

const plain = ({ mediaType, digest, size }: Descriptor) => ({ mediaType, digest, size });

/** What every {@link ImageRepository} does, whatever it is made of. */
export function repositoryContract(name: string, make: () => Promise<RepositoryUnderTest>): void {
  describe(`${name} keeps the contract of a repository`, () => {
    let repository: ImageRepository;
    let tag: string;
    let root: Descriptor;
    let children: readonly Descriptor[];
    beforeEach(async () => {
      ({ repository, tag, root, children } = await make());
    });

    test("a tag, a digest and neither resolve", async () => {
      expect(await repository.resolve({ tag, digest: null })).toEqual(plain(root));
      expect(await repository.resolve({ tag: null, digest: root.digest })).toEqual(plain(root));
      expect(await repository.resolve({ tag: null, digest: null })).toEqual(plain(root));
    });

    test("the digest of a platform resolves, and a tag beside it is decoration", async () => {
      for (const child of children) {
        expect(await repository.resolve({ tag, digest: child.digest })).toEqual(plain(child));
        expect(await repository.resolve({ tag: "nonsense", digest: child.digest })).toEqual(plain(child));
      }
    });

    test("what is not there is missing", async () => {
      const missing = { code: "images/missing" };
      await expect(repository.resolve({ tag: "nonsense", digest: null })).rejects.toMatchObject(missing);
      await expect(repository.resolve({ tag, digest: NOTHING })).rejects.toMatchObject(missing);
      await expect(repository.readManifest(NOTHING)).rejects.toMatchObject(missing);
      const blob = { mediaType: MEDIA_TYPES.layer, digest: NOTHING, size: 23 };
      await expect(readBlob(repository, blob, 100)).rejects.toMatchObject(missing);
    });

    test("manifests and blobs are the bytes of their digest", async () => {
      const bytes = await repository.readManifest(root.digest);
      expect(digestOf(bytes)).toBe(root.digest);
      expect(parseImageIndex(bytes).manifests.map(({ digest }) => digest)).toEqual(
        children.map(({ digest }) => digest),
      );
    });

    test("a blob of another length than said is refused", async () => {
      const blob = await repository.pushBlob(toUtf8("twelve bytes"), "text/plain");
      expect(await readBlob(repository, blob, 100)).toEqual(toUtf8("twelve bytes"));
      for (const size of [11, 13]) {
        await expect(readBlob(repository, { ...blob, size }, 100)).rejects.toMatchObject({
          code: "images/blob-mismatch",
        });
      }
    });

    test("nothing is attached at first", async () => {
      expect(await repository.listReferrers(root.digest)).toEqual([]);
      expect(await repository.listReferrers(NOTHING)).toEqual([]);
    });

    test("what is attached is listed with its type and annotations, for its subject only", async () => {
      const attached = await attachBundle(repository, root, "one");
      expect(await repository.listReferrers(root.digest)).toEqual([attached]);
      expect(attached).toMatchObject({
        mediaType: MEDIA_TYPES.manifest,
        artifactType: MEDIA_TYPES.bundle,
        annotations: { "dev.sigstore.bundle.predicateType": "https://sigstore.dev/cosign/sign/v1" },
      });
      for (const child of children) expect(await repository.listReferrers(child.digest)).toEqual([]);
    });

    test("attaching again changes nothing", async () => {
      const first = await attachBundle(repository, root, "one");
      const fallback = await repository.resolve({ tag: fallbackTag(root.digest), digest: null });
      expect(await attachBundle(repository, root, "one")).toEqual(first);
      expect(await repository.listReferrers(root.digest)).toEqual([first]);
      expect(await repository.resolve({ tag: fallbackTag(root.digest), digest: null })).toEqual(fallback);
    });

    test("the fallback index lists the same", async () => {
      await attachBundle(repository, root, "one");
      await attachBundle(repository, root, "two");
      const { digest } = await repository.resolve({ tag: fallbackTag(root.digest), digest: null });
      const { manifests } = parseImageIndex(await repository.readManifest(digest));
      expect(manifests).toEqual(await repository.listReferrers(root.digest));
      expect(manifests).toHaveLength(2);
    });

    test("the only image is still the only one when things are attached to it", async () => {
      await attachBundle(repository, root, "one");
      for (const child of children) await attachBundle(repository, child, "one");
      expect(await repository.resolve({ tag: null, digest: null })).toEqual(plain(root));
    });

    test("of several attached at once none is lost", async () => {
      const contents = ["a", "b", "c", "d", "e", "f"];
      const attached = await Promise.all(contents.map((each) => attachBundle(repository, root, each)));
      const digests = attached.map(({ digest }) => digest).toSorted();
      expect((await repository.listReferrers(root.digest)).map(({ digest }) => digest)).toEqual(digests);
    });

    test("nothing is attached to what is not there, nor without its blobs", async () => {
      const missing = { code: "images/missing" };
      await expect(attachBundle(repository, { ...root, digest: NOTHING }, "one")).rejects.toMatchObject(missing);
      const bundle = { mediaType: MEDIA_TYPES.bundle, digest: NOTHING, size: 1 };
      const manifest = bundleReferrer({ subject: root, bundle, predicateType: "x", created: "2026-11-22T10:00:00Z" });
      await expect(repository.attach(formatImageManifest(manifest), root.digest)).rejects.toMatchObject(missing);
      expect(await repository.listReferrers(root.digest)).toEqual([]);
    });

    test("attaching to another than the subject is a programmer's mistake", async () => {
      const bundle = { mediaType: MEDIA_TYPES.bundle, digest: NOTHING, size: 1 };
      const manifest = bundleReferrer({ subject: root, bundle, predicateType: "x", created: "2026-11-22T10:00:00Z" });
      await expect(repository.attach(formatImageManifest(manifest), NOTHING)).rejects.toThrow(RangeError);
    });
  });
}
