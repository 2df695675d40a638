import { execFile } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";

import fc from "fast-check";
import { beforeEach, describe, expect, test } from "vitest";

import { toUtf8 } from "../bytes/utf8.ts";
import { Failure } from "../failure.ts";
import { repositoryContract } from "../images/repository.contract.ts";
import { type ImageRepository } from "../images/repository.ts";
import { type Descriptor } from "../oci/descriptor.ts";
import { digestOf } from "../oci/digest.ts";
import { MEDIA_TYPES } from "../oci/media-types.ts";
import { bundleReferrer, EMPTY_CONFIG, fallbackTag } from "../oci/referrer.ts";
import { attachBundle } from "../testing/attach.ts";
import { type BuiltLayout, buildLayout, tagged } from "../testing/layout.ts";
import { temporaryDirectory } from "../testing/temporary.ts";
import { openLayout } from "./layout.ts";

repositoryContract("an image layout", async () => {
  const built = buildLayout(temporaryDirectory());
  return { ...built, repository: await openLayout(built.directory) };
});

let built: BuiltLayout;
let repository: ImageRepository;
beforeEach(async () => {
  built = buildLayout(temporaryDirectory());
  repository = await openLayout(built.directory);
});

const indexPath = () => join(built.directory, "index.json");
const readIndex = () => JSON.parse(readFileSync(indexPath(), "utf8"));
const NOTHING: Descriptor = { mediaType: MEDIA_TYPES.manifest, digest: digestOf(toUtf8("nothing")), size: 7 };

/** A referrer of `subject` as another program stores it, listed nowhere yet. */
function strangeReferrer(subject: Descriptor, contents = "strange"): Descriptor {
  const bundle = built.builder.blob(toUtf8(contents), MEDIA_TYPES.bundle);
  built.builder.blob(EMPTY_CONFIG, MEDIA_TYPES.empty);
  const created = "2026-11-22T10:00:00Z";
  return built.builder.manifest(bundleReferrer({ subject, bundle, predicateType: "urn:x", created }));
}

const damage = (digest: Descriptor["digest"], change: (bytes: Buffer) => Uint8Array) =>
  writeFileSync(built.builder.pathOf(digest), change(readFileSync(built.builder.pathOf(digest))));

const digests = async (subject = built.root) =>
  (await repository.listReferrers(subject.digest)).map(({ digest }) => digest);

async function collect(descriptor: Descriptor): Promise<void> {
  for await (const _ of repository.openBlob(descriptor));
}

describe("opening", () => {
  test.each<[string, (directory: string) => void, string]>([
    ["no directory", (directory) => rmSync(directory, { recursive: true }), "layout/missing"],
    ["no oci-layout", (directory) => rmSync(join(directory, "oci-layout")), "layout/malformed"],
    [
      "another version",
      (directory) => writeFileSync(join(directory, "oci-layout"), '{"imageLayoutVersion":"2.0.0"}'),
      "layout/malformed",
    ],
    [
      "an oci-layout that is no JSON",
      (directory) => writeFileSync(join(directory, "oci-layout"), "1.0.0"),
      "layout/malformed",
    ],
    ["no index", (directory) => rmSync(join(directory, "index.json")), "layout/malformed"],
    [
      "an index that is a manifest",
      (directory) => writeFileSync(join(directory, "index.json"), '{"schemaVersion":2,"config":{},"layers":[]}'),
      "layout/malformed",
    ],
    [
      "an index with a key twice",
      (directory) => writeFileSync(join(directory, "index.json"), '{"schemaVersion":2,"manifests":[],"manifests":[]}'),
      "layout/malformed",
    ],
    [
      "an index of 5 MiB",
      (directory) => writeFileSync(join(directory, "index.json"), " ".repeat(5 * 1024 ** 2)),
      "images/too-large",
    ],
    [
      "an index that is a link",
      (directory) => {
        renameSync(join(directory, "index.json"), join(directory, "real.json"));
        symlinkSync("real.json", join(directory, "index.json"));
      },
      "layout/malformed",
    ],
    [
      "blobs that are a link",
      (directory) => {
        renameSync(join(directory, "blobs"), join(directory, "real"));
        symlinkSync("real", join(directory, "blobs"));
      },
      "layout/malformed",
    ],
  ])("%s is refused", async (_, spoil, code) => {
    spoil(built.directory);
    await expect(openLayout(built.directory)).rejects.toMatchObject({ code });
  });

  test("an empty layout opens, and has no image", async () => {
    writeFileSync(indexPath(), '{"schemaVersion":2,"manifests":null}');
    rmSync(join(built.directory, "blobs"), { recursive: true });
    const empty = await openLayout(built.directory);
    await expect(empty.resolve({ tag: null, digest: null })).rejects.toMatchObject({ code: "images/missing" });
    expect((await empty.pushBlob(toUtf8("x"), "text/plain")).size).toBe(1);
  });

  test("any index is read or a Failure", async () => {
    const seed = readFileSync(indexPath());
    await fc.assert(
      fc.asyncProperty(fc.nat(seed.length - 1), fc.uint8Array({ maxLength: 3 }), async (at, bytes) => {
        writeFileSync(indexPath(), Buffer.concat([seed.subarray(0, at), bytes, seed.subarray(at + bytes.length)]));
        try {
          const changed = await openLayout(built.directory);
          await changed.resolve({ tag: "1.0", digest: null });
          expect(await changed.listReferrers(built.root.digest)).toEqual([]);
        } catch (error) {
          expect(error).toBeInstanceOf(Failure);
        }
      }),
      { numRuns: 300 },
    );
  });
});

