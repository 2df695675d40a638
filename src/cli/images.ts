import { join } from "node:path";

import { type ImageName, type ImageRepository } from "../images/repository.ts";
import { Failure } from "../failure.ts";
import { openLayout } from "../layout/layout.ts";
import { parseReference } from "../oci/reference.ts";

/** An image that a person named. */
export interface NamedImage {
  readonly repository: ImageRepository;
  readonly reference: ImageName;
  /** Normalised name, which policies match: `oci:PATH`. */
  readonly name: string;
}

/**
 * Opens the repository that a reference names.
 *
 * @throws oci/malformed-reference, cli/unsupported-transport, and what opening a layout throws
 */
export async function openImage(text: string): Promise<NamedImage> {
  const reference = parseReference(text);
  if (reference.transport !== "oci") {
    throw new Failure(
      "cli/unsupported-transport",
      `${text} is of transport ${reference.transport}; image layouts are supported`,
      {
        hint: "name a layout as oci:DIR[:TAG][@DIGEST]",
      },
    );
  }
  const { tag, digest } = reference;
  // One directory, one name, and opened by that name: what `a` is denied, `./a`, `a/` and `b/../a` are denied too.
  const path = join(reference.path, ".");
  return { repository: await openLayout(path), reference: { tag, digest }, name: `oci:${path}` };
}

/**
 * The name by which an image will run, normalised.
 *
 * @throws oci/malformed-reference for anything but `registry/repository`
 */
export function nameToRunBy(text: string): string {
  const reference = parseReference(text);
  if (reference.transport === "registry" && reference.name === text) return text;
  throw new Failure(
    "oci/malformed-reference",
    `${text} is not a whole name as REGISTRY/REPOSITORY, without tag and digest`,
  );
}
