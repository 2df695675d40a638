import { type Check, type Verdict } from "../admit/verdict.ts";
import { oneLine } from "./output.ts";

/** A verdict for people: the answer first, then what failed, what was noted and what passed. */
export function renderVerdict(verdict: Verdict): string {
  const { admitted, subject, policy, checks, validUntil, boundBy } = verdict;
  const digest = subject.digest === null ? "" : `@${subject.digest}`;
  const lines = [`${admitted ? "ADMITTED" : "DENIED"}  ${oneLine(subject.name)}${digest}`];
  for (const outcome of ["fail", "note", "pass"] as const) {
    lines.push(...checks.filter((each) => each.outcome === outcome).map(renderCheck));
  }
  lines.push(`  policy  ${oneLine(policy.name)} ${policy.digest}`);
  if (admitted)
    lines.push(validUntil === null ? "  valid without end" : `  valid until ${validUntil} (${oneLine(boundBy ?? "")})`);
  return lines.join("\n");
}

function renderCheck({ check, outcome, code, message }: Check): string {
  const what = code === null ? "" : `${code}: `;
  return `  ${outcome}    ${check.padEnd(11)} ${what}${oneLine(message)}`;
}
