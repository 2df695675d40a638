import { equalBytes } from "../../src/bytes/join.ts";
import { toUtf8 } from "../../src/bytes/utf8.ts";
import { Failure } from "../../src/failure.ts";
import { mutateBytes } from "./bytes-mutation.ts";
import { type Random } from "./random.ts";

/** Makes an input out of a valid one. */
export type Mutate = (random: Random, seed: Uint8Array) => Uint8Array;

/** A parser under test. */
export interface Parser {
  readonly name: string;
  /** Valid inputs, small. */
  readonly seeds: readonly Uint8Array[];
  readonly mutate: Mutate;
  /**
   * Reads an input; false where it was refused by a {@link Failure}. Whatever it throws is a broken contract: another
   * error, or a value that does not keep what the parser promises of it.
   */
  accepts(input: Uint8Array): Promise<boolean>;
}

interface Contract<Value> {
  readonly name: string;
  readonly seeds: readonly Uint8Array[];
  /** {@link mutateBytes} unless told. */
  readonly mutation?: (seeds: readonly Uint8Array[]) => Mutate;
  readonly parse: (input: Uint8Array) => Value | Promise<Value>;
  /** Throws where `value` is not what `input` may give. */
  readonly check?: (value: Value, input: Uint8Array) => void;
}

export function parser<Value>({ name, seeds, mutation = anyMutation, parse, check }: Contract<Value>): Parser {
  return {
    name,
    seeds,
    mutate: mutation(seeds),
    async accepts(input) {
      let value: Value;
      try {
        value = await parse(input);
      } catch (error) {
        if (error instanceof Failure) return false;
        throw error;
      }
      check?.(value, input);
      return true;
    },
  };
}

interface TextContract<Value> extends Omit<Contract<Value>, "parse" | "check" | "seeds"> {
  readonly seeds: readonly string[];
  readonly parse: (text: string) => Value;
  readonly check?: (value: Value, text: string) => void;
}

/** A parser of text: bytes that are no UTF-8 become text with replacement characters, or one character each. */
export const textParser = <Value>({ seeds, parse, check, ...rest }: TextContract<Value>): Parser =>
  parser({
    ...rest,
    seeds: seeds.map(toUtf8),
    parse: (input) => {
      const text = textOf(input);
      return { value: parse(text), text };
    },
    check: ({ value, text }) => check?.(value, text),
  });

/** A check that `format` writes what was read. */
export const writesBack =
  <Value>(format: (value: Value) => Uint8Array): ((value: Value, input: Uint8Array) => void) =>
  (value, input) => {
    if (!equalBytes(format(value), input)) throw new Error("what was accepted is not written back");
  };

/** {@link writesBack} for text. */
export const writesTextBack =
  <Value>(format: (value: Value) => string): ((value: Value, text: string) => void) =>
  (value, text) => {
    if (format(value) !== text) throw new Error("what was accepted is not written back");
  };

/** A check that what `format` writes is read as the same value, where the input may have been written otherwise. */
export const readsBack =
  <Value>(
    format: (value: Value) => Uint8Array | string,
    parse: (bytes: Uint8Array) => Value,
  ): ((value: Value) => void) =>
  (value) => {
    const written = format(value);
    const again = parse(typeof written === "string" ? toUtf8(written) : written);
    if (!isSame(again, value)) throw new Error("what was accepted and written is read as something else");
  };

/** Whether two values hold the same: whatever their prototypes, and with one zero. */
function isSame(one: unknown, other: unknown): boolean {
  if (one === other) return true;
  if (!isObject(one) || !isObject(other)) return false;
  if (one instanceof Uint8Array) return other instanceof Uint8Array && equalBytes(one, other);
  const [keys, otherKeys] = [Object.keys(one), Object.keys(other)];
  return (
    Array.isArray(one) === Array.isArray(other) &&
    keys.length === otherKeys.length &&
    keys.every((key) => Object.hasOwn(other, key) && isSame(one[key], other[key]))
  );
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null;

const anyMutation =
  (seeds: readonly Uint8Array[]): Mutate =>
  (random, seed) =>
    mutateBytes(random, seed, seeds);

function textOf(input: Uint8Array): string {
  // The parity of the length stands in for a coin, so that an input alone says what it does.
  return input.length % 2 === 0 ? new TextDecoder().decode(input) : decodeStrictly(input);
}

function decodeStrictly(input: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(input);
  } catch {
    return Buffer.from(input).toString("latin1");
  }
}
