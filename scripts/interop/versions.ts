import { findPeer } from "./peer.ts";
import { type Workshop } from "./workshop.ts";

/** How programs are asked for their versions. */
const ASK: ReadonlyMap<string, string> = new Map([
  ["cosign", "version"],
  ["oras", "version"],
  ["crane", "version"],
  ["docker-registry", "--version"],
  ["umoci", "--version"],
  ["buildah", "--version"],
  ["skopeo", "--version"],
  ["objcopy", "--version"],
]);

/** Which peers are here, as `name version`. */
export async function listVersions(workshop: Workshop): Promise<readonly string[]> {
  const here = [...ASK].filter(([name]) => findPeer(name) !== undefined);
  const versions: string[] = [];
  for (const [name, how] of here) {
    const said = await workshop.peer(`${name} ${how}`);
    versions.push(`${name} ${/\bv?\d+\.\d+\S*/.exec(said)?.[0] ?? "of no version"}`);
  }
  return versions;
}
