import { createHash } from "node:crypto";

/** Numbers that look random and are always the same for one name. */
export class Random {
  readonly #state: Uint32Array;

  constructor(name: string) {
    const digest = createHash("sha256").update(name).digest();
    this.#state = Uint32Array.from({ length: 4 }, (_, at) => digest.readUInt32LE(at * 4));
  }

  /** The next 32 bits, by xorshift128 (Marsaglia, "Xorshift RNGs", 2003). */
  next(): number {
    const [x = 0, y = 0, z = 0, w = 1] = this.#state;
    const mixed = x ^ (x << 11);
    const fresh = (w ^ (w >>> 19) ^ mixed ^ (mixed >>> 8)) >>> 0;
    this.#state.set([y, z, w, fresh]);
    return fresh;
  }

  /** From 0 to `limit` - 1; 0 where there is nothing to choose. */
  below(limit: number): number {
    return limit <= 1 ? 0 : this.next() % limit;
  }

  /** True once in `times`. */
  oneIn(times: number): boolean {
    return this.below(times) === 0;
  }

  pick<Item>(items: readonly Item[]): Item {
    const item = items[this.below(items.length)];
    if (item === undefined) throw new RangeError("there is nothing to pick from");
    return item;
  }

  bytes(length: number): Uint8Array {
    return Uint8Array.from({ length }, () => this.next());
  }
}
