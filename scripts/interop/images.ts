import { digestsOf, MEASUREMENT } from "./attached.ts";
import { type Answer } from "./answer.ts";
import { ANOTHER_ROOT, NOT_IN_LOG } from "./refusal.ts";
import { type REGISTRIES, startRegistry } from "./registry.ts";
import { type Table } from "./table.ts";
import { SIGNING, trust, type Workshop } from "./workshop.ts";

/** Images signed in a layout and copied to a registry by oras, to `cosign verify`, and back again. */
export async function compareImages(workshop: Workshop, table: Table, peer: keyof typeof REGISTRIES): Promise<void> {
  const pushed = new Pushed(workshop, await startRegistry(workshop, peer));
  const layout = workshop.image(`${peer}-image`);
  await pushed.push(layout, "unsigned");
  await workshop.assay(`sign image oci:${layout}:1.0 ${SIGNING} -a commit=4f2c`);
  await pushed.push(layout, "app");
  const [root = "", ...children] = await digestsOf(workshop, layout);
  const verify = (digest: string, flags: string, repository = "app") => pushed.verify(repository, digest, flags);

  await table.accepted("index", () => verify(root, trust()));
  for (const [at, child] of children.entries()) {
    await table.accepted(`image of platform ${at + 1}`, () => verify(child, trust()));
    await table.accepted(`image of platform ${at + 1}, annotation`, () => verify(child, `${trust()} -a commit=4f2c`));
  }
  await table.accepted("index, annotation", () => verify(root, `${trust()} -a commit=4f2c`));
  await table.refused("index, another annotation", "annotation", () => verify(root, `${trust()} -a commit=0000`));
  await table.refused("not signed", "no signatures found", () => verify(root, trust(), "unsigned"));
  await table.refused("another key", ANOTHER_ROOT, () => verify(root, trust("other")));
  await table.refused("another key, log ignored", "could not verify envelope", () =>
    verify(root, "--key other.pub --insecure-ignore-tlog"),
  );
  await table.refused("another log's trusted root", NOT_IN_LOG, () => verify(root, trust("release", "other-log")));
  await compareMeasured(workshop, table, pushed, layout);

  const unlogged = workshop.image(`${peer}-unlogged`);
  await workshop.assay(`sign image oci:${unlogged}:1.0 --key release.key --log none`);
  await pushed.push(unlogged, "unlogged");
  await table.accepted("signed with --log none, log ignored", () =>
    verify(root, "--key release.pub --insecure-ignore-tlog", "unlogged"),
  );
  await table.refused("signed with --log none", NOT_IN_LOG, () => verify(root, trust(), "unlogged"));
}

/** With the measurement attached too: cosign still finds the signature, and the measurement by its type. */
async function compareMeasured(workshop: Workshop, table: Table, pushed: Pushed, layout: string): Promise<void> {
  await workshop.assay(`measure image oci:${layout}:1.0 --out ${layout}.json`);
  await workshop.assay(`record ${layout}.json ${SIGNING} --attach oci:${layout}:1.0`);
  await pushed.push(layout, "app");
  const [root = "", child = ""] = await digestsOf(workshop, layout);
  await table.accepted("measured, index", () => pushed.verify("app", root, trust()));
  await table.accepted("measured, image of platform 1", () => pushed.verify("app", child, trust()));

  const attested = (digest: string, type: string, trusted = trust()) =>
    workshop.cosign(`verify-attestation --type ${type} ${trusted} ${pushed.registry}/app@${digest}`);
  await table.accepted("measurement, index", () => attested(root, MEASUREMENT));
  await table.accepted("measurement, image of platform 1", () => attested(child, MEASUREMENT));
  await table.refused("measurement, another type", "none of the attestations matched the predicate type", () =>
    attested(root, `${MEASUREMENT}1`),
  );
  await table.refused("measurement, another key", ANOTHER_ROOT, () => attested(root, MEASUREMENT, trust("other")));

  await pushed.pull("app", `${layout}-back`, "-r");
  await table.accepted("copied back by oras cp -r, verify image", () => workshop.verifyImage(`${layout}-back`));
  await pushed.pull("app", `${layout}-bare`, "--recursive=false");
  await table.refused("copied back by oras cp, verify image", "admit/unsigned", () =>
    workshop.verifyImage(`${layout}-bare`),
  );
}

/** What is in a registry on loopback; every image is tagged 1.0. */
class Pushed {
  /** `localhost:PORT` */
  readonly registry: string;
  readonly #workshop: Workshop;

  constructor(workshop: Workshop, registry: string) {
    this.registry = registry;
    this.#workshop = workshop;
  }

  /** Copies an image from a layout, with everything attached to it. */
  async push(layout: string, repository: string): Promise<void> {
    const to = `--to-plain-http ${this.registry}/${repository}:1.0`;
    await this.#workshop.peer(`oras cp -r --from-oci-layout ${layout}:1.0 ${to}`);
  }

  async pull(repository: string, layout: string, how: string): Promise<void> {
    const from = `--from-plain-http ${this.registry}/${repository}:1.0`;
    await this.#workshop.peer(`oras cp ${how} ${from} --to-oci-layout ${layout}:1.0`);
  }

  verify(repository: string, digest: string, flags: string): Promise<Answer> {
    return this.#workshop.cosign(`verify ${flags} ${this.registry}/${repository}@${digest}`);
  }
}
