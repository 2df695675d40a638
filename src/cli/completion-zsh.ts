import { type Offer, type OfferedPlace, type OfferedValue, type OfferedWord, quoted } from "./offer.ts";

/** A script for zsh, to be sourced or kept in `fpath` as `_assay`. `at` is as in bash's. */
export function zshCompletion({ bin, places }: Offer): string {
  const below = places.filter(({ path }) => path !== "");
  return `#compdef ${bin}
# ${bin} completion for zsh; load it with: source <(${bin} completion zsh), after compinit
_${bin}() {
  local at='' i
  local -a names flags
  for ((i = 2; i < CURRENT; i += 1)); do
    case "$at \${words[i]}" in
      (${below.map(({ path }) => quoted(` ${path}`)).join("|")}) at="$at \${words[i]}" ;;
      (*) break ;;
    esac
  done
  case "$at \${words[CURRENT-1]}" in
${places.flatMap(valueCases).join("\n")}
  esac
  case "$at" in
${places.map(placeCase).join("\n")}
  esac
  if [[ $PREFIX == -* ]]; then
    _describe -o flag flags
  elif (( $#names )); then
    _describe command names
  else
    _files
  fi
}
if [[ $funcstack[1] == _${bin} ]]; then _${bin} "$@"; else compdef _${bin} ${bin}; fi`;
}

const pattern = (...words: readonly string[]): string =>
  quoted(words.map((word) => (word === "" ? "" : ` ${word}`)).join(""));

function valueCases({ path, flags }: OfferedPlace): string[] {
  return flags.flatMap(({ name, value }) =>
    value === null ? [] : [`    (${pattern(path, name)}) ${offer(value)}; return ;;`],
  );
}

function offer({ options, isFile }: OfferedValue): string {
  if (options.length > 0) return `compadd -- ${options.map(quoted).join(" ")}`;
  return isFile ? "_files" : "_message value";
}

function placeCase({ path, words, flags, options }: OfferedPlace): string {
  const names = [...words, ...options.map((name) => ({ name, summary: "" }))];
  return `    (${pattern(path)}) names=(${names.map(described).join(" ")}); flags=(${flags.map(described).join(" ")}) ;;`;
}

/** `name:description`, as `_describe` wants it. */
const described = ({ name, summary }: OfferedWord): string =>
  quoted(summary === "" ? name : `${name.replaceAll(":", String.raw`\:`)}:${summary}`);
