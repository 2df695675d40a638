import { join } from "node:path";

import { describeCheckpointLock } from "../log/checkpoint-lock.contract.ts";
import { describeEntryStore } from "../log/entry-store.contract.ts";
import { describeMutex } from "../log/mutex.contract.ts";
import { describeTileStore } from "../log/tile-store.contract.ts";
import { temporaryDirectory } from "../testing/temporary.ts";
import { openDatabase } from "./database.ts";
import { LOG_SCHEMA, SqliteEntryStore } from "./sqlite-entries.ts";
import { SqliteCheckpointLock } from "./sqlite-lock.ts";
import { SqliteMutex } from "./sqlite-mutex.ts";
import { TileDirectory } from "./tile-directory.ts";

const root = temporaryDirectory();

describeEntryStore("SQLite", async (name) => {
  return new SqliteEntryStore(openDatabase(join(root, name), { schema: LOG_SCHEMA, journal: "wal", access: "create" }));
});
describeTileStore("directory", async () => new TileDirectory(temporaryDirectory()));
describeCheckpointLock("SQLite", async (name) => new SqliteCheckpointLock(join(root, "locks", name, "locks.db")));
describeMutex("SQLite", async (name) => new SqliteMutex(join(root, `mutex-${name}`)));
