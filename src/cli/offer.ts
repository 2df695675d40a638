import { type Config } from "@oclif/core/interfaces";

/** One flag, as a shell offers it. */
export interface OfferedFlag {
  /** With its dashes. */
  readonly name: string;
  readonly summary: string;
  /** What follows it; null for a flag without value. */
  readonly value: OfferedValue | null;
}

/** What may stand for a value: one of a few words, or the name of a file, or anything. */
export interface OfferedValue {
  readonly options: readonly string[];
  readonly isFile: boolean;
}

/** A topic or a command, by the words that lead to it: `log`, `log create`; the empty text is the program itself. */
export interface OfferedPlace {
  readonly path: string;
  readonly summary: string;
  /** Last words of the places directly below. */
  readonly words: readonly OfferedWord[];
  readonly flags: readonly OfferedFlag[];
  /** What its first argument may be, where that is one of a few words; otherwise it is a file, or an image in one. */
  readonly options: readonly string[];
}

export interface OfferedWord {
  readonly name: string;
  readonly summary: string;
}

/** Everything that can be typed after the name of the program. */
export interface Offer {
  readonly bin: string;
  readonly places: readonly OfferedPlace[];
}

/** The part of oclif's configuration that says what there is. */
export type Offerable = Pick<Config, "bin" | "commands" | "topics">;
type Command = Config["commands"][number];

/** Reads oclif's list of topics and commands. */
export function offerOf({ bin, commands, topics }: Offerable): Offer {
  const offered = commands.filter(({ hidden }) => !hidden).map(placeOf);
  const places: readonly Place[] = [
    { path: "", summary: "", flags: [HELP, VERSION], options: [] },
    // oclif lists a command without topic as a topic too.
    ...topics.map(topicOf).filter(({ path }) => !offered.some((command) => command.path === path)),
    ...offered,
  ];
  const sorted = places.toSorted((a, b) => (a.path < b.path ? -1 : 1));
  return { bin, places: sorted.map((place) => ({ ...place, words: wordsBelow(place.path, sorted) })) };
}

/** A place before it is known what lies below it. */
type Place = Omit<OfferedPlace, "words">;

const HELP: OfferedFlag = { name: "--help", summary: "show how it is used", value: null };

const VERSION: OfferedFlag = { name: "--version", summary: "print the version", value: null };

const pathOf = (id: string): string => id.replaceAll(":", " ");

const topicOf = ({ name, description = "" }: Config["topics"][number]): Place => ({
  path: pathOf(name),
  summary: description,
  flags: [HELP],
  options: [],
});

function placeOf({ id, summary = "", flags, args }: Command): Place {
  return {
    path: pathOf(id),
    summary,
    flags: [
      ...Object.values(flags)
        .filter(({ hidden }) => hidden !== true)
        .map(flagOf),
      HELP,
    ],
    options: Object.values(args)[0]?.options ?? [],
  };
}

type Flag = Command["flags"][string];

function flagOf(flag: Flag): OfferedFlag {
  const { name, description = "" } = flag;
  return { name: `--${name}`, summary: description, value: flag.type === "option" ? valueOf(flag) : null };
}

/** The words by which help names a value that is a file or a directory. */
const FILE_VALUE = /^(?:FILE|DIR|PREFIX|REF)\b/;

const valueOf = ({ options = [], helpValue }: Extract<Flag, { readonly type: "option" }>): OfferedValue => ({
  options,
  isFile: options.length === 0 && FILE_VALUE.test(String(helpValue ?? "")),
});

function wordsBelow(path: string, places: readonly Place[]): OfferedWord[] {
  const prefix = path === "" ? "" : `${path} `;
  return places
    .filter((place) => place.path !== "" && place.path.startsWith(prefix))
    .map(({ path: below, summary }) => ({ name: below.slice(prefix.length), summary }))
    .filter(({ name }) => !name.includes(" "));
}

/** `text` as one word of a POSIX shell; of zsh and bash too. */
export const quoted = (text: string): string => `'${text.replaceAll("'", String.raw`'\''`)}'`;
