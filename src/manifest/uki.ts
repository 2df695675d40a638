/** Node measurements of unified kernel images: what a UKI holds, as artefacts of a manifest. */
import { createHash } from "node:crypto";

import { toBase64 } from "../bytes/base64.ts";
import { concat } from "../bytes/join.ts";
import { toUtf8 } from "../bytes/utf8.ts";
import { type UkiMeasurement, type UkiSection } from "../measure/uki.ts";
import { parseNodeMeasurement } from "./node-measurement.ts";
import { type NodeArtefact, type NodeMeasurement } from "./schema.ts";

/** What no artefact tells: the release that the image is. */
export type NodeRelease = Pick<
  NodeMeasurement,
  "product" | "version" | "sequence" | "svn" | "notBefore" | "notAfter" | "fromRecipeOnly"
>;

/** A longer command line is named by its hash alone; Linux on x86 reads 2 KiB. */
const MAX_CMDLINE_BYTES = 64 * 1024;

/**
 * The manifest of a node image that is one UKI. No clock is read and JCS orders the rest, so that two builders of the
 * same image and release get identical bytes. Registers are derived elsewhere: there are no targets yet.
 *
 * @throws manifest/malformed if the release is not one a manifest can state
 */
export const nodeMeasurementFromUki = (release: NodeRelease, uki: UkiMeasurement): NodeMeasurement =>
  parseNodeMeasurement({ ...release, artefacts: artefactsFromUki(uki), targets: [] });

/**
 * The UKI itself as `uki`, each section by its role (by its name, `section.text`, where the role is taken or none),
 * and what the command line names: `rootfs` and `usrfs` hold the text of their dm-verity root hashes.
 */
export function artefactsFromUki(uki: UkiMeasurement): Readonly<Record<string, NodeArtefact>> {
  const artefacts = new Map<string, NodeArtefact>([
    ["uki", { role: "uki", sha256: uki.sha256, size: uki.size, authenticode: { sha256: uki.authenticode } }],
  ]);
  for (const section of uki.sections) {
    const { name, role, sha256, size } = section;
    const id = role === "other" || artefacts.has(role) ? sectionId(name) : role;
    const bytes = name === ".cmdline" ? cmdlineBytes(uki.cmdline, section) : {};
    artefacts.set(id, { role, in: "uki", at: name, sha256, size, ...bytes });
  }
  if (uki.rootHash !== null) artefacts.set("rootfs", optionArtefact("rootfs", "roothash=", uki.rootHash));
  if (uki.usrHash !== null) artefacts.set("usrfs", optionArtefact("usrfs", "usrhash=", uki.usrHash));
  return Object.fromEntries(artefacts);
}

/** `section.text`; a name that an id cannot carry is written in hex. */
const sectionId = (name: string): string =>
  /^\.[A-Za-z0-9_-]+$/.test(name) ? `section${name}` : `section-${Buffer.from(name).toString("hex")}`;

const optionArtefact = (role: string, at: string, value: string): NodeArtefact => ({
  role,
  in: "cmdline",
  at,
  bytes: toBase64(toUtf8(value)),
});

/** The section's bytes, where its text and NULs after it are all there is; the hash has the last word. */
function cmdlineBytes(text: string | null, { sha256, size }: UkiSection): { bytes?: string } {
  const start = toUtf8(text ?? "");
  if (start.length > size || size > MAX_CMDLINE_BYTES) return {};
  const bytes = concat(start, new Uint8Array(size - start.length));
  return createHash("sha256").update(bytes).digest("hex") === sha256 ? { bytes: toBase64(bytes) } : {};
}
