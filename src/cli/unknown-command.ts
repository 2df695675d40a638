import { CLIError } from "@oclif/core/errors";
import { type Config } from "@oclif/core/interfaces";

/**
 * The error for arguments that name no command, with what was probably meant; nothing if they name one.
 *
 * @param argv  arguments of the program, its name not among them
 */
export function unknownCommand(
  config: Pick<Config, "commandIDs" | "topics">,
  argv: readonly string[],
): CLIError | undefined {
  const flag = argv.findIndex((word) => word.startsWith("-"));
  const words = flag === -1 ? argv : argv.slice(0, flag);
  const commands = config.commandIDs.map((id) => id.replaceAll(":", " "));
  const known = [...commands, ...config.topics.map(({ name }) => name.replaceAll(":", " "))];
  const depth = words.findIndex((_, index) => !known.includes(words.slice(0, index + 1).join(" ")));
  if (depth === -1 || commands.includes(words.slice(0, depth).join(" "))) return undefined;
  const near = nearest(
    words,
    known.filter((name) => name.split(" ").length > depth),
  );
  return new CLIError(`there is no command "${words.slice(0, depth + 1).join(" ")}"`, {
    suggestions: [near === undefined ? "add --help to see the commands" : `did you mean "${near}"?`],
  });
}

/** The name that is few typing mistakes away from as many of the words as it has, if there is one. */
function nearest(words: readonly string[], names: readonly string[]): string | undefined {
  const rated = names
    .map((name) => ({ name, mistakes: distance(words.slice(0, name.split(" ").length).join(" "), name) }))
    .filter(({ name, mistakes }) => mistakes <= Math.max(1, Math.floor(name.length / 3)))
    // Of equals the longer name: it is what the words went on to say.
    .toSorted((a, b) => a.mistakes - b.mistakes || b.name.length - a.name.length);
  return rated[0]?.name;
}

/** Longest word compared; nobody mistypes a command at greater length. */
const MAX_COMPARED = 64;

/** Damerau and Levenshtein's: letters to add, drop, change or swap with their neighbour (optimal string alignment). */
export function distance(from: string, to: string): number {
  const a = from.slice(0, MAX_COMPARED);
  const b = to.slice(0, MAX_COMPARED);
  let before: number[] = [];
  let above = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row += 1) {
    const current = [row];
    for (let column = 1; column <= b.length; column += 1) {
      const isSame = a[row - 1] === b[column - 1];
      const isSwap = row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1];
      current.push(
        Math.min(
          at(above, column) + 1,
          at(current, column - 1) + 1,
          at(above, column - 1) + (isSame ? 0 : 1),
          isSwap ? at(before, column - 2) + 1 : Infinity,
        ),
      );
    }
    [before, above] = [above, current];
  }
  return at(above, b.length);
}

const at = (row: readonly number[], column: number): number => row[column] ?? Infinity;
