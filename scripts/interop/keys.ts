import { ANOTHER_ROOT } from "./refusal.ts";
import { type Table } from "./table.ts";
import { NO_SERVICES, type Workshop } from "./workshop.ts";

/** Key files both ways: opened, and signed with. */
export async function compareKeys(workshop: Workshop, table: Table): Promise<void> {
  await workshop.peer("cosign generate-key-pair --output-key-prefix theirs");
  workshop.write("message", "a message");
  await table.holds("cosign public-key of assay's key is assay's public key", async () =>
    same(await workshop.peer("cosign public-key --key release.key"), workshop.read("release.pub")),
  );
  await table.refused("assay's key by cosign, another password", "decryption failed", () =>
    workshop.with({ COSIGN_PASSWORD: "another" }).cosign("public-key --key release.key"),
  );
  await table.holds("assay key show of cosign's key is cosign's public key", async () => {
    const report = await workshop.assay("key show theirs.key --json");
    return same(JSON.stringify(workshop.read("theirs.pub")), /"pem": ("[^"]*")/.exec(report)?.[1] ?? "");
  });
  await table.holds("refused: cosign's key by assay, another password", async () => {
    const failure = await workshop.with({ ASSAY_PASSWORD: "another" }).failing("key show theirs.key");
    return same(failure, "4 keys/wrong-password");
  });

  await workshop.peer(`cosign sign-blob --yes --key release.key ${NO_SERVICES} --bundle by-cosign.json message`);
  await workshop.assay("sign blob message --key theirs.key --log log --bundle by-assay.json");
  const byCosign = (key: string) =>
    workshop.judge(`verify blob message --bundle by-cosign.json --key ${key} --insecure-skip-log`);
  const byAssay = (key: string) =>
    workshop.cosign(`verify-blob --bundle by-assay.json --key ${key} --trusted-root log/trusted_root.json message`);
  await table.accepted("cosign signs with assay's key, assay verifies", () => byCosign("release.pub"));
  await table.refused("cosign signs with assay's key, another public key", "admit/wrong-key", () =>
    byCosign("theirs.pub"),
  );
  await table.accepted("assay signs with cosign's key, cosign verifies", () => byAssay("theirs.pub"));
  await table.refused("assay signs with cosign's key, another public key", ANOTHER_ROOT, () => byAssay("release.pub"));
}

function same(got: string, want: string): string {
  if (got.trim() !== want.trim() || got === "") throw new Error(`got ${got}, want ${want}`);
  return got.includes("\n") || got.includes("\\n") ? "the same" : got;
}
