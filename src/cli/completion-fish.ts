import { type Offer, type OfferedFlag, type OfferedPlace } from "./offer.ts";

/** A script for fish. Its function says whether the words before the cursor lead to a place. */
export function fishCompletion({ bin, places }: Offer): string {
  const below = places.filter(({ path }) => path !== "");
  return `# ${bin} completion for fish; load it with: ${bin} completion fish | source
function __${bin}_at
    set -l at
    for word in (commandline -opc)[2..]
        if contains -- (string join ' ' -- $at $word) ${below.map(({ path }) => quoted(path)).join(" ")}
            set -a at $word
        else
            break
        end
    end
    test "$at" = "$argv"
end
${places.flatMap((place) => rules(bin, place)).join("\n")}`;
}

function rules(bin: string, place: OfferedPlace): string[] {
  const { words, flags, options } = place;
  const rule = (rest: string): string =>
    `complete -c ${bin} -n ${quoted(`__${bin}_at ${place.path}`.trimEnd())} ${rest}`;
  const offered = options.join(" ");
  return [
    ...words.map(({ name, summary }) => rule(`-f -a ${quoted(name)} -d ${quoted(summary)}`)),
    ...(offered === "" ? [] : [rule(`-f -a ${quoted(offered)}`)]),
    ...flags.map((flag) => rule(flagRule(flag))),
  ];
}

function flagRule({ name, summary, value }: OfferedFlag): string {
  const takes =
    value === null
      ? ""
      : value.isFile
        ? " -r -F"
        : ` -x${value.options.length > 0 ? ` -a ${quoted(value.options.join(" "))}` : ""}`;
  return `-l ${name.replace(/^--/, "")}${takes} -d ${quoted(summary)}`;
}

/** `text` as one word of fish, where a backslash escapes inside single quotes. */
const quoted = (text: string): string => `'${text.replaceAll(/['\\]/g, String.raw`\$&`)}'`;
