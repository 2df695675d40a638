import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

import { expect, test } from "vitest";

import { type FailureCode } from "../failure.ts";
import { describeVectors, VECTORS } from "../testing/require.ts";
import { verifyConsistency, verifySubtreeConsistency } from "./consistency.ts";
import { asHash, EMPTY_ROOT, type Hash } from "./hash.ts";
import { verifyInclusion, verifySubtreeInclusion } from "./inclusion.ts";
import { ReferenceTree } from "./reference.ts";

/** One file of transparency-dev/merkle testdata; each folder has some of these. */
interface Vector {
  readonly leafIdx: number;
  readonly treeSize: number;
  readonly start: number;
  readonly end: number;
  readonly size: number;
  readonly size1: number;
  readonly size2: number;
  readonly leafHash: string | null;
  readonly root: string | null;
  readonly root1: string | null;
  readonly root2: string | null;
  readonly proof: readonly (string | null)[] | null;
  readonly wantErr: boolean;
}

const folder = join(VECTORS, "rfc6962");
const read = (path: string): Vector => JSON.parse(readFileSync(join(folder, path), "utf8"));
const pathsIn = (kind: string) =>
  readdirSync(join(folder, kind), { recursive: true, encoding: "utf8" })
    .filter((path) => path.endsWith(".json"))
    .map((path) => `${kind}/${path}`)
    .toSorted();

/**
 * Some files hold "don't care 1" for a hash, or nothing. Such a value cannot reach the functions here, whose type is
 * 32 bytes; it is stood for by a hash that equals another's exactly where the values do, and where one is missing, none.
 */
function hash(text: string | null, role: string): Hash {
  const bytes = Buffer.from(text ?? "", "base64");
  if (bytes.length === 32) return asHash(new Uint8Array(bytes));
  return asHash(
    new Uint8Array(
      createHash("sha256")
        .update(bytes.length === 0 ? role : bytes)
        .digest(),
    ),
  );
}

const pathOf = ({ proof }: Vector): Hash[] => (proof ?? []).map((text, at) => hash(text, `path ${at}`));

const VERIFY: Record<string, (vector: Vector) => void> = {
  inclusion: (v) => {
    const proof = { index: v.leafIdx, treeSize: v.treeSize, path: pathOf(v) };
    verifyInclusion(hash(v.leafHash, "leaf"), proof, hash(v.root, "root"));
  },
  subtreeinclusion: (v) => {
    const proof = { index: v.leafIdx, start: v.start, end: v.end, path: pathOf(v) };
    verifySubtreeInclusion(hash(v.leafHash, "leaf"), proof, hash(v.root, "root"));
  },
  consistency: (v) => {
    const proof = { oldSize: v.size1, newSize: v.size2, path: pathOf(v) };
    verifyConsistency(proof, hash(v.root1, "root1"), hash(v.root2, "root2"));
  },
  subtreeconsistency: (v) => {
    const proof = { start: v.start, end: v.end, treeSize: v.size, path: pathOf(v) };
    verifySubtreeConsistency(proof, hash(v.root1, "root1"), hash(v.root2, "root2"));
  },
};

/** Why a file marked `wantErr` is wrong, from its numbers and the reference's recursion, not from the code tested. */
function expectedCode(kind: string, v: Vector): FailureCode {
  const [start, end, treeSize] = sizes(v);
  if (![start, end, treeSize].every(Number.isSafeInteger)) return "merkle/size-out-of-range";
  if (!isSubtree(start, end)) return "merkle/invalid-subtree";
  if (end > treeSize || (kind === "consistency" && end === 0)) return "merkle/size-out-of-range";
  const tree = new ReferenceTree(Array.from({ length: treeSize }, () => EMPTY_ROOT));
  const sent = v.proof?.length ?? 0;
  if (kind.endsWith("consistency")) return pathCode(sent, tree.subtreeProof(start, end, treeSize));
  if (v.leafIdx < start || v.leafIdx >= end) return "merkle/index-out-of-range";
  return pathCode(sent, tree.path(v.leafIdx, start, end));
}

/** The range of leaves proven or proven in, and the size of the tree around it. */
function sizes({ start = 0, end, treeSize, size, size1, size2 }: Partial<Vector>): [number, number, number] {
  const last = end ?? treeSize ?? size1 ?? 0;
  return [start, last, size ?? size2 ?? last];
}

const isSubtree = (start: number, end: number): boolean =>
  start <= end && start % 2 ** Math.ceil(Math.log2(Math.max(end - start, 1))) === 0;

const pathCode = (sent: number, wanted: readonly Hash[]): FailureCode =>
  sent === wanted.length ? "merkle/root-mismatch" : "merkle/proof-length";

describeVectors("rfc6962")("vectors of transparency-dev/merkle", () => {
  const paths = Object.keys(VERIFY).flatMap(pathsIn);

  test("are all here: 518, of which 36 are good", () => {
    expect(paths).toHaveLength(518);
    expect(paths.filter((path) => !read(path).wantErr)).toHaveLength(36);
  });

  test.each(paths)("%s", (path) => {
    const [kind = ""] = path.split("/");
    const vector = read(path);
    const verify = () => VERIFY[kind]?.(vector);
    expect(VERIFY).toHaveProperty(kind);
    if (!vector.wantErr) verify();
    else expect(verify).toThrow(expect.objectContaining({ code: expectedCode(kind, vector) }));
  });
});
