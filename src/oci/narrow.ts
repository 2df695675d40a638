import { Failure, type FailureCode } from "../failure.ts";
import { isJsonArray, isJsonObject, type Json, type JsonObject } from "../json/json.ts";
import { parseJson } from "../json/parser.ts";
import { type Digest, isDigest } from "./digest.ts";

/** Bytes of one manifest, index or configuration; distribution-spec wants registries to take 4 MiB. */
export const MAX_DOCUMENT_BYTES = 4 * 1024 * 1024;

/**
 * Reads fields of one foreign JSON document. Properties that are not asked for are tolerated, as OCI demands; those that
 * are must have their type. `where` is a path for people. Writers in Go put null for what they leave out, and so an
 * optional field that is null counts as absent.
 */
export class Narrow {
  readonly #code: FailureCode;

  constructor(code: FailureCode) {
    this.#code = code;
  }

  /** The whole document, which must be an object. */
  document(bytes: Uint8Array): JsonObject {
    try {
      return this.object(parseJson(bytes, { maxBytes: MAX_DOCUMENT_BYTES, maxDepth: 32 }), "the document");
    } catch (cause) {
      if (!(cause instanceof Failure) || cause.code === this.#code) throw cause;
      throw new Failure(this.#code, "the document is not strict JSON", { cause });
    }
  }

  object(value: Json | undefined, where: string): JsonObject {
    return isJsonObject(value) ? value : this.refuse(`${where} is not an object`);
  }

  array(value: Json | undefined, where: string): readonly Json[] {
    return isJsonArray(value) ? value : this.refuse(`${where} is not an array`);
  }

  string(value: Json | undefined, where: string): string {
    return typeof value === "string" ? value : this.refuse(`${where} is not a string`);
  }

  /** A length in bytes: a safe integer from 0. */
  size(value: Json | undefined, where: string): number {
    if (typeof value === "number" && Number.isSafeInteger(value) && value >= 0) return value;
    return this.refuse(`${where} is not a length in bytes`);
  }

  digest(value: Json | undefined, where: string): Digest {
    const text = this.string(value, where);
    return isDigest(text) ? text : this.refuse(`${where} is not a digest`);
  }

  /** `type/subtype` of RFC 6838 §4.2, with parameters where there are some. */
  mediaType(value: Json | undefined, where: string): string {
    const text = this.string(value, where);
    const name = "[A-Za-z0-9][A-Za-z0-9!#$&^_.+-]{0,126}";
    if (!new RegExp(`^${name}/${name}(?:;[ -~]{1,127})?$`).test(text)) this.refuse(`${where} is not a media type`);
    return text;
  }

  strings(value: Json | undefined, where: string): readonly string[] {
    return this.array(value, where).map((each) => this.string(each, where));
  }

  annotations(value: Json | undefined, where: string): Readonly<Record<string, string>> {
    const entries = Object.entries(this.object(value, where));
    const annotations: Record<string, string> = Object.create(null);
    for (const [key, each] of entries) annotations[key] = this.string(each, `${where}.${key}`);
    return annotations;
  }

  /** `{ [key]: read(value) }`, or nothing where the value is absent or null: for spreading into a result. */
  optional<K extends string, T>(
    from: JsonObject,
    key: K,
    read: (value: Json, where: string) => T,
  ): { readonly [key in K]?: T } {
    const value = from[key];
    if (value === undefined || value === null) return {};
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a computed key widens to string
    return { [key]: read(value, key) } as { readonly [key in K]?: T };
  }

  refuse(message: string): never {
    throw new Failure(this.#code, message);
  }
}
