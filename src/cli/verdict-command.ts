import { integer, string } from "@oclif/core/flags";

import { NOTHING_REMEMBERED, type Remembered } from "../admit/terms.ts";
import { type Verdict } from "../admit/verdict.ts";
import { Failure, KINDS } from "../failure.ts";
import { replaceFile } from "../files/write.ts";
import { type Policy } from "../policy/policy.ts";
import { type VerdictMemory } from "../store/verdict-memory.ts";
import { BaseCommand, errorReport, type ErrorReport, explain } from "./base.ts";
import { printableJson } from "./output.ts";
import { renderVerdict } from "./render-verdict.ts";

const DENIED = 3;
const DEFAULT_DEADLINE_SECONDS = 300;

/** For every command that answers with verdicts. */
export const verdictFlags = {
  report: string({ helpValue: "FILE", description: "also write the JSON report to FILE" }),
  state: string({
    helpValue: "FILE",
    description: "remember policies, products and tree heads here; refuse what goes back",
  }),
  deadline: integer({
    helpValue: "SECONDS",
    min: 1,
    max: 86_400,
    default: DEFAULT_DEADLINE_SECONDS,
    description: "give up, and do not admit, after this long",
  }),
};

interface VerdictFlags {
  readonly report?: string | undefined;
  readonly state?: string | undefined;
  readonly deadline: number;
}

/** What every such command prints under `--json`. */
export interface Verdicts {
  /** True only where every subject was judged and admitted. */
  readonly admitted: boolean;
  readonly verdicts: readonly Verdict[];
  /** Subjects that could not be judged. */
  readonly errors: readonly ({ readonly subject: string } & ErrorReport["error"])[];
}

/** A subject that could not be judged, and why. */
interface Unjudged {
  readonly subject: string;
  readonly failure: Failure;
}

/** Judges subjects one by one. The status starts at "denied"; only if every subject is admitted does it become 0. */
export abstract class VerdictCommand extends BaseCommand<Verdicts> {
  protected override status = DENIED;

  /** Judges each of `names`; one that cannot be judged does not keep the others from it. */
  protected async conclude(
    names: readonly string[],
    flags: VerdictFlags,
    policy: Policy,
    judge: (name: string, remembered: Remembered) => Promise<Verdict>,
  ): Promise<Verdicts> {
    const memory = await openMemory(flags.state);
    try {
      return await this.#judgeAll(names, flags, policy, judge, memory);
    } finally {
      memory?.[Symbol.dispose]();
    }
  }

  async #judgeAll(
    names: readonly string[],
    flags: VerdictFlags,
    policy: Policy,
    judge: (name: string, remembered: Remembered) => Promise<Verdict>,
    memory: VerdictMemory | null,
  ): Promise<Verdicts> {
    const verdicts: Verdict[] = [];
    const failures: Unjudged[] = [];
    const end = Date.now() + flags.deadline * 1000;
    for (const subject of names) {
      try {
        const remembered = memory?.recall(policy.name) ?? NOTHING_REMEMBERED;
        const verdict = await withDeadline(judge(subject, remembered), end, flags.deadline);
        memory?.remember(policy.name, policy.notAfter === null ? null : policy.version, verdict);
        verdicts.push(verdict);
        this.log(renderVerdict(verdict));
      } catch (failure) {
        if (!(failure instanceof Failure)) throw failure;
        failures.push({ subject, failure });
        for (const line of explain(failure)) this.logToStderr(line);
      }
    }
    return this.#report(flags, verdicts, failures);
  }

  async #report(flags: VerdictFlags, verdicts: readonly Verdict[], failures: readonly Unjudged[]): Promise<Verdicts> {
    const admitted = failures.length === 0 && verdicts.length > 0 && verdicts.every((verdict) => verdict.admitted);
    const errors = failures.map(({ subject, failure }) => ({ subject, ...errorReport(failure).error }));
    const report = { admitted, verdicts, errors };
    if (flags.report !== undefined) {
      await replaceFile(flags.report, `${printableJson(JSON.stringify(report, null, 2))}\n`);
    }
    this.status = admitted ? 0 : worstOf(verdicts, failures);
    return report;
  }
}

/** Loaded where it is asked for: the database takes as long to load as all the rest. */
async function openMemory(path: string | undefined): Promise<VerdictMemory | null> {
  if (path === undefined) return null;
  const { VerdictMemory } = await import("../store/verdict-memory.ts");
  return new VerdictMemory(path);
}

/** A definite no is worse than a subject that could not be judged: it does not go away by trying again. */
function worstOf(verdicts: readonly Verdict[], failures: readonly Unjudged[]): number {
  if (verdicts.some((verdict) => !verdict.admitted)) return DENIED;
  return Math.max(DENIED, ...failures.map(({ failure }) => KINDS[failure.kind].exit));
}

async function withDeadline<Result>(work: Promise<Result>, end: number, seconds: number): Promise<Result> {
  let timer: NodeJS.Timeout | undefined;
  const expired = new Promise<never>((_resolve, reject) => {
    const late = (): void => reject(new Failure("gate/deadline", `not decided within ${seconds} s`));
    timer = setTimeout(late, Math.max(0, end - Date.now()));
  });
  try {
    return await Promise.race([work, expired]);
  } finally {
    clearTimeout(timer);
  }
}
