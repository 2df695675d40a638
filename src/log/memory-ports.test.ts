import { MemoryLog } from "../testing/memory-log.ts";
import { describeCheckpointLock } from "./checkpoint-lock.contract.ts";
import { describeEntryStore } from "./entry-store.contract.ts";
import { describeMutex } from "./mutex.contract.ts";
import { describeTileStore } from "./tile-store.contract.ts";

const logs = new Map<string, MemoryLog>();
const named = (name: string): MemoryLog => {
  const log = logs.get(name) ?? new MemoryLog();
  logs.set(name, log);
  return log;
};

describeEntryStore("memory", async (name) => named(name).entries);
describeTileStore("memory", async () => new MemoryLog().tiles);
describeCheckpointLock("memory", async (name) => named(name).lock);
describeMutex("memory", async (name) => named(name).mutex);
