import Database from "better-sqlite3";

import { Failure } from "../failure.ts";
import { type Mutex } from "../log/mutex.ts";
import { guard } from "./database.ts";

/** How long a writer waits for its turn, unless told otherwise. */
const WAIT_MS = 120_000;
/** Longest pause between two attempts; the shortest is 1 ms. */
const MAX_PAUSE_MS = 12;

/**
 * A mutex that the operating system lets go of when its holder dies: SQLite's lock on an empty database file.
 *
 * Nothing is ever written to the file. Nobody may open it by other means in the same process: closing any descriptor
 * of a file drops a POSIX process's locks on it.
 */
export class SqliteMutex implements Mutex, Disposable {
  readonly #path: string;
  readonly #waitMs: number;
  readonly #database: Database.Database;
  /** Settles when everybody in this process who came before is done. */
  #last: Promise<unknown> = Promise.resolve();

  /** @throws log/unavailable */
  constructor(path: string, waitMs: number = WAIT_MS) {
    this.#path = path;
    this.#waitMs = waitMs;
    // Waiting is done here, asynchronously: SQLite's own would stop the process.
    this.#database = guard(path, () => new Database(path, { timeout: 0 }));
  }

  async hold<Result>(work: () => Promise<Result>): Promise<Result> {
    const turn = this.#last.then(async () => {
      await this.#acquire();
      try {
        return await work();
      } finally {
        guard(this.#path, () => this.#database.exec("ROLLBACK"));
      }
    });
    // Those behind wait for the end of the turn, not for its success.
    this.#last = turn.catch(() => {});
    return turn;
  }

  [Symbol.dispose](): void {
    this.#database.close();
  }

  async #acquire(): Promise<void> {
    const deadline = performance.now() + this.#waitMs;
    while (!this.#tryToAcquire()) {
      if (performance.now() > deadline) {
        throw new Failure("log/busy", `another process kept ${this.#path} for more than ${this.#waitMs} ms`);
      }
      // At random, so that equals do not keep meeting.
      await new Promise((resolve) => setTimeout(resolve, 1 + Math.random() * MAX_PAUSE_MS));
    }
  }

  #tryToAcquire(): boolean {
    try {
      guard(this.#path, () => this.#database.exec("BEGIN IMMEDIATE"));
      return true;
    } catch (error) {
      if (error instanceof Failure && error.code === "log/busy") return false;
      throw error;
    }
  }
}
