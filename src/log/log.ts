import { type LogEntry } from "../bundle/log-entry.ts";
import { toHex } from "../bytes/hex.ts";
import { type NodeReader } from "../merkle/subtree.ts";
import { type LogIdentity, type LogState, publish } from "./commit.ts";
import { type EntryStore, type StoredEntry, type StoredEnvelope } from "./entry-store.ts";
import { grow } from "./growth.ts";
import { type LogPorts } from "./ports.ts";
import { proveEntry } from "./proof.ts";
import { LogReader } from "./reader.ts";
import { recover } from "./recovery.ts";
import { checkSubmission, type Submission } from "./submission.ts";
import { proofTiles, TileCache } from "./tile-cache.ts";

/** A log that can be appended to. */
export interface Log extends Pick<LogReader, "status" | "prove" | "findByLeaf"> {
  /**
   * Puts entries into the log, and proves it: each answer holds inclusion in a published checkpoint.
   *
   * An entry that the log holds already keeps its index and gets a fresh proof, so that repeating a call whose answer
   * was lost is always right. Whatever happens, an entry that was answered for is in the log; one that was not may be.
   *
   * @param batch  at most a few thousand; a few hundred is as fast as it gets
   * @returns      one log entry for each submission, in order
   * @throws log/invalid-entry, log/entry-too-large and what parsing throws, before anything is stored
   * @throws log/busy, log/unavailable where it may help to try again
   * @throws log/no-lock, log/rolled-back, log/forked, log/inconsistent where it does not: see `recover`
   */
  append(batch: readonly Submission[]): Promise<readonly LogEntry[]>;
}

/**
 * Opens a log for appending: repairs what a writer that died left behind, or refuses.
 *
 * @throws what `recover` throws, log/busy, log/unavailable
 */
export async function openLog(ports: LogPorts, identity: LogIdentity): Promise<Log> {
  const log = new Sequencer(ports, identity);
  await log.open();
  return log;
}

/** What the store knows about a batch: where each leaf is or will be, and which are new. */
interface Plan {
  /** Index of each leaf, by hex of its hash. */
  readonly indexes: ReadonlyMap<string, number>;
  readonly added: readonly StoredEntry[];
  /** Envelopes that came with entries stored before. */
  readonly disclosures: ReadonlyMap<number, StoredEnvelope>;
}

class Sequencer extends LogReader implements Log {
  readonly #ports: LogPorts;
  readonly #identity: LogIdentity;
  /** What is known of the log between batches; null when it has to be found out. */
  #state: LogState | null = null;
  /** Whether everything that is read from the store is known to be durable, whoever wrote it. */
  #isSettled = false;

  constructor(ports: LogPorts, identity: LogIdentity) {
    super(ports, { logId: identity.logId, key: identity.signer.key });
    this.#ports = ports;
    this.#identity = identity;
  }

  async open(): Promise<void> {
    await this.#exclusively(async () => {});
  }

  async append(batch: readonly Submission[]): Promise<readonly LogEntry[]> {
    // Before the mutex: what is refused costs others nothing.
    const entries = batch.map(checkSubmission);
    return this.#exclusively((state) => this.#commit(state, entries));
  }

  /**
   * Runs one step of the log's history. After any error nothing that was believed before it is believed any more: going
   * on with stale state is how Cloudflare's Raio2025h2a lost tiles.
   */
  async #exclusively<Result>(step: (state: LogState) => Promise<Result>): Promise<Result> {
    return this.#ports.mutex.hold(async () => {
      try {
        this.#state = await this.#current();
        return await step(this.#state);
      } catch (error) {
        this.#state = null;
        this.#isSettled = false;
        throw error;
      }
    });
  }

  /** The state at hand if nobody else has been here since, and the log's own otherwise. */
  async #current(): Promise<LogState> {
    const { entries, lock } = this.#ports;
    if (!this.#isSettled) {
      // What an earlier writer failed to sync can be read, and built upon, and would be gone after a power cut.
      await entries.settle();
      this.#isSettled = true;
    }
    if (this.#state !== null) {
      const held = await lock.readCheckpoint(this.#identity.logId);
      const { treeSize } = await entries.readEdge();
      if (held === this.#state.note && treeSize === this.#state.frontier.treeSize) return this.#state;
    }
    return recover(this.#ports, this.#identity);
  }

  async #commit(state: LogState, batch: readonly StoredEntry[]): Promise<readonly LogEntry[]> {
    const plan = await planBatch(this.#ports.entries, state, batch);
    const oldSize = state.frontier.treeSize;
    const growth = grow(state.frontier, plan.added);
    if (plan.added.length > 0 || plan.disclosures.size > 0) {
      await this.#ports.entries.append(plan.added, growth.frontier, plan.disclosures);
    }
    const next = plan.added.length === 0 ? state : await publish(this.#ports, this.#identity, state, growth, false);
    this.#state = next;
    const known = await this.#nodesOf(
      [...plan.indexes.values()].filter((index) => index < oldSize),
      next,
    );
    return batch.map((entry) => {
      const index = indexOf(plan, entry);
      const nodes = index < oldSize ? known : growth.nodes;
      return proveEntry(entry, index, next, this.#identity.logId, nodes);
    });
  }

  /** Nodes that prove entries of long ago. */
  async #nodesOf(indexes: readonly number[], { checkpoint }: LogState): Promise<NodeReader> {
    const cache = new TileCache(this.#ports.tiles, checkpoint.treeSize);
    await cache.load(indexes.flatMap((index) => proofTiles(index, checkpoint.treeSize)));
    return cache.nodes;
  }
}

/** Gives each entry its index: the one it has, or the next. */
async function planBatch(store: EntryStore, state: LogState, batch: readonly StoredEntry[]): Promise<Plan> {
  const stored = await store.findLeaves(batch.map(({ leafHash }) => leafHash));
  const indexes = new Map<string, number>();
  const added: StoredEntry[] = [];
  const disclosures = new Map<number, StoredEnvelope>();
  for (const [at, entry] of batch.entries()) {
    const name = toHex(entry.leafHash);
    const known = stored[at] ?? indexes.get(name);
    if (known === undefined) added.push(entry);
    else if (entry.envelope !== null) disclosures.set(known, entry.envelope);
    indexes.set(name, known ?? state.frontier.treeSize + added.length - 1);
  }
  return { indexes, added, disclosures };
}

function indexOf({ indexes }: Plan, { leafHash }: StoredEntry): number {
  const index = indexes.get(toHex(leafHash));
  if (index === undefined) throw new RangeError("an entry of the batch was not planned");
  return index;
}
