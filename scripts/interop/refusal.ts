/**
 * The proof does not lead to the root. cosign rebuilds the entry from the signature and the key that is to be trusted,
 * so with another key or signature it says this, and never comes to the signature itself.
 */
export const ANOTHER_ROOT = /calculated root:[^]*does not match expected root/;

/** There is no entry, or none in a log that is trusted. */
export const NOT_IN_LOG = "not enough verified log entries from transparency log: 0 < 1";
