import { ENTRY_KIND, ENTRY_VERSION } from "../bundle/entry.ts";
import { type LogEntry } from "../bundle/log-entry.ts";
import { proveInclusion, verifyInclusion } from "../merkle/inclusion.ts";
import { type NodeReader } from "../merkle/subtree.ts";
import { type LogState } from "./commit.ts";
import { type StoredEntry } from "./entry-store.ts";

/**
 * The log's answer for one entry: its place and the proof of it, as Rekor v2 gives it. The proof is verified against the
 * signed root before anybody sees it.
 *
 * @param nodes  of the checkpoint's tree
 * @throws merkle/root-mismatch where the entry is not at that index of the signed tree
 */
export function proveEntry(
  { body, leafHash }: Pick<StoredEntry, "body" | "leafHash">,
  index: number,
  { note, checkpoint }: Pick<LogState, "note" | "checkpoint">,
  logId: Uint8Array,
  nodes: NodeReader,
): LogEntry {
  const { treeSize, rootHash } = checkpoint;
  const proof = proveInclusion(index, treeSize, nodes);
  verifyInclusion(leafHash, proof, rootHash);
  return {
    logId,
    logIndex: index,
    kind: ENTRY_KIND,
    version: ENTRY_VERSION,
    // Rekor v2 keeps no time of its own; witnesses and timestamp authorities do.
    integratedTime: 0n,
    hasPromise: false,
    proof: { index, treeSize, rootHash, path: proof.path, checkpoint: note },
    body,
  };
}
