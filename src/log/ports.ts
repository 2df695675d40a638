import { type CheckpointLock } from "./checkpoint-lock.ts";
import { type EntryStore } from "./entry-store.ts";
import { type Mutex } from "./mutex.ts";
import { type TileStore } from "./tile-store.ts";

/** What a log reaches the world through. */
export interface LogPorts {
  readonly entries: EntryStore;
  readonly tiles: TileStore;
  readonly lock: CheckpointLock;
  readonly mutex: Mutex;
}
