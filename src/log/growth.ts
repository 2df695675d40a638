import { CompactRange } from "../merkle/compact-range.ts";
import { type Hash } from "../merkle/hash.ts";
import { type NodeReader, perfectSubtrees } from "../merkle/subtree.ts";
import { encodeEntryBundle } from "../tlog/entry-bundle.ts";
import { encodeHashTile, FULL_TILE_WIDTH } from "../tlog/tile.ts";
import { type StoredEntry, type TreeEdge } from "./entry-store.ts";
import { type TileFile } from "./tile-store.ts";

/** Tree levels that one tile spans (tlog-tiles, "Merkle Tree"): 256 hashes are 2^8. */
const LEVELS_PER_TILE = 8;

/** A tree's right edge and the contents of the tiles that are not full yet: all that appending to it needs. */
export interface Frontier extends TreeEdge {
  /** Hashes in the partial tile of each tile level, lowest first; an empty list where there is none. */
  readonly partialTiles: readonly (readonly Hash[])[];
  /** Entries in the partial bundle. */
  readonly partialBundle: readonly Uint8Array[];
}

export const EMPTY_FRONTIER: Frontier = { treeSize: 0, hashes: [], partialTiles: [], partialBundle: [] };

/** What a tree becomes by appending. */
export interface Growth {
  readonly frontier: Frontier;
  readonly rootHash: Hash;
  /** Every tile and bundle that is new or wider than before. */
  readonly files: readonly TileFile[];
  /** Every node that a proof for one of the new leaves may ask for. */
  readonly nodes: NodeReader;
}

/**
 * The tree with `entries` at its end; the old frontier stays as it is.
 *
 * A new leaf's path has new nodes on it and, to the left, only perfect subtrees of the old edge: so the nodes at hand
 * here suffice for its proof.
 */
export function grow(from: Frontier, entries: readonly Pick<StoredEntry, "body" | "leafHash">[]): Growth {
  const files: TileFile[] = [];
  const nodes = edgeNodes(from);
  const tiles = from.partialTiles.map((hashes) => [...hashes]);
  const changed = new Set<number>();
  const range = CompactRange.from(from.treeSize, from.hashes);
  for (const { leafHash } of entries) {
    range.append(leafHash, (level, index, hash) => {
      nodes.set(level, index, hash);
      if (level % LEVELS_PER_TILE !== 0) return;
      const tileLevel = level / LEVELS_PER_TILE;
      const tile = (tiles[tileLevel] ??= []);
      tile.push(hash);
      changed.add(tileLevel);
      if (tile.length < FULL_TILE_WIDTH) return;
      files.push(hashTile(tileLevel, index, tile));
      tiles[tileLevel] = [];
    });
  }
  for (const [level, tile] of tiles.entries()) {
    // The tile's own first hash is a multiple of 256, so any hash in it gives the tile's index.
    const count = Math.floor(range.treeSize / FULL_TILE_WIDTH ** level);
    if (tile.length > 0 && changed.has(level)) files.push(hashTile(level, count - 1, tile));
  }
  const { bundles, partialBundle } = growBundles(from, entries);
  const hashes = range.hashes;
  return {
    frontier: { treeSize: range.treeSize, hashes, partialTiles: tiles, partialBundle },
    rootHash: range.root(),
    files: [...bundles, ...files],
    nodes: (level, index) => nodes.hash(level, index),
  };
}

/** The partial tiles and the partial bundle of a tree: what is in {@link Frontier}, as files. */
export function edgeFiles({ treeSize, partialTiles, partialBundle }: Frontier): readonly TileFile[] {
  const files = partialTiles.flatMap((hashes, level) =>
    hashes.length === 0 ? [] : [hashTile(level, Math.floor(treeSize / FULL_TILE_WIDTH ** level) - 1, hashes)],
  );
  if (partialBundle.length === 0) return files;
  const index = Math.floor(treeSize / FULL_TILE_WIDTH);
  const tile = { level: "entries", index, width: partialBundle.length } as const;
  return [{ tile, bytes: encodeEntryBundle(partialBundle) }, ...files];
}

function growBundles(
  from: Frontier,
  entries: readonly Pick<StoredEntry, "body">[],
): { bundles: TileFile[]; partialBundle: readonly Uint8Array[] } {
  const bodies = [...from.partialBundle, ...entries.map(({ body }) => body)];
  const first = Math.floor(from.treeSize / FULL_TILE_WIDTH);
  const bundles: TileFile[] = [];
  for (let at = 0; at < bodies.length; at += FULL_TILE_WIDTH) {
    const members = bodies.slice(at, at + FULL_TILE_WIDTH);
    const tile = { level: "entries", index: first + at / FULL_TILE_WIDTH, width: members.length } as const;
    bundles.push({ tile, bytes: encodeEntryBundle(members) });
  }
  return { bundles, partialBundle: bodies.slice(bodies.length - (bodies.length % FULL_TILE_WIDTH)) };
}

/** @param hashIndex  index, on the tile's level, of any hash in it */
function hashTile(level: number, hashIndex: number, hashes: readonly Hash[]): TileFile {
  const index = Math.floor(hashIndex / FULL_TILE_WIDTH);
  return { tile: { level, index, width: hashes.length }, bytes: encodeHashTile(hashes) };
}

/** Hashes by their place in the tree. */
class NodeMap {
  readonly #levels: Map<number, Hash>[] = [];

  set(level: number, index: number, hash: Hash): void {
    (this.#levels[level] ??= new Map()).set(index, hash);
  }

  hash(level: number, index: number): Hash {
    const hash = this.#levels[level]?.get(index);
    if (hash === undefined) throw new RangeError(`node ${index} of level ${level} is not on the new edge`);
    return hash;
  }
}

/** The perfect subtrees of an edge. */
function edgeNodes({ treeSize, hashes }: TreeEdge): NodeMap {
  const nodes = new NodeMap();
  for (const [at, { level, index }] of perfectSubtrees({ start: 0, end: treeSize }).entries()) {
    const hash = hashes[at];
    if (hash !== undefined) nodes.set(level, index, hash);
  }
  return nodes;
}
