import { createCipheriv } from "node:crypto";
import { closeSync, openSync, rmSync, writeSync } from "node:fs";
import { join } from "node:path";

import { command, interleave, MIN_RUNS, peakMemory, type Row } from "./measurement.ts";
import { type Workplace } from "./workplace.ts";

const GIB = 2 ** 30;
const CHUNK_BYTES = 4 * 2 ** 20;

/** The limit for a program that reads the file once and hashes it with Node's SHA-256. */
const HASH_ONCE = `
  const hash = require("node:crypto").createHash("sha256");
  require("node:fs").createReadStream(process.argv[1], { highWaterMark: ${CHUNK_BYTES} }).pipe(hash).resume();`;

/** `assay sign blob` of 1 GiB against `sha256sum`, and against Node hashing it once. */
export async function measureBlob({ directory, env, assay }: Workplace): Promise<readonly Row[]> {
  const file = join(directory, "disk.raw");
  const surroundings = { cwd: directory, env };
  writePseudoRandom(file, GIB);
  try {
    const sign = [...assay.slice(1), "sign", "blob", file, "--key", "release.key", "--log", "none"];
    const [ours, ...peers] = await interleave(MIN_RUNS, [
      command("assay sign blob", [assay[0], ...sign], surroundings),
      command("sha256sum", ["sha256sum", file], surroundings),
      command("node, hashed once", [process.execPath, "-e", HASH_ONCE, file], surroundings),
    ]);
    if (ours === undefined) throw new RangeError("nothing was measured");
    const peak = peakMemory(sign, surroundings, join(directory, "peak"));
    return peers.map((peer) => ({
      what: `${ours.name}, 1 GiB`,
      seconds: ours.seconds,
      against: peer.name,
      peerSeconds: peer.seconds,
      runs: ours.runs,
      note: `peak memory ${Math.round(peak / 2 ** 20)} MiB`,
    }));
  } finally {
    rmSync(file, { force: true });
  }
}

/** Bytes that no file system makes smaller, the same each time: an AES-CTR key stream. */
function writePseudoRandom(path: string, bytes: number): void {
  const stream = createCipheriv("aes-128-ctr", new Uint8Array(16), new Uint8Array(16));
  const zeros = new Uint8Array(CHUNK_BYTES);
  const file = openSync(path, "w");
  try {
    for (let written = 0; written < bytes;) written += writeSync(file, stream.update(zeros));
  } finally {
    closeSync(file);
  }
}
