/** Progress of something that may take over a second, on standard error and only before a person. */
export class Progress implements Disposable {
  readonly #what: string;
  readonly #isShown: boolean;
  #last = 0;

  /** @param what  what is being done, as in "hashing entries" */
  constructor(what: string, isShown: boolean = process.stderr.isTTY) {
    this.#what = what;
    this.#isShown = isShown;
  }

  /** Says how far it is; most calls print nothing. */
  report(done: number, total: number): void {
    if (!this.#isShown || performance.now() - this.#last < REFRESH_MS) return;
    this.#last = performance.now();
    const percent = total === 0 ? 100 : Math.floor((done / total) * 100);
    process.stderr.write(`\r${CLEAR_LINE}${this.#what}: ${done} of ${total} (${percent} %)`);
  }

  /** Takes the line away. */
  [Symbol.dispose](): void {
    if (this.#last > 0) process.stderr.write(`\r${CLEAR_LINE}`);
  }
}

const REFRESH_MS = 100;
/** ECMA-48 EL. */
const CLEAR_LINE = "\u001b[K";
