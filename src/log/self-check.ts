import { equalBytes } from "../bytes/join.ts";
import { toHex } from "../bytes/hex.ts";
import { Failure } from "../failure.ts";
import { CompactRange, rootOf } from "../merkle/compact-range.ts";
import { proveConsistency, verifyConsistency } from "../merkle/consistency.ts";
import { type Hash, leafHash } from "../merkle/hash.ts";
import { treeRoot } from "../merkle/subtree.ts";
import { decodeEntryBundle } from "../tlog/entry-bundle.ts";
import { decodeHashTile, FULL_TILE_WIDTH, type Tile } from "../tlog/tile.ts";
import { type Frontier, type Growth } from "./growth.ts";
import { edgeTiles, proofTiles, TileCache } from "./tile-cache.ts";
import { type TileStore } from "./tile-store.ts";

/** Tree levels between a full hash tile's hashes and its root. */
const LEVELS_PER_TILE = 8;

/**
 * Reads back what a growth wrote and arrives at its root twice more before anybody signs it: from the leaf bytes in the
 * bundles, and from the hashes in the tiles. Then checks that the tree still begins with the signed one.
 *
 * One flipped bit in a leaf hash, signed, ended DigiCert's Yeti2022; the leaf bytes had been right.
 *
 * @param signedRoot root of the tree at `from`, taken from the last signed checkpoint
 * @throws log/inconsistent where two of them differ
 */
export async function checkGrowth(store: TileStore, from: Frontier, growth: Growth, signedRoot: Hash): Promise<void> {
  const { treeSize } = growth.frontier;
  const written = growth.files.map(({ tile }) => tile);
  const old = from.treeSize === 0 ? [] : proofTiles(from.treeSize - 1, treeSize);
  const cache = new TileCache(store, treeSize);
  await cache.load([...written, ...edgeTiles(treeSize), ...old]);

  requireEqual("root from the leaf bytes read back", rootFromBundles(cache, from, written), growth.rootHash);
  requireEqual("root from the tiles read back", treeRoot(treeSize, cache.nodes), growth.rootHash);
  for (const tile of written) requireParent(cache, tile);
  if (from.treeSize === 0) return;
  try {
    verifyConsistency(proveConsistency(from.treeSize, treeSize, cache.nodes), signedRoot, growth.rootHash);
  } catch (cause) {
    throw new Failure("log/inconsistent", `the tree of ${treeSize} entries does not continue the signed one`, {
      cause,
    });
  }
}

/** Root of the tree, its new leaves hashed from the bundles; each leaf must also be what its tile says. */
function rootFromBundles(cache: TileCache, from: Frontier, written: readonly Tile[]): Hash {
  const range = CompactRange.from(from.treeSize, from.hashes);
  for (const { level, index, width } of written) {
    if (level !== "entries") continue;
    const hashes = decodeHashTile(cache.tile({ level: 0, index, width }), width);
    for (const [at, entry] of decodeEntryBundle(cache.tile({ level, index, width }), width).entries()) {
      const leaf = leafHash(entry);
      requireEqual(`leaf ${index * FULL_TILE_WIDTH + at} read back`, leaf, hashes[at]);
      if (index * FULL_TILE_WIDTH + at >= from.treeSize) range.append(leaf);
    }
  }
  return range.root();
}

/** A full hash tile's root must be its place in the tile above. */
function requireParent(cache: TileCache, tile: Tile): void {
  if (tile.level === "entries" || tile.width < FULL_TILE_WIDTH) return;
  const parent = cache.nodes((tile.level + 1) * LEVELS_PER_TILE, tile.index);
  requireEqual(
    `root of tile ${tile.index} of level ${tile.level}`,
    rootOf(decodeHashTile(cache.tile(tile), tile.width)),
    parent,
  );
}

function requireEqual(what: string, got: Hash, want: Hash | undefined): void {
  if (want !== undefined && equalBytes(got, want)) return;
  throw new Failure(
    "log/inconsistent",
    `${what} is ${toHex(got)}, want ${want === undefined ? "nothing" : toHex(want)}`,
    {
      hint: "nothing was signed; suspect memory or disk, and run `assay log audit`",
    },
  );
}
