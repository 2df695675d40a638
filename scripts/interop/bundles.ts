import { digestsOf, MEASUREMENT, SIGNATURE, takeBundle } from "./attached.ts";
import { forgeCheckpoint, forgeProof, forgeSignature } from "./forgery.ts";
import { ANOTHER_ROOT, NOT_IN_LOG } from "./refusal.ts";
import { type Table } from "./table.ts";
import { SIGNING, trust, type Workshop } from "./workshop.ts";

/** Bundles taken from the layout, to `cosign verify-blob-attestation`. */
export async function compareBundles(workshop: Workshop, table: Table): Promise<void> {
  const image = workshop.image("bundles");
  await workshop.assay(`sign image oci:${image}:1.0 ${SIGNING}`);
  await workshop.assay(`measure image oci:${image}:1.0 --out bundles.json`);
  await workshop.assay(`record bundles.json ${SIGNING} --attach oci:${image}:1.0`);
  const [root = "", child = ""] = await digestsOf(workshop, image);
  await takeBundle(workshop, image, SIGNATURE, "signature.json");
  await takeBundle(workshop, image, MEASUREMENT, "measurement.json");
  const signature = workshop.read("signature.json");
  workshop.write("proof.json", forgeProof(signature));
  workshop.write("checkpoint.json", forgeCheckpoint(signature));
  workshop.write("sig.json", forgeSignature(signature));

  const verify = (bundle: string, digest = root, type = SIGNATURE, trusted = trust()) =>
    workshop.cosign(
      `verify-blob-attestation --bundle ${bundle} ${trusted} --type ${type}`,
      `--digest=${digest.replace("sha256:", "")}`,
      "--digestAlg=sha256",
    );
  await table.accepted("the signature, for the index", () => verify("signature.json"));
  await table.accepted("the signature, for a platform's image", () => verify("signature.json", child));
  await table.refused("the signature, for another digest", "does not match any digest", () =>
    verify("signature.json", "0".repeat(64)),
  );
  await table.refused("the signature, with another key", ANOTHER_ROOT, () =>
    verify("signature.json", root, SIGNATURE, trust("other")),
  );
  await table.refused("the signature, with another log's trusted root", NOT_IN_LOG, () =>
    verify("signature.json", root, SIGNATURE, trust("release", "other-log")),
  );
  await table.refused("the signature, as a measurement", "invalid predicate type", () =>
    verify("signature.json", root, MEASUREMENT),
  );
  await table.refused("a hash of its proof changed", ANOTHER_ROOT, () => verify("proof.json"));
  await table.refused("the root in its checkpoint changed", "unverified checkpoint signature", () =>
    verify("checkpoint.json"),
  );
  await table.refused("its signature changed", ANOTHER_ROOT, () => verify("sig.json"));
  await table.accepted("the measurement, for the index", () => verify("measurement.json", root, MEASUREMENT));
  await table.refused("the measurement, as a signature", "invalid predicate type", () => verify("measurement.json"));
}