describe("resolving", () => {
  test("one tag for two images is refused, for one image twice it is not", async () => {
    const [first = NOTHING] = built.children;
    built.builder.writeIndex([tagged(built.root, "1.0"), tagged(built.root, "1.0")]);
    expect(await repository.resolve({ tag: "1.0", digest: null })).toMatchObject({ digest: built.root.digest });
    built.builder.writeIndex([tagged(built.root, "1.0"), tagged(first, "1.0")]);
    await expect(repository.resolve({ tag: "1.0", digest: null })).rejects.toMatchObject({ code: "layout/malformed" });
  });

  test("of several images one must be named, and the tags are told", async () => {
    const [first = NOTHING] = built.children;
    built.builder.writeIndex([tagged(built.root, "1.0"), tagged(first, "amd64")]);
    await expect(repository.resolve({ tag: null, digest: null })).rejects.toMatchObject({
      code: "images/ambiguous",
      hint: "it has the tags 1.0, amd64",
    });
  });

  test("an index whose platforms are listed beside it is one image", async () => {
    built.builder.writeIndex([...built.children, built.root]);
    expect(await repository.resolve({ tag: null, digest: null })).toMatchObject({ digest: built.root.digest });
  });

  test("a digest that an index calls by a wrong type is what it is", async () => {
    const [first = NOTHING] = built.children;
    const wrong = { ...first, mediaType: MEDIA_TYPES.index };
    built.builder.writeIndex([wrong, { ...first, mediaType: "text/plain" }, tagged(built.root, "1.0")]);
    expect(await repository.resolve({ tag: null, digest: first.digest })).toMatchObject({
      mediaType: MEDIA_TYPES.manifest,
    });
  });

  test("a referrer that calls itself a tag gets none", async () => {
    const manifest = JSON.parse(readFileSync(built.builder.pathOf(strangeReferrer(built.root).digest), "utf8"));
    manifest.annotations["org.opencontainers.image.ref.name"] = "1.0";
    await repository.attach(toUtf8(JSON.stringify(manifest)), built.root.digest);
    expect(await repository.resolve({ tag: "1.0", digest: null })).toMatchObject({ digest: built.root.digest });
  });
});

describe("blobs", () => {
  test.each<[string, (bytes: Buffer) => Uint8Array]>([
    ["another byte", (bytes) => bytes.fill("#", 3, 4)],
    ["a byte less", (bytes) => bytes.subarray(1)],
    ["a byte more", (bytes) => Buffer.concat([bytes, Buffer.from(" ")])],
    ["nothing in it", () => Buffer.alloc(0)],
  ])("a blob with %s is refused", async (_, change) => {
    damage(built.root.digest, change);
    const refused = { code: "images/blob-mismatch" };
    await expect(repository.readManifest(built.root.digest)).rejects.toMatchObject(refused);
    await expect(collect(built.root)).rejects.toMatchObject(refused);
  });

  test("a blob that is a link is refused, even to the right bytes", async () => {
    const path = built.builder.pathOf(built.root.digest);
    renameSync(path, join(built.directory, "elsewhere"));
    symlinkSync(join(built.directory, "elsewhere"), path);
    await expect(repository.readManifest(built.root.digest)).rejects.toMatchObject({ code: "layout/malformed" });
  });

  test("a blob that is a directory is refused", async () => {
    const path = built.builder.pathOf(built.root.digest);
    rmSync(path);
    mkdirSync(path);
    await expect(repository.readManifest(built.root.digest)).rejects.toMatchObject({ code: "layout/malformed" });
  });

  test("a manifest of more than 4 MiB is not read", async () => {
    const { digest } = built.builder.blob(new Uint8Array(5 * 1024 ** 2), MEDIA_TYPES.manifest);
    await expect(repository.readManifest(digest)).rejects.toMatchObject({ code: "images/too-large" });
  });

  test("a damaged blob is healed by storing it again", async () => {
    const { digest } = await repository.pushBlob(toUtf8("contents"), "text/plain");
    damage(digest, () => Buffer.from("contemts"));
    await repository.pushBlob(toUtf8("contents"), "text/plain");
    expect(readFileSync(built.builder.pathOf(digest), "utf8")).toBe("contents");
  });
});

