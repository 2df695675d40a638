import { FAILURES, KINDS, NOTES } from "../failure.ts";

/** What each kind of failure means, for people. */
const MEANINGS: Readonly<Record<keyof typeof KINDS, string>> = {
  denied: "well-formed, checked, and the answer is no",
  malformed: "a file or value that you named is not what its specification says",
  missing: "the image, file, key or log that you named does not exist",
  conflict: "the state moved since it was read; read again",
  unavailable: "could not look: disk, database, a limit, the deadline; trying again may help",
};

/** Statuses that belong to no kind of failure. */
const OTHER_STATUSES = [
  ["0", "–", "200", "done, or admitted; the only yes"],
  ["1", "internal", "500", "a bug in assay, or output that could not be written"],
  ["2", "usage", "–", "flags or arguments are wrong, or no command was named; help under `verify` and `admit`"],
] as const;

/** `docs/codes.md`: every code that assay reports. */
export function codesPage(): string {
  const kinds = Object.entries(KINDS).map(([kind, { exit, http }]) => [`${exit}`, kind, `${http}`, meaningOf(kind)]);
  const folders = Map.groupBy(Object.entries(FAILURES), ([code]) => folderOf(code));
  return [
    "# Codes",
    "Written by `npm run codes` from `src/failure.ts`. A code names the folder of `src/` that it comes from and what went " +
      "wrong there; it is never renamed. Its kind fixes the exit status of the program and the HTTP status of a server.",
    "## Exit statuses",
    table(["exit", "kind", "HTTP", "meaning"], [...OTHER_STATUSES, ...kinds]),
    "Under `verify` and `admit` whatever is wrong with the judged thing or with its evidence denies and exits 3, whatever " +
      "the kind of its code. Of several subjects the worst counts, and a definite no is worse than one that could not be " +
      'judged. With `--json` an error is `{"error": {"code", "message", "hint"}}`; `usage` and `internal` stand for ' +
      "the statuses 2 and 1.",
    "## Failures",
    ...[...folders].flatMap(([folder, codes]) => [
      `### ${folder}`,
      table(
        ["code", "kind", "exit", "HTTP"],
        codes.map(([code, kind]) => [`\`${code}\``, kind, `${KINDS[kind].exit}`, `${KINDS[kind].http}`]),
      ),
    ]),
    "## Notes",
    "What a verdict says beside its answer: things that were not proven, because nobody asked.",
    table(
      ["code", "meaning"],
      Object.entries(NOTES).map(([code, meaning]) => [`\`${code}\``, meaning]),
    ),
    "",
  ]
    .join("\n\n")
    .trimEnd()
    .concat("\n");
}

/** The folder of `src/` that a code comes from. */
export const folderOf = (code: string): string => code.slice(0, code.indexOf("/"));

const meaningOf = (kind: string): string => Object.entries(MEANINGS).find(([name]) => name === kind)?.[1] ?? "";

/** A Markdown table, columns padded as prettier pads them. */
function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((title, column) => Math.max(3, title.length, ...rows.map((row) => row[column]?.length ?? 0)));
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(" | ")} |`;
  return [line(head), line(widths.map((width) => "-".repeat(width))), ...rows.map(line)].join("\n");
}
