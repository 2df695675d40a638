import { createHash } from "node:crypto";

import { fromBase64 } from "../bytes/base64.ts";
import { type UkiMeasurement } from "../measure/uki.ts";
import { type NodeArtefact, type NodeMeasurement } from "./schema.ts";
import { artefactsFromUki } from "./uki.ts";

/** Longer texts are told apart by their hashes. */
const MAX_QUOTED = 512;

/** One component that is not what was wanted. */
export interface Difference {
  /** What a person calls it, and where it is: `initrd (.initrd)`. */
  readonly component: string;
  readonly got: string;
  readonly want: string;
}

/** `initrd (.initrd): got sha256 12…, want sha256 34…` */
export const formatDifference = ({ component, got, want }: Difference): string =>
  `${component}: got ${got}, want ${want}`;

/**
 * Every way in which a measured UKI is not the one of the manifest; none if it is.
 *
 * Each artefact that the manifest has in the UKI is compared, the whole file last, so that what is named first is what
 * changed. Where the whole file differs, parts that the manifest does not list are named too. An artefact that cannot
 * be derived from a UKI is a difference. Of several UKIs in a manifest, the nearest is compared.
 */
export function compareNodeToUki({ artefacts }: NodeMeasurement, uki: UkiMeasurement): readonly Difference[] {
  const derived = placesIn(artefactsFromUki(uki), "uki");
  const candidates = Object.keys(artefacts).filter((id) => artefacts[id]?.role === "uki");
  const [nearest] = candidates
    .map((id) => comparePlaces(placesIn(artefacts, id), derived))
    .toSorted((a, b) => a.length - b.length);
  return (
    nearest ?? [{ component: "uki", got: `sha256 ${uki.sha256}`, want: "a manifest with an artefact of this role" }]
  );
}

type Artefacts = Readonly<Record<string, NodeArtefact>>;

/** Artefacts by the way to them from the one they are all in, one `at` a line, innermost first; that one is at "". */
type Places = ReadonlyMap<string, NodeArtefact>;

function placesIn(artefacts: Artefacts, root: string): Places {
  const places = new Map<string, NodeArtefact>();
  const visit = (id: string, place: string): void => {
    const artefact = artefacts[id];
    if (artefact === undefined) return;
    places.set(place, artefact);
    for (const [inner, { in: within, at = "" }] of Object.entries(artefacts)) {
      // No `at` holds a newline, so no two ways are spelt alike.
      if (within === id) visit(inner, place === "" ? at : `${at}\n${place}`);
    }
  };
  visit(root, "");
  return places;
}

function comparePlaces(wanted: Places, derived: Places): readonly Difference[] {
  const inner = [...wanted].flatMap(([place, want]) =>
    place === "" ? [] : compareArtefact(nameOf(place, want), derived.get(place), want),
  );
  const file = compareArtefact("uki", derived.get(""), wanted.get(""));
  if (file.length === 0) return inner;
  const unlisted = [...derived].flatMap(([place, got]) =>
    wanted.has(place) ? [] : compareArtefact(nameOf(place, got), got, undefined),
  );
  return [...inner, ...unlisted, ...file];
}

function compareArtefact(
  component: string,
  got: NodeArtefact | undefined,
  want: NodeArtefact | undefined,
): readonly Difference[] {
  const named = (gotten: string, wanted: string): readonly Difference[] =>
    gotten === wanted ? [] : [{ component, got: gotten, want: wanted }];
  if (got === undefined || want === undefined) return named(contentOf(got), contentOf(want));
  const [gotHash, wantHash] = [hashOf(got), hashOf(want)];
  const [gotText, wantText] = [textOf(got), textOf(want)];
  // Equal text is no equality: what is not UTF-8 decodes to the same replacement characters. The hashes decide.
  const isText = gotHash !== wantHash && gotText !== undefined && wantText !== undefined && gotText !== wantText;
  return [
    ...named(`role ${got.role}`, `role ${want.role}`),
    ...(isText ? named(gotText, wantText) : named(`sha256 ${gotHash}`, `sha256 ${wantHash}`)),
    ...(want.size === undefined ? [] : named(`${sizeOf(got)} bytes`, `${want.size} bytes`)),
    ...(want.authenticode === undefined
      ? []
      : named(`authenticode ${got.authenticode?.sha256}`, `authenticode ${want.authenticode.sha256}`)),
  ];
}

const nameOf = (place: string, { role }: NodeArtefact): string => {
  const at = place.replaceAll("\n", " in ");
  return role === "other" ? at : `${role} (${at})`;
};

const contentOf = (artefact: NodeArtefact | undefined): string =>
  artefact === undefined ? "nothing there" : `sha256 ${hashOf(artefact)}`;

/** An artefact that is given by its bytes alone has their hash. */
const hashOf = ({ sha256, bytes = "" }: NodeArtefact): string =>
  sha256 ?? createHash("sha256").update(fromBase64(bytes)).digest("hex");

const sizeOf = ({ size, bytes = "" }: NodeArtefact): number => size ?? fromBase64(bytes).length;

/** Short text, quoted: people see at once what changed in a command line. */
function textOf({ bytes }: NodeArtefact): string | undefined {
  const text = bytes === undefined ? undefined : Buffer.from(fromBase64(bytes)).toString("utf8");
  return text === undefined || text.length > MAX_QUOTED ? undefined : JSON.stringify(text);
}
