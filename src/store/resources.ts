/** What is open at once and closed together. Node 22 has neither `DisposableStack` nor `using`. */
export class Resources implements Disposable {
  readonly #open: Disposable[] = [];

  /** Takes charge of `resource`. */
  use<Resource extends Disposable>(resource: Resource): Resource {
    this.#open.push(resource);
    return resource;
  }

  /** Closes everything, last opened first. */
  [Symbol.dispose](): void {
    for (let last = this.#open.pop(); last !== undefined; last = this.#open.pop()) last[Symbol.dispose]();
  }
}

/** Runs `work`, and closes what it opened. */
export async function closing<Result>(work: (resources: Resources) => Promise<Result>): Promise<Result> {
  const resources = new Resources();
  try {
    return await work(resources);
  } finally {
    resources[Symbol.dispose]();
  }
}

/** Runs `work`, and closes what it opened if it fails; otherwise that is for whoever has its result. */
export async function opening<Result>(work: (resources: Resources) => Promise<Result>): Promise<Result> {
  const resources = new Resources();
  try {
    return await work(resources);
  } catch (error) {
    resources[Symbol.dispose]();
    throw error;
  }
}
