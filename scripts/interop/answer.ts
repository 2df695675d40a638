import { isJsonArray, isJsonObject, type Json } from "../../src/json/json.ts";
import { parseJson } from "../../src/json/parser.ts";
import { type Ended } from "./process.ts";

/** A yes or a no about one thing. What is neither (a wrong flag, a network fault, a crash) is an error, never a no. */
export interface Answer {
  readonly accepted: boolean;
  /** Failure codes of assay, the error of a peer. One line. */
  readonly why: string;
  /** Everything that was said about it. */
  readonly said: string;
}

/** What `assay verify|admit … --json` decided. */
export function assayAnswer({ status, stdout, stderr }: Ended): Answer {
  if (status !== 0 && status !== 3) throw new Error(`assay ended with ${String(status)}: ${stderr || stdout}`);
  const verdicts = elements(member(parseJson(stdout), "verdicts"));
  const reasons = new Set(verdicts.flatMap((verdict) => elements(member(verdict, "reasons")).map(String)));
  const admitted = verdicts.length > 0 && verdicts.every((verdict) => member(verdict, "admitted") === true);
  // The exit status is what scripts go by, the report is what people read: they must not differ.
  if (admitted !== (status === 0)) throw new Error(`assay ended with ${status}, and its report says otherwise`);
  return { accepted: admitted, why: [...reasons].join(", "), said: stdout };
}

/** What `cosign verify…` decided. It ends with 1 for everything, and with 10 to 13 in its older formats. */
export function cosignAnswer({ status, stderr }: Ended): Answer {
  const error = /^Error: (.*)$/m.exec(stderr)?.[1] ?? "";
  if (status === 0) return { accepted: true, why: "", said: stderr };
  if (status === null || error === "") throw new Error(`cosign ended with ${String(status)}: ${stderr}`);
  return { accepted: false, why: error, said: stderr };
}

function member(value: Json | undefined, name: string): Json | undefined {
  return isJsonObject(value) ? value[name] : undefined;
}

const elements = (value: Json | undefined): readonly Json[] => (isJsonArray(value) ? value : []);
