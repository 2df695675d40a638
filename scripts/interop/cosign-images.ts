import { digestsOf } from "./attached.ts";
import { startRegistry } from "./registry.ts";
import { type Table } from "./table.ts";
import { NO_SERVICES, type Workshop } from "./workshop.ts";

/** What cosign signs in a registry, copied to a layout by oras, to assay. */
export async function compareCosignImages(workshop: Workshop, table: Table): Promise<void> {
  const registry = await startRegistry(workshop, "crane");
  await workshop.peer("cosign generate-key-pair --output-key-prefix image-key");
  const layout = workshop.image("cosign-image");
  const [root = "", child = ""] = await digestsOf(workshop, layout);
  /** A layout with the manifest `tagged`, as it is after `cosign sign FLAGS`; null does not sign. */
  const signed = async (repository: string, tagged: string, flags: string | null) => {
    const name = `${registry}/${repository}`;
    await workshop.peer(`oras cp --from-oci-layout ${layout}@${root} --to-plain-http ${name}:index`);
    await workshop.peer(`oras tag --plain-http ${name}@${tagged} 1.0`);
    if (flags !== null) {
      await workshop.peer(`cosign sign --yes --key image-key.key ${NO_SERVICES} ${flags} ${name}@${tagged}`);
    }
    await workshop.peer(`oras cp -r --from-plain-http ${name}:1.0 --to-oci-layout ${repository}:1.0`);
  };
  const verify = (repository: string, flags = "--key image-key.pub --insecure-skip-log") =>
    workshop.judge(`verify image oci:${repository}:1.0 ${flags}`);

  await signed("one-platform", child, "-a commit=4f2c");
  await table.accepted("image", () => verify("one-platform"));
  await table.refused("image, another key", "admit/wrong-key", () =>
    verify("one-platform", "--key release.pub --insecure-skip-log"),
  );
  await table.refused("image, where a log is wanted", "admit/unlogged", () =>
    verify("one-platform", "--key image-key.pub --trusted-root log/trusted_root.json"),
  );
  await signed("not-signed", child, null);
  await table.refused("image, not signed", "admit/unsigned", () => verify("not-signed"));
  // cosign signs the index alone, or makes one statement for each manifest; assay wants one that names them all.
  await signed("index-only", root, "--recursive=false");
  await table.refused("index, signed without --recursive", "admit/platform-not-covered", () => verify("index-only"));
  await signed("recursive", root, "--recursive");
  await table.refused("index, signed with --recursive", "admit/platform-not-covered", () => verify("recursive"));
}
