import { generateKeyPairSync } from "node:crypto";

import { ANOTHER_ROOT } from "./refusal.ts";
import { type Table } from "./table.ts";
import { trust, type Workshop } from "./workshop.ts";

/** Other keys than the default, and what cosign has to be told to verify with them. */
const TOLD: ReadonlyMap<string, string> = new Map([
  ["ecdsa-p384", "--signature-digest-algorithm sha384"],
  ["ecdsa-p521", "--signature-digest-algorithm sha512"],
]);

/** Files signed with other keys than ECDSA P-256, and logged, to `cosign verify-blob`. */
export async function compareAlgorithms(workshop: Workshop, table: Table): Promise<void> {
  workshop.write("payload", "a payload");
  const verify = (key: string, flags = "") =>
    workshop.cosign(`verify-blob --bundle ${key}.json ${trust(key)}${flags} payload`);
  for (const [algorithm, told] of TOLD) {
    await workshop.assay(`key create --algorithm ${algorithm} --out ${algorithm}`);
    await workshop.assay(`sign blob payload --key ${algorithm}.key --log log --bundle ${algorithm}.json`);
    await table.accepted(`${algorithm}, told the digest`, () => verify(algorithm, ` ${told}`));
    await table.refused(`${algorithm}, not told`, "could not verify message", () => verify(algorithm));
  }
  for (const modulusLength of [2048, 3072, 4096]) {
    const name = `rsa-${modulusLength}`;
    const { privateKey } = generateKeyPairSync("rsa", { modulusLength });
    workshop.write(`${name}.pem`, privateKey.export({ type: "pkcs8", format: "pem" }));
    await workshop.assay(`key import ${name}.pem --out ${name}`);
    await workshop.assay(`sign blob payload --key ${name}.key --log log --bundle ${name}.json`);
    await table.accepted(name, () => verify(name));
  }
  await table.refused("rsa-2048, another key", ANOTHER_ROOT, () =>
    workshop.cosign(`verify-blob --bundle rsa-2048.json ${trust("rsa-3072")} payload`),
  );
}
