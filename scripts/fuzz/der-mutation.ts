import { type DerNode, readDer, writeDer } from "../../src/der/node.ts";
import { mutateBytes } from "./bytes-mutation.ts";
import { type Mutate } from "./parser.ts";
import { type Random } from "./random.ts";

/** Edits one value inside DER, and writes the lengths around it as they then are; half of the time, just bytes. */
export const derMutation =
  (seeds: readonly Uint8Array[]): Mutate =>
  (random, seed) =>
    random.oneIn(2) ? mutateBytes(random, seed, seeds) : edited(random, readDer(seed), seeds);

function edited(random: Random, node: DerNode, seeds: readonly Uint8Array[]): Uint8Array {
  if (node.children.length === 0 || random.oneIn(4)) return editedHere(random, node, seeds);
  const children = node.children.map(({ raw }) => raw);
  const at = random.below(children.length);
  const child = node.children[at];
  const others = [() => [], () => [children[at], children[at]], () => [random.pick(children)]];
  const changed = child === undefined || random.oneIn(4) ? random.pick(others)() : [edited(random, child, seeds)];
  const after = children.toSpliced(at, 1, ...changed.filter((part) => part !== undefined));
  return writeDer(node.tag, ...after);
}

function editedHere(random: Random, { tag, contents }: DerNode, seeds: readonly Uint8Array[]): Uint8Array {
  if (random.oneIn(3)) return writeDer(random.below(256), contents);
  return writeDer(tag, mutateBytes(random, contents, seeds));
}
