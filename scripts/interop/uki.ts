import { readFileSync, statSync } from "node:fs";
import { gzipSync } from "node:zlib";

import { newcArchive } from "../../src/testing/cpio.ts";
import { findPeer, STUB } from "./peer.ts";
import { type Workshop } from "./workshop.ts";

/** systemd-stub wants each section on a page of its own. */
const PAGE = 4096;

/** The parts of a node image, in files. */
export interface UkiFiles {
  readonly linux: string;
  readonly initrd: string;
  readonly cmdline: string;
  readonly osrel: string;
}

/** Writes the parts: the kernel of a distribution, and an initrd of our own which says who it is. */
export function writeParts(workshop: Workshop): UkiFiles {
  const kernel = findPeer("kernel");
  if (kernel === undefined) throw new Error("no kernel");
  const init = "#!/bin/sh\nexec switch_root /sysroot /sbin/init\n";
  const archive = newcArchive([
    { path: "init", contents: Buffer.from(init), executable: true },
    { path: "etc/initrd-release", contents: Buffer.from("ID=acme-node\nVERSION_ID=1.9.0\n") },
  ]);
  workshop.write("linux", readFileSync(kernel));
  workshop.write("initrd", gzipSync(archive));
  workshop.write("cmdline", `console=ttyS0 quiet ro roothash=${"4f2c".repeat(16)}\0`);
  workshop.write("osrel", "ID=acme-node\nVERSION_ID=1.9.0\nIMAGE_ID=acme-node\nIMAGE_VERSION=1.9.0\n");
  return { linux: "linux", initrd: "initrd", cmdline: "cmdline", osrel: "osrel" };
}

/** Builds a unified kernel image as ukify does, with binutils: each part a section of systemd's stub. */
export async function buildUki(workshop: Workshop, files: UkiFiles, to: string): Promise<void> {
  const ends = (await readHeaders(workshop, STUB)).map(({ address, size }) => address + size);
  let address = pageAfter(Math.max(...ends));
  const args: string[] = [];
  for (const [name, file] of Object.entries(files)) {
    args.push(`--add-section=.${name}=${file}`, `--change-section-vma=.${name}=0x${address.toString(16)}`);
    address = pageAfter(address + statSync(workshop.path(file)).size);
  }
  await workshop.peer(`objcopy ${args.join(" ")} ${STUB} ${to}`);
}

/** Names of a program's sections, as objdump lists them. */
export const listSections = async (workshop: Workshop, file: string): Promise<readonly string[]> =>
  (await readHeaders(workshop, file)).map(({ name }) => name);

interface SectionHeader {
  readonly name: string;
  readonly size: number;
  /** In memory. */
  readonly address: number;
}

/** Lines of objdump: number, name, size, address, and more; numbers are hexadecimal. */
async function readHeaders(workshop: Workshop, file: string): Promise<readonly SectionHeader[]> {
  const listing = await workshop.peer(`objdump --section-headers --wide ${file}`);
  const headers = [...listing.matchAll(/^ *\d+ (\.\S+) +([0-9a-f]+) +([0-9a-f]+) /gm)].map(
    ([, name = "", size = "", address = ""]) => ({ name, size: parseInt(size, 16), address: parseInt(address, 16) }),
  );
  if (headers.length === 0) throw new Error(`no sections: ${listing}`);
  return headers;
}

const pageAfter = (address: number): number => Math.ceil(address / PAGE) * PAGE;
