import { createHash } from "node:crypto";
import { constants } from "node:fs";
import { type FileHandle, lstat, mkdir, open } from "node:fs/promises";
import { join } from "node:path";

import { concat } from "../bytes/join.ts";
import { toHex } from "../bytes/hex.ts";
import { Failure } from "../failure.ts";
import { replaceFile, syncDirectory } from "../files/write.ts";
import { type Digest, digestOf, splitDigest } from "../oci/digest.ts";

/** Bytes read at a time. */
const CHUNK_BYTES = 1024 * 1024;

/**
 * The folder `blobs` of an image layout (OCI image-spec, image-layout.md): files named by the digest of their contents.
 *
 * Names come from validated digests only, and no link is followed. What is read is believed at its end, when its digest
 * is right.
 */
export class BlobStore {
  readonly #directory: string;

  constructor(layout: string) {
    this.#directory = join(layout, "blobs");
  }

  /** @throws layout/malformed where a folder of blobs is a link to another place, or no folder */
  async check(): Promise<void> {
    for (const folder of [this.#directory, join(this.#directory, "sha256"), join(this.#directory, "sha512")]) {
      const found = await lstat(folder).catch((cause: NodeJS.ErrnoException) => {
        if (cause.code === "ENOENT") return null;
        throw unreadable(folder, cause);
      });
      if (found !== null && !found.isDirectory()) throw new Failure("layout/malformed", `${folder} is not a directory`);
    }
  }

  /**
   * Streams a blob; chunks are views of one buffer, valid until the next is asked for.
   *
   * @param size  bytes it must have, or null where nothing says
   * @throws images/missing, images/blob-mismatch, layout/malformed, layout/unreadable
   */
  async *stream(digest: Digest, size: number | null): AsyncGenerator<Uint8Array> {
    const file = await this.#open(digest);
    try {
      const { size: found } = await file.stat();
      if (size !== null && found !== size) throw mismatch(digest, `it has ${found} bytes, and should have ${size}`);
      const [algorithm, hex] = splitDigest(digest);
      const hash = createHash(algorithm);
      const buffer = new Uint8Array(Math.min(CHUNK_BYTES, Math.max(found, 1)));
      let total = 0;
      for (;;) {
        const { bytesRead } = await file.read(buffer, 0, buffer.length, null).catch((cause: unknown) => {
          throw unreadable(this.#path(digest), cause);
        });
        if (bytesRead === 0) break;
        total += bytesRead;
        if (total > found) throw mismatch(digest, "it grew while it was read");
        const chunk = buffer.subarray(0, bytesRead);
        hash.update(chunk);
        yield chunk;
      }
      const actual = toHex(hash.digest());
      if (actual !== hex) throw mismatch(digest, `it hashes to ${algorithm}:${actual}`);
    } finally {
      await file.close();
    }
  }

  /**
   * The whole of a blob.
   *
   * @throws as {@link stream}, and images/too-large
   */
  async read(digest: Digest, maxBytes: number): Promise<Uint8Array> {
    const parts: Uint8Array[] = [];
    let total = 0;
    for await (const chunk of this.stream(digest, null)) {
      total += chunk.length;
      if (total > maxBytes)
        throw new Failure("images/too-large", `${digest} has more than the ${maxBytes} bytes that are read`);
      parts.push(chunk.slice());
    }
    return concat(...parts);
  }

  /** Whether a blob is there; its contents are not looked at. @throws layout/malformed, layout/unreadable */
  async has(digest: Digest): Promise<boolean> {
    try {
      await (await this.#open(digest)).close();
      return true;
    } catch (error) {
      if (error instanceof Failure && error.code === "images/missing") return false;
      throw error;
    }
  }

  /** Stores a blob, durably; one that is there already and whole is left alone. @throws files/unwritable */
  async write(bytes: Uint8Array): Promise<Digest> {
    const digest = digestOf(bytes);
    if (await this.#isWhole(digest, bytes.length)) return digest;
    const folder = join(this.#directory, "sha256");
    try {
      if ((await mkdir(folder, { recursive: true })) !== undefined) {
        // A blob is as durable as the names of the folders it is in.
        await syncDirectory(join(this.#directory, ".."));
        await syncDirectory(this.#directory);
      }
    } catch (cause) {
      throw new Failure("files/unwritable", `${folder} could not be made`, { cause });
    }
    await replaceFile(this.#path(digest), bytes);
    return digest;
  }

  async #isWhole(digest: Digest, size: number): Promise<boolean> {
    try {
      for await (const _ of this.stream(digest, size));
      return true;
    } catch (error) {
      if (error instanceof Failure && (error.code === "images/missing" || error.code === "images/blob-mismatch"))
        return false;
      throw error;
    }
  }

  async #open(digest: Digest): Promise<FileHandle> {
    const path = this.#path(digest);
    return openFile(path).catch((cause: NodeJS.ErrnoException) => {
      if (cause.code === "ENOENT") throw new Failure("images/missing", `${digest} is not in the layout`, { cause });
      throw cause;
    });
  }

  #path(digest: Digest): string {
    return join(this.#directory, ...splitDigest(digest));
  }
}

/**
 * Opens a file of a layout, whose author may not be trusted: links are not followed, and a pipe does not block.
 *
 * @throws layout/malformed, layout/unreadable, and the error ENOENT itself
 */
export async function openFile(path: string): Promise<FileHandle> {
  const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
  const file = await open(path, flags).catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === "ENOENT") throw cause;
    if (cause.code === "ELOOP") throw new Failure("layout/malformed", `${path} is a link`, { cause });
    throw unreadable(path, cause);
  });
  if ((await file.stat()).isFile()) return file;
  await file.close();
  throw new Failure("layout/malformed", `${path} is not a file`);
}

const mismatch = (digest: Digest, what: string): Failure =>
  new Failure("images/blob-mismatch", `the blob ${digest} is damaged: ${what}`);

const unreadable = (path: string, cause: unknown): Failure =>
  new Failure("layout/unreadable", `${path} could not be read`, { cause });
