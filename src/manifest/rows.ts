import { type Difference } from "./difference.ts";
import { type NodeTarget } from "./schema.ts";

/** Register values by name, as a machine reported them: `sha256:<hex>` and the like, or `zero`. */
export type ReportedRegisters = Readonly<Record<string, string>>;

/** The row that a machine's registers are, or how far they are from the nearest. */
export type RowMatch =
  | {
      readonly kind: "matched";
      /** Index into the target's rows; the first, should several fit. */
      readonly row: number;
      /** Registers of the row that were neither required nor reported, in the row's order. */
      readonly unreported: readonly string[];
    }
  | {
      readonly kind: "unmatched";
      /** The row with the fewest differences; the first of several. */
      readonly row: number;
      /** At least one. */
      readonly differences: readonly RegisterDifference[];
    };

export interface RegisterDifference extends Difference {
  readonly code: "manifest/register-missing" | "manifest/register-mismatch";
}

/**
 * Finds the one row that `reported` matches whole.
 *
 * Registers of two rows are never mixed. Every required register must be in the row, in the report, and equal; a
 * register of the row that is reported must be equal even where it is not required. What the report has beyond the row
 * is ignored unless required. A SHA-1 value is as good as none: whoever can make two images with one SHA-1 would have
 * the other admitted.
 *
 * @param required  registers that the policy demands for the platform, at least one
 * @throws RangeError if nothing is required: a row would match a machine that reports nothing
 */
export function matchRow(target: NodeTarget, reported: ReportedRegisters, required: readonly string[]): RowMatch {
  if (required.length === 0) throw new RangeError("a policy requires at least one register");
  let closest: { row: number; differences: readonly RegisterDifference[] } | undefined;
  for (const [row, { registers }] of target.rows.entries()) {
    const differences = compareRegisters(registers, reported, required);
    if (differences.length === 0) return { kind: "matched", row, unreported: unreportedOf(registers, reported) };
    if (closest === undefined || differences.length < closest.differences.length) closest = { row, differences };
  }
  if (closest === undefined) throw new RangeError(`target "${target.id}" has no rows`);
  return { kind: "unmatched", ...closest };
}

type Registers = NodeTarget["rows"][number]["registers"];

function compareRegisters(
  registers: Registers,
  reported: ReportedRegisters,
  required: readonly string[],
): readonly RegisterDifference[] {
  const names = new Set([...required, ...Object.keys(registers)]);
  return [...names].flatMap((component): RegisterDifference[] => {
    const want = valueOf(registers, component);
    const got = valueOf(reported, component);
    if (want !== undefined && got !== undefined) {
      return want === got ? [] : [{ code: "manifest/register-mismatch", component, got, want }];
    }
    if (!required.includes(component)) return [];
    return [
      {
        code: "manifest/register-missing",
        component,
        got: got ?? "no value that counts",
        want: want ?? "a row that has it",
      },
    ];
  });
}

const unreportedOf = (registers: Registers, reported: ReportedRegisters): readonly string[] =>
  Object.keys(registers).filter((name) => valueOf(reported, name) === undefined);

/** The value that counts, in the manifest's spelling. */
function valueOf(registers: ReportedRegisters, name: string): string | undefined {
  const value = Object.hasOwn(registers, name) ? registers[name] : undefined;
  if (value === undefined || value.startsWith("sha1:")) return undefined;
  return /^sha(?:256:0{64}|384:0{96}|512:0{128})$/.test(value) ? "zero" : value;
}
