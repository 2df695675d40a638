/**
 * The last checkpoint each log has signed, kept apart from the logs themselves.
 *
 * It is what makes a second history impossible: a log signs only what follows the checkpoint held here, and swaps it
 * before anybody sees the new one. Put back an old copy of a log, and this still knows better. So it is never created
 * as a side effect, and no tool copies it along with a log. (Sunlight's `LockBackend`, after C2SP's static logs.)
 *
 * Strictly consistent and global: one per log, over every process and machine that could sign for it. Every method
 * throws log/unavailable where the storage fails; a swap that failed so may have happened or not.
 */
export interface CheckpointLock {
  /**
   * The signed note held for a log, or null where there is none.
   *
   * @param logId  the 32-byte id
   */
  readCheckpoint(logId: Uint8Array): Promise<string | null>;

  /**
   * Begins to hold `note` for a log. Durable once it returns.
   *
   * @throws log/lock-exists where one is held already
   */
  createCheckpoint(logId: Uint8Array, note: string): Promise<void>;

  /**
   * Compare-and-swap: holds `note` if `held` is held now, byte for byte. Durable once it returns.
   *
   * @throws log/lost-race where another is held, or none
   */
  swapCheckpoint(logId: Uint8Array, held: string, note: string): Promise<void>;
}
