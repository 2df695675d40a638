import { type Offer, type OfferedPlace, quoted } from "./offer.ts";

/**
 * A script for bash 3.2 and later. Where it offers nothing bash completes the names of files: `-o default`.
 *
 * `at` is the place that the words before the cursor lead to, as ` log create`.
 */
export function bashCompletion({ bin, places }: Offer): string {
  const below = places.filter(({ path }) => path !== "");
  return `# ${bin} completion for bash; load it with: source <(${bin} completion bash)
_${bin}() {
  local cur=\${COMP_WORDS[COMP_CWORD]} at='' words='' flags='' i
  COMPREPLY=()
  for ((i = 1; i < COMP_CWORD; i += 1)); do
    case "$at \${COMP_WORDS[i]}" in
      ${below.map(({ path }) => quoted(` ${path}`)).join(" | ")}) at="$at \${COMP_WORDS[i]}" ;;
      *) break ;;
    esac
  done
  case "$at \${COMP_WORDS[COMP_CWORD-1]}" in
${places.flatMap(valueCases).join("\n")}
  esac
  case "$at" in
${places.map(placeCase).join("\n")}
  esac
  case "$cur" in
    -*) words=$flags ;;
  esac
  COMPREPLY=($(compgen -W "$words" -- "$cur"))
}
complete -o default -o bashdefault -F _${bin} ${bin}`;
}

const pattern = (...words: readonly string[]): string =>
  quoted(words.map((word) => (word === "" ? "" : ` ${word}`)).join(""));
const list = (words: readonly string[]): string => quoted(words.join(" "));

/** What follows a flag: words where it has some, otherwise whatever bash finds. */
function valueCases({ path, flags }: OfferedPlace): string[] {
  const taking = flags.flatMap(({ name, value }) => (value === null ? [] : [{ at: pattern(path, name), ...value }]));
  const free = taking.filter(({ options }) => options.length === 0).map(({ at }) => at);
  const listed = taking.filter(({ options }) => options.length > 0);
  return [
    ...(free.length === 0 ? [] : [`    ${free.join(" | ")}) return ;;`]),
    ...listed.map(({ at, options }) => `    ${at}) COMPREPLY=($(compgen -W ${list(options)} -- "$cur")); return ;;`),
  ];
}

function placeCase({ path, words, flags, options }: OfferedPlace): string {
  const names = [...words.map(({ name }) => name), ...options];
  return `    ${pattern(path)}) words=${list(names)} flags=${list(flags.map(({ name }) => name))} ;;`;
}
