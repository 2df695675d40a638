import { memorySource } from "../../../src/bytes/source.ts";
import { decodeCmdline } from "../../../src/measure/cmdline.ts";
import { measureUki } from "../../../src/measure/uki.ts";
import { authenticodeSha256 } from "../../../src/pe/authenticode.ts";
import { readPe } from "../../../src/pe/pe.ts";
import { buildPe, type SectionContents } from "../../../src/testing/pe.ts";
import { ACME_ROOT_HASH, buildUki } from "../../../src/testing/uki.ts";
import { parser } from "../parser.ts";

const text = (name: string, contents: string): SectionContents => ({ name, contents: Buffer.from(contents) });

const sections = [
  text(".text", "\u0031\u00c0\u00c3"),
  text(".sdmagic", "#### LoaderInfo: systemd-stub 257.9-1 ####\0"),
  text(".osrel", "ID=acme-node\n"),
  text(".cmdline", `ro roothash=${ACME_ROOT_HASH}\0`),
  text(".initrd", "an initrd"),
  text(".linux", "a kernel"),
];
const images = [
  buildPe(sections),
  buildPe(sections, { is64: false }),
  buildPe(sections.slice(0, 1), { directories: 4 }),
];

export const parsers = [
  parser({
    name: "pe",
    seeds: images,
    parse: async (input) => {
      const source = memorySource(input);
      const pe = await readPe(source);
      await authenticodeSha256(source, pe);
      return pe;
    },
    check: ({ sections: found, fileSize }, input) => {
      if (fileSize !== input.length) throw new Error(`a file of ${input.length} bytes is said to have ${fileSize}`);
      for (const { name, rawOffset, rawSize } of found) {
        if (rawSize > 0 && rawOffset + rawSize > input.length) throw new Error(`section ${name} ends outside the file`);
      }
    },
  }),
  parser({ name: "uki", seeds: [buildUki(sections)], parse: (input) => measureUki(memorySource(input)) }),
  parser({
    name: "cmdline",
    seeds: [`ro roothash=${ACME_ROOT_HASH} quiet\0`, `usrhash=${"ab".repeat(48)} x="a b"`].map((line) =>
      Buffer.from(line),
    ),
    parse: decodeCmdline,
    check: ({ rootHash, usrHash }) => {
      for (const hash of [rootHash, usrHash]) {
        if (hash !== null && !/^(?:[0-9a-f]{64}|[0-9a-f]{96}|[0-9a-f]{128})$/.test(hash)) {
          throw new Error(`${hash} is no root hash`);
        }
      }
    },
  }),
];
