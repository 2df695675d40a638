import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";

import { type Because, type Table } from "./table.ts";
import { buildUki, listSections, writeParts } from "./uki.ts";
import { SIGNING, trust, type Workshop } from "./workshop.ts";

const day = (offset: number): string =>
  new Date(Date.now() + offset * 86_400_000).toISOString().replace(/\.\d+Z$/, "Z");

/** A node image of a real kernel and systemd's stub: measured, recorded, admitted, and refused when a byte changes. */
export async function compareNodeImage(workshop: Workshop, table: Table): Promise<void> {
  const files = writeParts(workshop);
  await buildUki(workshop, files, "node.efi");
  const name = "--product acme-node --version 1.9.0 --sequence 41 --svn 7";
  const time = `--not-before ${day(-1)} --not-after`;
  await workshop.assay(`measure node --uki node.efi ${name} ${time} ${day(180)} --out node.json`);
  await table.holds("the manifest has the hash of each section as objcopy dumps it", async () => {
    const sections = await listSections(workshop, "node.efi");
    for (const name of sections) await workshop.peer(`objcopy --dump-section ${name}=dump${name} node.efi copy.efi`);
    return requireHashes(workshop, [...sections.map((name) => `dump${name}`), "node.efi"]);
  });
  await table.holds("and of each file that was put in", () =>
    requireHashes(workshop, [files.linux, files.initrd, files.cmdline, files.osrel]),
  );
  await workshop.assay(`record node.json --uki node.efi ${SIGNING} --bundle node.efi.sigstore.json`);
  const standing = "--product acme-node --latest 41 --min-sequence 40 --min-svn 7";
  await workshop.assay(`manifest status ${standing} ${time} ${day(30)} ${SIGNING} --bundle status.json`);
  await workshop.assay(`policy init ${trust()} --product acme-node --out node-policy.yaml`);
  const admit = (uki: string, status = " --status status.json") =>
    workshop.judge(`admit node-image --uki ${uki} --bundle node.efi.sigstore.json --policy node-policy.yaml${status}`);
  await table.accepted("admit node-image", () => admit("node.efi"));
  await table.refused("status withheld", "admit/status-missing", () => admit("node.efi", ""));

  const altered = async (what: string, part: string, because: Because) => {
    const image = readFileSync(workshop.path("node.efi"));
    const contents = readFileSync(workshop.path(part));
    const at = image.indexOf(contents) + Math.floor(contents.length / 2);
    image.writeUInt8((image.readUInt8(at) + 1) % 256, at);
    workshop.write("altered.efi", image);
    await table.refused(what, ["admit/measurement-mismatch", because], () => admit("altered.efi"));
  };
  await altered("a byte of the initrd changed, named", files.initrd, /"initrd \(\.initrd\): got sha256/);
  await altered("a byte of the kernel changed, named", files.linux, /"kernel \(\.linux\): got sha256/);
  await altered("a byte of the command line changed, named", files.cmdline, /"cmdline \(\.cmdline\): got /);
}

/** The manifest must have the SHA-256 of each file. */
function requireHashes(workshop: Workshop, files: readonly string[]): string {
  const manifest = workshop.read("node.json");
  const hash = (file: string): string =>
    createHash("sha256")
      .update(readFileSync(workshop.path(file)))
      .digest("hex");
  const missing = files.filter((file) => !manifest.includes(`"${hash(file)}"`));
  if (missing.length > 0) throw new Error(`not in the manifest: ${missing.join(", ")}`);
  return `${files.length} hashes`;
}
