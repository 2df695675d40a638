/**
 * What may reach a terminal or a CI log.
 *
 * File names, annotations, log origins and error messages come from other people. Printed raw they could move the
 * cursor, recolour a refusal, reverse the reading order, or be read by a CI runner as one of its workflow commands.
 */

/** C0 without LF, DEL, C1, line and paragraph separators, zero-width and bidirectional controls, byte-order mark. */
const UNPRINTABLE =
  // oxlint-disable-next-line no-control-regex -- finding control characters is the purpose
  /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]|\p{Surrogate}/gu;

const visible = (character: string): string => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;

/** `text` for one line of output: controls and line breaks become `\uXXXX`. For any value that is not ours. */
export function oneLine(text: string): string {
  return text.replaceAll(UNPRINTABLE, visible).replaceAll("\n", "\\n");
}

/**
 * `text` as it may be written, line breaks kept: controls become `\uXXXX`, and what a GitHub runner would take for a
 * workflow command (`::name::` first on a line, `##[name]` anywhere) is broken up.
 */
export function printable(text: string): string {
  return text
    .replaceAll(UNPRINTABLE, visible)
    .replaceAll(/^(\s*)::/gm, "$1:\\:")
    .replaceAll("##[", "#\\#[");
}

/** {@link printable} for JSON: the same characters, as JSON escapes, so that the document stays the same document. */
export function printableJson(json: string): string {
  return json.replaceAll(UNPRINTABLE, visible).replaceAll("##[", "#\\u0023[");
}
