import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** Packages that are small enough, or generous enough, to name their licence in package.json alone. */
const NO_FILE = "No licence file in the package; package.json says: ";

/**
 * The licences of what was bundled, as they ask to be passed on.
 *
 * @param root    of the checkout
 * @param inputs  files that went into the bundles, relative to it
 */
export function notices(root: string, inputs: readonly string[]): string {
  const packages = new Set(
    inputs.flatMap((input) => /node_modules\/(?:@[^/]+\/)?[^/]+(?!.*\/node_modules\/)/.exec(input) ?? []),
  );
  const texts = [...packages].toSorted().map((directory) => notice(join(root, directory)));
  return `assay contains these packages.\n\n${texts.join("\n")}`;
}

function notice(directory: string): string {
  const { name, version, license }: { name: string; version: string; license?: string } = JSON.parse(
    readFileSync(join(directory, "package.json"), "utf8"),
  );
  const file = readdirSync(directory).find((each) => /^licen[cs]e(?:\.\w+)?$/i.test(each));
  const text = file === undefined ? `${NO_FILE}${license ?? "nothing"}\n` : readFileSync(join(directory, file), "utf8");
  return `== ${name} ${version}\n\n${text}`;
}
