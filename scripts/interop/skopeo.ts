import { digestsOf } from "./attached.ts";
import { type Table } from "./table.ts";
import { SIGNING, type Workshop } from "./workshop.ts";

/** A signed and measured layout, to skopeo, which knows nothing of what is attached. */
export async function compareSkopeo(workshop: Workshop, table: Table): Promise<void> {
  const layout = workshop.image("skopeo-image");
  const [root = ""] = await digestsOf(workshop, layout);
  await workshop.assay(`sign image oci:${layout}:1.0 ${SIGNING}`);
  await workshop.assay(`measure image oci:${layout}:1.0 --out ${layout}.json`);
  await workshop.assay(`record ${layout}.json ${SIGNING} --attach oci:${layout}:1.0`);
  await table.holds("skopeo finds the image that was there before", async () => {
    const found = await workshop.peer(`skopeo manifest-digest ${await rawManifest(workshop, layout)}`);
    if (found.trim() !== root) throw new Error(`got ${found}, want ${root}`);
    return root;
  });
  await workshop.peer(`skopeo copy --quiet --all oci:${layout}:1.0 oci:skopeo-copy:1.0`);
  await table.accepted("what it copied from: verify image", () => workshop.verifyImage(layout));
  await table.refused("what it copied, nothing attached: verify image", "admit/unsigned", () =>
    workshop.verifyImage("skopeo-copy"),
  );
}

async function rawManifest(workshop: Workshop, layout: string): Promise<string> {
  workshop.write("manifest.json", await workshop.peer(`skopeo inspect --raw oci:${layout}:1.0`));
  return "manifest.json";
}
