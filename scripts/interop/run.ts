/**
 * Compares assay with the programs of others, both ways: what they accept of ours, what we accept of theirs, and what
 * neither may accept. Works on the built `dist/`, in a temporary folder, over loopback only. `--help` says more.
 */
import { parseArgs } from "node:util";

import { compareAlgorithms } from "./algorithms.ts";
import { compareBlobs } from "./blobs.ts";
import { compareBundles } from "./bundles.ts";
import { compareByHand } from "./by-hand.ts";
import { compareCosignBlobs } from "./cosign-blobs.ts";
import { compareCosignImages } from "./cosign-images.ts";
import { compareImages } from "./images.ts";
import { compareKeys } from "./keys.ts";
import { compareNodeImage } from "./node-image.ts";
import { Outside } from "./outside.ts";
import { findPeer } from "./peer.ts";
import { stopAll } from "./process.ts";
import { compareSkopeo } from "./skopeo.ts";
import { Table } from "./table.ts";
import { compareTrust } from "./trust.ts";
import { listVersions } from "./versions.ts";
import { Workshop } from "./workshop.ts";

/** A group of rows, and what it needs to be here. */
interface Section {
  readonly name: string;
  readonly title: string;
  readonly needs: readonly string[];
  readonly compare: (workshop: Workshop, table: Table) => Promise<void>;
}

const SECTIONS: readonly Section[] = [
  { name: "bundles", title: "bundles from the layout, to cosign", needs: ["cosign"], compare: compareBundles },
  {
    name: "crane",
    title: "images copied to crane's registry, to cosign",
    needs: ["cosign", "oras", "crane"],
    compare: (workshop, table) => compareImages(workshop, table, "crane"),
  },
  {
    name: "docker-registry",
    title: "images copied to Docker's registry, to cosign",
    needs: ["cosign", "oras", "docker-registry"],
    compare: (workshop, table) => compareImages(workshop, table, "docker-registry"),
  },
  { name: "blobs", title: "files signed here, to cosign", needs: ["cosign"], compare: compareBlobs },
  { name: "keys", title: "keys, both ways", needs: ["cosign"], compare: compareKeys },
  { name: "algorithms", title: "other keys, to cosign", needs: ["cosign"], compare: compareAlgorithms },
  { name: "cosign-blobs", title: "files signed by cosign, to assay", needs: ["cosign"], compare: compareCosignBlobs },
  {
    name: "cosign-images",
    title: "images signed by cosign, to assay",
    needs: ["cosign", "oras", "crane"],
    compare: compareCosignImages,
  },
  { name: "trust", title: "trusted root and signing config", needs: ["cosign"], compare: compareTrust },
  { name: "skopeo", title: "a layout, to skopeo", needs: ["skopeo"], compare: compareSkopeo },
  {
    name: "umoci",
    title: "an image built by umoci",
    needs: ["umoci", "oras"],
    compare: (workshop, table) => compareByHand(workshop, table, "umoci"),
  },
  {
    name: "buildah",
    title: "an image built by buildah",
    needs: ["buildah", "oras"],
    compare: (workshop, table) => compareByHand(workshop, table, "buildah"),
  },
  {
    name: "node",
    title: "a node image of a real kernel and systemd-stub",
    needs: ["objcopy", "objdump", "systemd-stub", "kernel"],
    compare: compareNodeImage,
  },
];

/** All of it; more means that something hangs. */
const MAX_SECONDS = 300;

const { values: flags } = parseArgs({
  options: {
    help: { type: "boolean", default: false },
    keep: { type: "boolean", default: false },
    only: { type: "string", multiple: true, default: [] },
  },
});
if (flags.help) {
  process.stdout.write(help());
  process.exit();
}
const unknown = flags.only.filter((name) => !SECTIONS.some((section) => section.name === name));
if (unknown.length > 0) {
  process.stderr.write(`no such section: ${unknown.join(", ")}\n`);
  process.exit(2);
}

const started = performance.now();
const outside = await Outside.open();
const workshop = Workshop.open(outside);
process.once("exit", () => {
  stopAll();
  if (!flags.keep) workshop.close();
});
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(1));
setTimeout(() => {
  process.stderr.write(`not done after ${MAX_SECONDS} s\n`);
  process.exit(1);
}, MAX_SECONDS * 1000).unref();

const table = new Table();
process.stdout.write(`peers: ${(await listVersions(workshop)).join(", ")}\n`);
const furnished = await prepared(() => workshop.furnish());
for (const section of furnished ? SECTIONS : []) {
  if (flags.only.length > 0 && !flags.only.includes(section.name)) continue;
  table.section(section.title);
  const missing = section.needs.filter((name) => findPeer(name) === undefined);
  if (missing.length > 0) table.skip(missing);
  else await prepared(() => section.compare(workshop, table));
}
table.section("loopback only");
await table.holds("no peer asked anybody outside", () => {
  if (outside.asked.length > 0) throw new Error(`asked: ${outside.asked.join(", ")}`);
  return "";
});
if (flags.keep) process.stdout.write(`\nleft in ${workshop.directory}\n`);
const seconds = Math.round((performance.now() - started) / 1000);
process.stdout.write(`\n${seconds} s\n${table.summary()}\n`);
process.exit(table.failed ? 1 : 0);

/** What breaks before a row can be asked for is a failed row too. */
async function prepared(prepare: () => Promise<void>): Promise<boolean> {
  try {
    await prepare();
    return true;
  } catch (error) {
    await table.holds("everything could be prepared", () => Promise.reject(error));
    return false;
  }
}

function help(): string {
  const sections = SECTIONS.map(({ name, title, needs }) => `  ${name.padEnd(17)}${title} (${needs.join(", ")})\n`);
  return (
    "npm run interop [-- --only SECTION …] [--keep]\n\n" +
    "Compares assay with the programs of others, in a temporary folder and over loopback only. Peers are looked for\n" +
    "on PATH; a section whose peers are absent is skipped, unless ASSAY_REQUIRE (names, separated by commas) has\n" +
    "one of them. The kernel is $ASSAY_KERNEL, or the newest under /boot.\n\n" +
    `${sections.join("")}\n` +
    "--only NAME   run this section; may be repeated\n--keep        leave the folder for a closer look\n"
  );
}
