import { join } from "node:path";

import { equalBytes } from "../bytes/join.ts";
import { toUtf8 } from "../bytes/utf8.ts";
import { Failure } from "../failure.ts";
import { replaceFile } from "../files/write.ts";
import { isJsonArray, isJsonObject, type Json } from "../json/json.ts";
import { parseJson } from "../json/parser.ts";
import { type Descriptor } from "../oci/descriptor.ts";
import { type ImageIndex, parseImageIndex } from "../oci/manifest.ts";
import { MAX_DOCUMENT_BYTES } from "../oci/narrow.ts";
import { openFile } from "./blob-store.ts";
import { withLock } from "./lock.ts";

/** The annotation that gives an entry of `index.json` its tag (OCI image-spec, annotations.md). */
export const REF_NAME = "org.opencontainers.image.ref.name";

/** How often an index that other programs rewrite meanwhile is edited anew. */
const MAX_ROUNDS = 10;

/**
 * Makes a new list of manifests, or null for no change.
 *
 * @param index  the list as read
 * @param raw    the same as it stands in the file, with whatever other programs put there
 */
export type Edit = (index: ImageIndex, raw: readonly Json[]) => Promise<readonly Json[] | null>;

/** The file `index.json` of an image layout. */
export class IndexFile {
  readonly #layout: string;
  readonly #path: string;

  constructor(layout: string) {
    this.#layout = layout;
    this.#path = join(layout, "index.json");
  }

  /** @throws layout/malformed, layout/unreadable, images/too-large */
  async read(): Promise<ImageIndex> {
    return this.#parse(await this.#readBytes());
  }

  /**
   * Changes the list of manifests, whole or not at all, and durably. What is not changed stays as others wrote it.
   *
   * Writers of ours take turns by a lock. Other programs know nothing of it; for their sake the file is compared once
   * more just before it is replaced.
   *
   * @param edit  may be called several times
   * @throws layout/conflict, layout/malformed, images/too-large, files/unwritable, and what `edit` throws
   */
  async update(edit: Edit): Promise<void> {
    await withLock(this.#layout, async () => {
      for (let round = 0; round < MAX_ROUNDS; round += 1) {
        const before = await this.#readBytes();
        const after = await this.#edited(before, edit);
        if (after === null) return;
        if (!equalBytes(before, await this.#readBytes())) continue;
        await replaceFile(this.#path, after);
        return;
      }
      throw new Failure("layout/conflict", `${this.#path} keeps changing`);
    });
  }

  async #edited(before: Uint8Array, edit: Edit): Promise<Uint8Array | null> {
    const index = this.#parse(before);
    const document = parseJson(before);
    if (!isJsonObject(document)) throw malformed(this.#path);
    const manifests = document["manifests"];
    const edited = await edit(index, isJsonArray(manifests) ? manifests : []);
    if (edited === null) return null;
    const after = toUtf8(JSON.stringify({ ...document, manifests: edited }));
    if (after.length <= MAX_DOCUMENT_BYTES) return after;
    throw new Failure(
      "images/too-large",
      `${this.#path} would have ${after.length} bytes; ${MAX_DOCUMENT_BYTES} are read`,
    );
  }

  #parse(bytes: Uint8Array): ImageIndex {
    try {
      return parseImageIndex(bytes);
    } catch (cause) {
      if (cause instanceof Failure) throw malformed(this.#path, cause);
      throw cause;
    }
  }

  #readBytes(): Promise<Uint8Array> {
    return readLayoutFile(this.#path, MAX_DOCUMENT_BYTES);
  }
}

/** @throws layout/malformed, layout/unreadable, images/too-large */
export async function readLayoutFile(path: string, maxBytes: number): Promise<Uint8Array> {
  const file = await openFile(path).catch((cause: unknown) => {
    if (cause instanceof Failure) throw cause;
    throw new Failure("layout/malformed", `${path} is not there, as it is in every image layout`, { cause });
  });
  try {
    const { size } = await file.stat();
    if (size > maxBytes)
      throw new Failure("images/too-large", `${path} has ${size} bytes; at most ${maxBytes} are read`);
    return new Uint8Array(await file.readFile());
  } catch (cause) {
    if (cause instanceof Failure) throw cause;
    throw new Failure("layout/unreadable", `${path} could not be read`, { cause });
  } finally {
    await file.close();
  }
}

/** The tag of an entry, if it has one. */
export const tagOf = ({ annotations }: Descriptor): string | undefined => annotations?.[REF_NAME];

const malformed = (path: string, cause?: unknown): Failure =>
  new Failure("layout/malformed", `${path} is no image index`, { cause });
