import { forgeProof } from "./forgery.ts";
import { ANOTHER_ROOT, NOT_IN_LOG } from "./refusal.ts";
import { type Table } from "./table.ts";
import { SIGNING, trust, type Workshop } from "./workshop.ts";

/** What `assay sign blob` writes, to `cosign verify-blob`. */
export async function compareBlobs(workshop: Workshop, table: Table): Promise<void> {
  workshop.write("disk.raw", "a disk image");
  workshop.write("swapped.raw", "a disk imagE");
  await workshop.assay(`sign blob disk.raw ${SIGNING} --bundle disk.json`);
  await workshop.assay("sign blob disk.raw --key release.key --log none --bundle unlogged.json");
  workshop.write("forged.json", forgeProof(workshop.read("disk.json")));
  const verify = (file: string, bundle: string, trusted = trust()) =>
    workshop.cosign(`verify-blob --bundle ${bundle} ${trusted} ${file}`);
  await table.accepted("the file", () => verify("disk.raw", "disk.json"));
  await table.refused("another file", "could not verify message", () => verify("swapped.raw", "disk.json"));
  await table.refused("another key", ANOTHER_ROOT, () => verify("disk.raw", "disk.json", trust("other")));
  await table.refused("another log's trusted root", NOT_IN_LOG, () =>
    verify("disk.raw", "disk.json", trust("release", "other-log")),
  );
  await table.refused("a hash of its proof changed", ANOTHER_ROOT, () => verify("disk.raw", "forged.json"));
  await table.accepted("signed with --log none, log ignored", () =>
    verify("disk.raw", "unlogged.json", "--key release.pub --insecure-ignore-tlog"),
  );
  await table.refused("signed with --log none", NOT_IN_LOG, () => verify("disk.raw", "unlogged.json"));
}
