import { Failure } from "../failure.ts";
import { readFileBounded } from "../files/read.ts";
import { isJsonObject, type Json } from "../json/json.ts";
import { parseJson } from "../json/parser.ts";
import { type ReportedRegisters } from "../manifest/rows.ts";

const MAX_REPORT_BYTES = 1024 * 1024;
const VALUE = /^(?:zero|sha1:[0-9a-f]{40}|sha256:[0-9a-f]{64}|sha384:[0-9a-f]{96}|sha512:[0-9a-f]{128})$/;

/**
 * Reads the registers that a machine reported: `{"tpm2": {"pcr4": "sha256:…"}}`. They are the operator's word until
 * hardware evidence is verified. A report of nothing is refused: it would be taken for no report at all.
 *
 * @throws cli/malformed-report
 */
export async function readReported(file: string | undefined): Promise<ReadonlyMap<string, ReportedRegisters>> {
  if (file === undefined) return new Map();
  const value = parseJson(await readFileBounded(file, MAX_REPORT_BYTES));
  if (!isJsonObject(value)) throw malformed(file, "is not an object of platforms");
  if (Object.keys(value).length === 0) throw malformed(file, "reports no platform");
  return new Map(
    Object.entries(value).map(([platform, registers]) => [platform, readRegisters(file, platform, registers)]),
  );
}

function readRegisters(file: string, platform: string, registers: Json): ReportedRegisters {
  if (!isJsonObject(registers)) throw malformed(file, `has no registers for ${platform}`);
  const values = Object.entries(registers).map(([name, value]): [string, string] => {
    if (typeof value === "string" && VALUE.test(value)) return [name, value];
    throw malformed(file, `has no value like sha256:… for ${name} of ${platform}`);
  });
  return Object.fromEntries(values);
}

const malformed = (file: string, what: string): Failure => new Failure("cli/malformed-report", `${file} ${what}`);
