import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { attachBundle, MEASUREMENT, SIGNATURE, takeBundle } from "./attached.ts";
import { forgeCheckpoint, forgeProof, passOff } from "./forgery.ts";
import { type Table } from "./table.ts";
import { trust, type Workshop } from "./workshop.ts";

/** Programs that build images from files. */
export const BUILDERS = {
  umoci: async (workshop: Workshop, layout: string, file: string) => {
    await workshop.peer(`umoci init --layout ${layout}`);
    await workshop.peer(`umoci new --image ${layout}:1.0`);
    await workshop.peer(`umoci insert --rootless --image ${layout}:1.0 ${file} /etc/motd`);
    await workshop.peer(`umoci config --image ${layout}:1.0 --config.cmd /bin/sh`);
  },
  buildah: async (workshop: Workshop, layout: string, file: string) => {
    const at = [
      "--storage-driver=vfs",
      `--root=${workshop.path("buildah")}`,
      `--runroot=${workshop.path("buildah-run")}`,
    ];
    const buildah = (...command: readonly string[]) => workshop.peer("buildah", ...at, ...command);
    const container = (await buildah("from", "scratch")).trim();
    await buildah("copy", container, file, "/etc/motd");
    await buildah("config", "--cmd", "/bin/sh", container);
    await buildah("commit", "--rm", "--format", "oci", container, `oci:${workshop.path(layout)}:1.0`);
  },
} as const satisfies Record<string, (workshop: Workshop, layout: string, file: string) => Promise<void>>;

/** The whole way of an image that `builder` made: signed, measured, recorded, admitted; and every way it must not go. */
export async function compareByHand(workshop: Workshop, table: Table, builder: keyof typeof BUILDERS): Promise<void> {
  const by = (name: string): string => `${builder}-${name}`;
  const lines = Array.from({ length: 20_000 }, (_, line) => `line ${line} of the message of the day\n`).join("");
  workshop.write(by("motd"), lines);
  // One byte of the layer, and everything else as it was.
  workshop.write(by("motd-rebuilt"), lines.replace("line 12345 ", "line 12346 "));
  await BUILDERS[builder](workshop, by("unsigned"), by("motd"));
  await BUILDERS[builder](workshop, by("rebuilt"), by("motd-rebuilt"));

  const policy = by("policy.yaml");
  await workshop.assay(`policy init ${trust()} --images oci:** --out ${policy}`);
  const admit = (layout: string) => workshop.judge(`admit image oci:${layout}:1.0 --policy ${policy}`);
  const make = async (layout: string, key: string, log: string) => {
    const signing = `--key ${key}.key --log ${log}`;
    await workshop.assay(`sign image oci:${layout}:1.0 ${signing}`);
    await workshop.assay(`measure image oci:${layout}:1.0 --out ${layout}.json`);
    await workshop.assay(`record ${layout}.json ${signing} --attach oci:${layout}:1.0`);
  };

  const good = workshop.copy(by("unsigned"), by("good"));
  await table.holds("sign image, measure image, record --attach", async () => {
    await make(good, "release", "log");
    return "";
  });
  await table.accepted("verify image", () => workshop.verifyImage(good));
  await table.accepted("admit image", () => admit(good));

  const codes: string[] = [];
  const denied = async (what: string, layout: string, code: string) => {
    codes.push(code);
    await table.refused(`${what}: verify image`, code, () => workshop.verifyImage(layout));
    await table.refused(`${what}: admit image`, code, () => admit(layout));
  };
  await denied("unsigned", by("unsigned"), "admit/unsigned");
  await make(workshop.copy(by("unsigned"), by("stranger")), "other", "log");
  await denied("other key", by("stranger"), "admit/wrong-key");
  await make(workshop.copy(by("unsigned"), by("unlogged")), "release", "none");
  await denied("in no log", by("unlogged"), "admit/unlogged");
  await make(workshop.copy(by("unsigned"), by("elsewhere")), "release", "other-log");
  await denied("in another log", by("elsewhere"), "bundle/unknown-log");

  for (const type of [SIGNATURE, MEASUREMENT]) {
    await takeBundle(workshop, good, type, by("old.json"));
    await attachBundle(workshop, by("rebuilt"), by("old.json"));
  }
  await denied("rebuilt with a layer byte changed", by("rebuilt"), "admit/subject-mismatch");
  await make(workshop.copy(by("rebuilt"), by("resigned")), "release", "log");
  await table.accepted("rebuilt and signed anew: admit image", () => admit(by("resigned")));

  const forged = async (what: string, code: string, from: string, forge: (bundle: string) => string) => {
    const layout = workshop.copy(by("unsigned"), by(what.replaceAll(" ", "-")));
    for (const type of [SIGNATURE, MEASUREMENT]) {
      const file = `${layout}.json`;
      await takeBundle(workshop, from, type, file);
      workshop.write(file, forge(workshop.read(file)));
      await attachBundle(workshop, layout, file);
    }
    await denied(what, layout, code);
  };
  await forged("forged proof", "bundle/not-included", good, forgeProof);
  await forged("forged checkpoint", "bundle/bad-checkpoint", good, forgeCheckpoint);
  await forged("proof in the forger's own log", "bundle/bad-checkpoint", by("elsewhere"), (bundle) =>
    passOff(bundle, namesOf(workshop, "other-log"), namesOf(workshop, "log")),
  );

  damage(workshop.path(workshop.copy(good, by("damaged"))));
  await denied("a blob that is not its digest", by("damaged"), "images/blob-mismatch");
  await table.holds("each has a code of its own", () => {
    // The two forged checkpoints fail alike: neither is signed by the log.
    const own = new Set(codes);
    if (own.size !== codes.length - 1) throw new Error(codes.join(", "));
    return `${own.size} codes`;
  });
}

function namesOf(workshop: Workshop, log: string): { origin: string; keyId: string } {
  const root = workshop.read(`${log}/trusted_root.json`);
  const field = (name: string): string => new RegExp(`"${name}": ?"([^"]*)"`).exec(root)?.[1] ?? "";
  return { origin: field("operator"), keyId: field("keyId") };
}

/** Changes a byte in the middle of the largest blob, which is the layer. */
function damage(layout: string): void {
  const directory = join(layout, "blobs/sha256");
  const files = readdirSync(directory).map((name) => join(directory, name));
  const largest = files.toSorted((a, b) => statSync(b).size - statSync(a).size)[0] ?? "";
  const bytes = readFileSync(largest);
  const middle = Math.floor(bytes.length / 2);
  bytes.writeUInt8((bytes.readUInt8(middle) + 1) % 256, middle);
  writeFileSync(largest, bytes);
}
