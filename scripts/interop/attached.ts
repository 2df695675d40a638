import { readBundles } from "../../src/images/bundles.ts";
import { readImage } from "../../src/images/image.ts";
import { openLayout } from "../../src/layout/layout.ts";
import { type Digest } from "../../src/oci/digest.ts";
import { type Workshop } from "./workshop.ts";

/** Media type of a bundle, as a layer and as a kind of artefact. */
const BUNDLE_TYPE = "application/vnd.dev.sigstore.bundle.v0.3+json";
export const SIGNATURE = "https://sigstore.dev/cosign/sign/v1";
export const MEASUREMENT = "urn:assay:image-measurement:v1";

/** Digests of the image tagged 1.0: the index first, then its children. */
export async function digestsOf(workshop: Workshop, layout: string): Promise<readonly Digest[]> {
  const { subjects } = await readImage(await openLayout(workshop.path(layout)), { tag: "1.0", digest: null });
  return subjects.map(({ digest }) => digest);
}

/** Writes the bundle attached to the image tagged 1.0, with the statement `predicateType`, to a file. */
export async function takeBundle(workshop: Workshop, layout: string, predicateType: string, to: string): Promise<void> {
  const repository = await openLayout(workshop.path(layout));
  const { root } = await readImage(repository, { tag: "1.0", digest: null });
  const { bundles } = await readBundles(repository, root.digest);
  const found = bundles.filter(({ bytes }) => predicateTypeOf(bytes) === predicateType);
  if (found.length !== 1 || found[0] === undefined)
    throw new Error(`${found.length} bundles ${predicateType} on ${layout}`);
  workshop.write(to, found[0].bytes);
}

/** Attaches a bundle to the image tagged 1.0 as anybody could: with oras, asking nobody. */
export async function attachBundle(workshop: Workshop, layout: string, bundle: string): Promise<void> {
  await workshop.peer(`oras attach --oci-layout --artifact-type ${BUNDLE_TYPE} ${layout}:1.0 ${bundle}:${BUNDLE_TYPE}`);
}

/** Read from the text, by no parser of ours. */
function predicateTypeOf(bundle: Uint8Array): string | undefined {
  const payload = /"payload": ?"([^"]*)"/.exec(Buffer.from(bundle).toString())?.[1] ?? "";
  return /"predicateType": ?"([^"]*)"/.exec(Buffer.from(payload, "base64").toString())?.[1];
}