describe("referrers", () => {
  test.each<[string, (referrer: Descriptor) => void]>([
    [
      "in index.json, with nothing said of it",
      (referrer) => built.builder.writeIndex([tagged(built.root, "1.0"), referrer]),
    ],
    [
      "in the fallback index only",
      (referrer) => {
        const fallback = built.builder.index({ mediaType: MEDIA_TYPES.index, manifests: [referrer] });
        built.builder.writeIndex([tagged(built.root, "1.0"), tagged(fallback, fallbackTag(built.root.digest))]);
      },
    ],
    [
      "beside its subject in an index",
      (referrer) => {
        const outer = built.builder.index({ mediaType: MEDIA_TYPES.index, manifests: [built.root, referrer] });
        built.builder.writeIndex([outer]);
      },
    ],
    [
      "twice, once with a wrong type",
      (referrer) => {
        const wrong = { ...referrer, mediaType: MEDIA_TYPES.index };
        built.builder.writeIndex([wrong, { ...referrer, mediaType: "text/plain" }, referrer, referrer]);
      },
    ],
    [
      "among what is malformed",
      (referrer) => {
        const junk = built.builder.blob(toUtf8("{]"), MEDIA_TYPES.manifest);
        const junkIndex = built.builder.blob(toUtf8('{"schemaVersion":2}'), MEDIA_TYPES.index);
        built.builder.writeIndex([junk, junkIndex, { ...NOTHING, mediaType: "text/plain" }, referrer]);
      },
    ],
    ["with a wrong size", (referrer) => built.builder.writeIndex([{ ...referrer, size: 1 }])],
  ])("are found %s", async (_, list) => {
    const referrer = strangeReferrer(built.root);
    list(referrer);
    expect(await repository.listReferrers(built.root.digest)).toEqual([
      expect.objectContaining({ digest: referrer.digest, size: referrer.size, artifactType: MEDIA_TYPES.bundle }),
    ]);
  });

  test("an entry that is not there is a fault, in index.json and in the fallback index", async () => {
    built.builder.writeIndex([tagged(built.root, "1.0"), NOTHING]);
    await expect(digests()).rejects.toMatchObject({ code: "layout/unreadable" });
    const fallback = built.builder.index({ mediaType: MEDIA_TYPES.index, manifests: [NOTHING] });
    built.builder.writeIndex([tagged(built.root, "1.0"), tagged(fallback, fallbackTag(built.root.digest))]);
    await expect(digests()).rejects.toMatchObject({ code: "layout/unreadable" });
  });

  test("a platform that is not there is none: layouts may hold some platforms only", async () => {
    const [first = NOTHING] = built.children;
    rmSync(built.builder.pathOf(first.digest));
    expect(await digests()).toEqual([]);
  });

  test("a damaged entry is a fault", async () => {
    const referrer = strangeReferrer(built.root);
    built.builder.writeIndex([tagged(built.root, "1.0"), referrer]);
    writeFileSync(built.builder.pathOf(referrer.digest), "{}");
    await expect(digests()).rejects.toMatchObject({ code: "images/blob-mismatch" });
  });

  test("a fallback index that is none is a fault, and is not written over", async () => {
    const junk = built.builder.blob(toUtf8("{}"), MEDIA_TYPES.index);
    built.builder.writeIndex([tagged(built.root, "1.0"), tagged(junk, fallbackTag(built.root.digest))]);
    const before = readFileSync(indexPath(), "utf8");
    await expect(digests()).rejects.toMatchObject({ code: "layout/malformed" });
    await expect(attachBundle(repository, built.root, "one")).rejects.toMatchObject({ code: "oci/malformed-index" });
    expect(readFileSync(indexPath(), "utf8")).toBe(before);
  });

  test("attaching keeps what others wrote into index.json", async () => {
    const index = readIndex();
    index.manifests[0].urls = ["https://example.test/"];
    index["x-other"] = { __proto__: null, kept: [1, 2] };
    writeFileSync(indexPath(), JSON.stringify(index));
    const attached = await attachBundle(repository, built.root, "one");
    const after = readIndex();
    expect(after["x-other"]).toEqual({ kept: [1, 2] });
    expect(after.manifests[0]).toEqual(index.manifests[0]);
    expect(after.manifests[1]).toEqual(attached);
    expect(after.manifests[2].annotations).toEqual({
      "org.opencontainers.image.ref.name": fallbackTag(built.root.digest),
    });
  });

  test("several processes at once lose nothing, and leave nothing behind", async () => {
    const run = promisify(execFile);
    const workers = ["a", "b", "c", "d", "e"];
    const script = join(import.meta.dirname, "../testing/attach-worker.ts");
    await Promise.all(workers.map((worker) => run(process.execPath, [script, built.directory, worker, "6"])));
    expect(await digests()).toHaveLength(30);
    for (const child of built.children) expect(await digests(child)).toHaveLength(30);
    expect(readdirSync(built.directory).toSorted()).toEqual(["blobs", "index.json", "oci-layout"]);
  });
});
