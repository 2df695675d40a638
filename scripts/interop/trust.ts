import { type Answer } from "./answer.ts";
import { type Table } from "./table.ts";
import { SIGNING, trust, type Workshop } from "./workshop.ts";

const LOG = "log.example.test";

/** The files by which clients trust the log and find it, against those that cosign makes and uses. */
export async function compareTrust(workshop: Workshop, table: Table): Promise<void> {
  workshop.write("trusted", "something signed");
  await workshop.assay(`sign blob trusted ${SIGNING} --bundle trusted.json`);
  const root = workshop.read("log/trusted_root.json");
  workshop.write("log.pub", `-----BEGIN PUBLIC KEY-----\n${field(root, "rawBytes")}\n-----END PUBLIC KEY-----\n`);
  const createRoot = async (origin: string, out: string) => {
    const log = `url=https://${origin},public-key=log.pub,start-time=2026-01-01T00:00:00Z,origin=${origin}`;
    await workshop.peer(`cosign trusted-root create --no-default-fulcio --rekor ${log} --out ${out}`);
  };
  await createRoot(LOG, "by-cosign.json");
  await createRoot("elsewhere.example.test", "elsewhere.json");
  await table.holds("cosign trusted-root create gives the log the id that assay gave it", () => {
    const [ours, theirs] = [field(root, "keyId"), field(workshop.read("by-cosign.json"), "keyId")];
    if (ours !== theirs) throw new Error(`ours is ${ours}, cosign's ${theirs}`);
    return ours;
  });
  const verify = (file: string) =>
    workshop.judge(`verify blob trusted --bundle trusted.json --key release.pub --trusted-root ${file}`);
  const byCosign = (trusted: string) => workshop.cosign(`verify-blob --bundle trusted.json ${trusted} trusted`);
  await table.accepted("assay's trusted root, by cosign", () => byCosign(trust()));
  await table.accepted("cosign's trusted root, by assay", () => verify("by-cosign.json"));
  await table.accepted("cosign's trusted root, by cosign", () =>
    byCosign("--key release.pub --trusted-root by-cosign.json"),
  );
  await table.refused("cosign's trusted root for another origin, by assay", "bundle/unknown-log", () =>
    verify("elsewhere.json"),
  );
  await compareSigningConfig(workshop, table);
}

/** There is no server to answer; which one cosign asks shows whether it understood. */
async function compareSigningConfig(workshop: Workshop, table: Table): Promise<void> {
  const config = workshop.read("log/signing_config.json");
  workshop.write("unknown-config.json", config.replace("signingconfig.v0.2", "signingconfig.v0.9"));
  const askedBy = async (file: string): Promise<readonly [answer: Answer, asked: readonly string[]]> => {
    const flags = `--signing-config ${file} --trusted-root log/trusted_root.json --bundle never.json`;
    const answer = await workshop.cosign(`sign-blob --yes --key release.key ${flags} trusted`);
    return [answer, workshop.outside.asked.splice(0)];
  };
  await table.holds("cosign with the log's signing config asks the log, by Rekor v2", async () => {
    const [{ why }, asked] = await askedBy("log/signing_config.json");
    const hosts = [...new Set(asked)].join(", ");
    if (hosts !== `${LOG}:443` || !why.includes(`https://${LOG}/api/v2/log/entries`))
      throw new Error(`${hosts}: ${why}`);
    return hosts;
  });
  await table.refused("a signing config of another version, by cosign", "unsupported SigningConfig", async () => {
    const [answer, asked] = await askedBy("unknown-config.json");
    if (asked.length > 0) throw new Error(`asked ${asked.join(", ")}`);
    return answer;
  });
}

/** The first field `name` of a JSON text, read by no parser of ours. */
function field(text: string, name: string): string {
  return new RegExp(`"${name}": ?"([^"]*)"`).exec(text)?.[1] ?? "";
}
