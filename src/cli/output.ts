/**
 * What may reach a terminal or a CI log.
 *
 * File names, annotations, log origins and error messages come from other people. Printed raw they could move the
 * cursor, recolour a refusal, reverse the reading order, or be read by a CI runner as one of its workflow commands.
 */

/**
 * Everything that is not seen, or that moves what is seen: controls but LF, format characters (bidirectional controls,
 * zero-width ones, tags), fillers and variation selectors, line and paragraph separators, lone surrogates.
 */
const UNPRINTABLE = /(?!\n)[\p{Cc}\p{Cf}\p{Default_Ignorable_Code_Point}\p{Zl}\p{Zp}\p{Surrogate}]/gu;

/** UTF-16 units as `\uXXXX`: what JSON knows, too. */
const visible = (character: string): string =>
  character.replaceAll(/[^]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`);

/** `##[name]`, `##vso[name]` and the like, which runners look for anywhere in a line. */
const MARKER = /##(?=\w*\[)/g;

/** `text` for one line of output: controls and line breaks become `\uXXXX`. For any value that is not ours. */
export function oneLine(text: string): string {
  return text.replaceAll(UNPRINTABLE, visible).replaceAll("\n", "\\n");
}

/**
 * `text` as it may be written, line breaks kept: controls become `\uXXXX`, and what a CI runner would take for a
 * workflow command (`::name::` first on a line, `##[name]` anywhere) is broken up.
 */
export function printable(text: string): string {
  return text
    .replaceAll(UNPRINTABLE, visible)
    .replaceAll(/^(\s*)::/gm, "$1:\\:")
    .replaceAll(MARKER, "#\\#");
}

/** {@link printable} for JSON: the same characters, as JSON escapes, so that the document stays the same document. */
export function printableJson(json: string): string {
  return json.replaceAll(UNPRINTABLE, visible).replaceAll(MARKER, "#\\u0023");
}
