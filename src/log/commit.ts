import { type NoteSigner, signNote } from "../note/signer.ts";
import { formatCheckpoint, openCheckpoint, type VerifiedCheckpoint } from "../tlog/checkpoint.ts";
import { FULL_TILE_WIDTH, type Tile } from "../tlog/tile.ts";
import { type Frontier, type Growth } from "./growth.ts";
import { type LogPorts } from "./ports.ts";
import { checkGrowth } from "./self-check.ts";

/** A log as its holder of the mutex knows it: the last signed checkpoint, and the frontier of exactly that tree. */
export interface LogState {
  /** The signed note, byte for byte as the lock holds it. */
  readonly note: string;
  readonly checkpoint: VerifiedCheckpoint;
  readonly frontier: Frontier;
}

/** Who signs for a log. */
export interface LogIdentity {
  readonly signer: NoteSigner;
  /** The 32-byte log id. */
  readonly logId: Uint8Array;
}

/**
 * Publishes a tree whose entries are stored: tiles, self-check, signature, lock, checkpoint, in this order.
 *
 * The swap in the lock is the commit point: before it, nobody has seen the new tree and it may be built again; after
 * it, the tree is the log's history, and publishing is only a matter of repeating. Where this throws, what the caller
 * knows about the log is void: it has to recover.
 *
 * @param replace  as {@link LogPorts.tiles}' `writeTiles`
 */
export async function publish(
  { tiles, lock }: LogPorts,
  { signer, logId }: LogIdentity,
  state: LogState,
  growth: Growth,
  replace: boolean,
): Promise<LogState> {
  await tiles.writeTiles(growth.files, replace);
  await checkGrowth(tiles, state.frontier, growth, state.checkpoint.rootHash);
  const note = signTree(signer, growth.frontier.treeSize, growth.rootHash);
  const checkpoint = openCheckpoint(note, signer.key);
  await lock.swapCheckpoint(logId, state.note, note);
  await tiles.publishCheckpoint(note);
  await tiles.removePartials(filledUp(state.frontier, growth));
  return { note, checkpoint, frontier: growth.frontier };
}

/** The signed checkpoint of a tree. */
export const signTree = (signer: NoteSigner, treeSize: number, rootHash: Growth["rootHash"]): string =>
  signNote(formatCheckpoint({ origin: signer.key.name, treeSize, rootHash, extensions: [] }), [signer]);

/** The tiles that were partial at `from` and are full now. Others never were partial, or still are. */
function filledUp(from: Frontier, { files }: Growth): readonly Tile[] {
  return files
    .map(({ tile }) => tile)
    .filter(({ level, index, width }) => {
      const below = level === "entries" ? 1 : FULL_TILE_WIDTH ** level;
      const hashes = Math.floor(from.treeSize / below);
      return (
        width === FULL_TILE_WIDTH && hashes % FULL_TILE_WIDTH !== 0 && index === Math.floor(hashes / FULL_TILE_WIDTH)
      );
    });
}
