/**
 * One writer at a time for one log.
 *
 * It keeps writers from getting in each other's way; it is not what prevents a fork, which is the checkpoint lock's
 * part. It must not outlive its holder: a process that dies lets go at once.
 */
export interface Mutex {
  /**
   * Runs `work` while nobody else holds the mutex, in this process or another, and lets go when it settles.
   *
   * @throws log/busy where it could not be had in time, log/unavailable where it cannot be had at all
   */
  hold<Result>(work: () => Promise<Result>): Promise<Result>;
}
