/**
 * Messages in the JSON form of protobuf, read strictly: a field nobody asked for is refused, integers of 64 bits are
 * decimal strings, bytes are standard padded base64, and names are in lowerCamelCase.
 *
 * One leniency is needed for what cosign and sigstore-go write: the proto3 JSON mapping leaves out fields that hold
 * their default, so an absent integer is 0, an absent list empty. `null` stands for absent, as Rekor's answers have it.
 */
import { fromBase64 } from "../bytes/base64.ts";
import { Failure, type FailureCode } from "../failure.ts";
import { isJsonArray, isJsonObject, type Json, type JsonObject } from "../json/json.ts";
import { DEFAULT_MAX_BYTES, parseJson } from "../json/parser.ts";
import { asHash, type Hash } from "../merkle/hash.ts";

/** Where a message stands in its document, for errors. */
export interface Place {
  /** Reported for everything that is wrong with the message. */
  readonly code: FailureCode;
  /** For people: `bundle.verificationMaterial`. */
  readonly path: string;
}

const HASH_BYTES = 32;
/** Characters of an unknown field's name that are repeated in an error. */
const SHOWN_CHARACTERS = 40;

/** One message; every reader throws the place's code where the field is not what it must be. */
export class Message {
  readonly #object: JsonObject;
  readonly #place: Place;

  /** @param fields  all fields the message may have */
  constructor(value: Json | undefined, place: Place, fields: readonly string[]) {
    this.#place = place;
    if (!isJsonObject(value)) throw this.failure("is not an object");
    this.#object = value;
    const unknown = Object.keys(value).find((name) => !fields.includes(name));
    if (unknown !== undefined) {
      throw this.failure(`has an unknown field ${JSON.stringify(unknown.slice(0, SHOWN_CHARACTERS))}`);
    }
  }

  /** What is wrong with this message, ready to be thrown. */
  failure(what: string, cause?: unknown): Failure {
    return new Failure(this.#place.code, `${this.#place.path} ${what}`, { cause });
  }

  /** The field as it stands; undefined where it is absent or null. */
  value(name: string): Json | undefined {
    return Object.hasOwn(this.#object, name) ? (this.#object[name] ?? undefined) : undefined;
  }

  has(name: string): boolean {
    return this.value(name) !== undefined;
  }

  /** A string that may be absent or empty: "" either way. */
  optionalText(name: string): string {
    const value = this.value(name) ?? "";
    if (typeof value !== "string") throw this.failure(`has a "${name}" that is not a string`);
    return value;
  }

  /** A string that is not empty. */
  text(name: string): string {
    const value = this.optionalText(name);
    if (value === "") throw this.failure(`has no "${name}"`);
    return value;
  }

  /** One of the names of an enumeration. */
  oneOf<Name extends string>(name: string, names: readonly Name[]): Name {
    const text = this.text(name);
    const found = names.find((each) => each === text);
    if (found === undefined) throw this.failure(`has a "${name}" that is none of ${names.join(", ")}`);
    return found;
  }

  /** Bytes, at least one. */
  bytes(name: string): Uint8Array {
    return this.#decode(name, this.text(name));
  }

  /** Exactly 32 bytes. */
  hash(name: string): Hash {
    return this.#asHash(name, this.bytes(name));
  }

  /** Hashes in order; absent is empty. */
  hashes(name: string, most: number): readonly Hash[] {
    return this.list(name, most).map((value) => {
      if (typeof value !== "string") throw this.failure(`has "${name}" that are not strings`);
      return this.#asHash(name, this.#decode(name, value));
    });
  }

  /** An int64 that is not negative, as a decimal string without leading zeros; absent is 0. */
  bigint(name: string): bigint {
    const text = this.optionalText(name);
    if (text !== "" && !/^(?:0|[1-9][0-9]{0,18})$/.test(text)) {
      throw this.failure(`has a "${name}" that is not a decimal of 64 bits`);
    }
    const value = BigInt(text);
    if (value > 0x7fff_ffff_ffff_ffffn) throw this.failure(`has a "${name}" above 2^63`);
    return value;
  }

  /** {@link bigint} within the safe integers. */
  integer(name: string): number {
    const value = Number(this.bigint(name));
    if (!Number.isSafeInteger(value)) throw this.failure(`has a "${name}" above 2^53`);
    return value;
  }

  /** A list of at most `most` values; absent is empty. */
  list(name: string, most: number): readonly Json[] {
    const value = this.value(name) ?? [];
    if (!isJsonArray(value)) throw this.failure(`has a "${name}" that is not a list`);
    if (value.length > most) throw this.failure(`has ${value.length} "${name}", more than ${most}`);
    return value;
  }

  /** Where the field `name` stands. */
  placeOf(name: string, code: FailureCode = this.#place.code): Place {
    return { code, path: `${this.#place.path}.${name}` };
  }

  message(name: string, fields: readonly string[]): Message {
    return new Message(this.value(name), this.placeOf(name), fields);
  }

  messages(name: string, most: number, fields: readonly string[]): readonly Message[] {
    return this.list(name, most).map((value, at) => new Message(value, this.placeOf(`${name}[${at}]`), fields));
  }

  #decode(name: string, text: string): Uint8Array {
    try {
      return fromBase64(text);
    } catch (cause) {
      throw this.failure(`has a "${name}" that is not base64`, cause);
    }
  }

  #asHash(name: string, bytes: Uint8Array): Hash {
    if (bytes.length !== HASH_BYTES) throw this.failure(`has a "${name}" of ${bytes.length} bytes, not ${HASH_BYTES}`);
    return asHash(bytes);
  }
}

/** Reads the JSON document that a message is in; longer ones are refused unread. */
export function readDocument(bytes: Uint8Array, place: Place, maxBytes: number = DEFAULT_MAX_BYTES): Json {
  try {
    return parseJson(bytes, { maxBytes });
  } catch (cause) {
    if (!(cause instanceof Failure)) throw cause;
    throw new Failure(place.code, `${place.path} cannot be read: ${cause.message}`, { cause });
  }
}
