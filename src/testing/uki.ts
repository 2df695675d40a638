import { createHash } from "node:crypto";

import { newcArchive } from "./cpio.ts";
import { buildPe, type SectionContents } from "./pe.ts";

/** What differs between the images that tests build; each part is that of `acme-node` 1.9.0 unless told. */
export interface UkiParts {
  readonly cmdline?: string;
  readonly initrd?: Uint8Array;
  readonly kernel?: Uint8Array;
  readonly osRelease?: string;
  /** As systemd-stub names itself in `.sdmagic`. */
  readonly stubVersion?: string;
}

/** The root hash that the command line of `acme-node` names. */
export const ACME_ROOT_HASH = hashOf("acme-node 1.9.0 root filesystem").toString("hex");

/** The sections of a unified kernel image, in the order in which ukify writes them. */
export function ukiSections(parts: UkiParts = {}): readonly SectionContents[] {
  const {
    cmdline = `console=ttyS0 quiet ro systemd.verity=yes roothash=${ACME_ROOT_HASH}`,
    initrd = acmeInitrd(),
    kernel = acmeKernel(),
    osRelease = 'ID=acme-node\nNAME="Acme Node"\nVERSION_ID=1.9.0\nIMAGE_ID=acme-node\nIMAGE_VERSION=1.9.0\n',
    stubVersion = "257.9-1",
  } = parts;
  return [
    { name: ".text", contents: RETURN_SUCCESS },
    { name: ".sdmagic", contents: Buffer.from(`#### LoaderInfo: systemd-stub ${stubVersion} ####\0`) },
    { name: ".osrel", contents: Buffer.from(osRelease) },
    { name: ".cmdline", contents: Buffer.from(`${cmdline}\0`) },
    { name: ".uname", contents: Buffer.from("6.12.48-acme") },
    { name: ".sbat", contents: Buffer.from(SBAT) },
    { name: ".initrd", contents: initrd },
    { name: ".linux", contents: kernel },
  ];
}

/** A unified kernel image of true structure that does nothing: firmware can load it, and it returns at once. */
export const buildUki = (sections: readonly SectionContents[] = ukiSections()): Uint8Array => buildPe(sections);

/** The images of the quickstart by file name: a good one, and the same with one byte of its initrd changed. */
export function quickstartImages(): ReadonlyMap<string, Uint8Array> {
  const image = buildUki();
  const tampered = Uint8Array.from(image);
  // `exec /sbin/init` becomes `exec /sbin/iniu`: what runs after the root is mounted is no longer what was measured.
  const at = Buffer.from(image).indexOf(ACME_INIT) + ACME_INIT.trimEnd().length - 1;
  tampered[at] = "u".charCodeAt(0);
  return new Map([
    ["acme-node.efi", image],
    ["acme-node.tampered.efi", tampered],
  ]);
}

/** `xor eax, eax; ret`: an EFI program's whole code for success. */
const RETURN_SUCCESS = Uint8Array.of(0x31, 0xc0, 0xc3);

const SBAT =
  "sbat,1,SBAT Version,sbat,1,https://github.com/rhboot/shim/blob/main/SBAT.md\n" +
  "acme-node,1,Acme,acme-node,1.9.0,https://acme.example/node\n";

const ACME_INIT = "#!/bin/sh\nset -e\n/bin/verity-setup\nmount -o ro /dev/mapper/root /sysroot\nexec /sbin/init\n";

const acmeInitrd = (): Uint8Array =>
  newcArchive([
    { path: "init", contents: Buffer.from(ACME_INIT), executable: true },
    { path: "bin/verity-setup", contents: filler("verity-setup", 4000), executable: true },
    { path: "etc/acme-release", contents: Buffer.from("1.9.0\n") },
  ]);

/** A kernel with an EFI stub is an EFI program itself. */
const acmeKernel = (): Uint8Array =>
  buildPe([
    { name: ".text", contents: Buffer.concat([RETURN_SUCCESS, filler("kernel text", 9000)]) },
    { name: ".data", contents: filler("kernel data", 3000), virtualSize: 20_000 },
  ]);

/** Bytes that look like code to nobody and compress badly, the same for the same name. */
function filler(name: string, length: number): Uint8Array {
  const blocks = Array.from({ length: Math.ceil(length / 32) }, (_, index) => hashOf(`${name} ${index}`));
  return new Uint8Array(Buffer.concat(blocks)).subarray(0, length);
}

function hashOf(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}
