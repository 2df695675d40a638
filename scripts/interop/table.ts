import { type Answer } from "./answer.ts";
import { isRequired } from "./peer.ts";

/** What came of one comparison with a peer. */
type Outcome = "passed" | "failed" | "skipped";

/** What a refusal must say: a part of it, or a pattern. */
export type Because = string | RegExp;

/** The rows of one run, printed as they come. */
export class Table {
  readonly #counts: Record<Outcome, number> = { passed: 0, failed: 0, skipped: 0 };

  /** Starts a section. */
  section(name: string): void {
    process.stdout.write(`\n${name}\n`);
  }

  /** The answer must be yes. */
  async accepted(what: string, ask: () => Promise<Answer>): Promise<void> {
    await this.holds(`accepted: ${what}`, async () => {
      const answer = await ask();
      if (!answer.accepted) throw new Error(`refused: ${answer.why}`);
      return "";
    });
  }

  /** The answer must be no, for these reasons and not for others. */
  async refused(what: string, because: Because | readonly Because[], ask: () => Promise<Answer>): Promise<void> {
    await this.holds(`refused: ${what}`, async () => {
      const answer = await ask();
      if (answer.accepted) throw new Error("accepted");
      const wanted = [because].flat();
      const missing = wanted.filter((each) =>
        typeof each === "string" ? !answer.why.includes(each) : !each.test(answer.said),
      );
      if (missing.length > 0) throw new Error(`refused for another reason than ${missing.join(", ")}: ${answer.why}`);
      return answer.why;
    });
  }

  /** Whatever `check` finds must not be an error; what it gives is shown. */
  async holds(what: string, check: () => string | Promise<string>): Promise<void> {
    try {
      this.#add("passed", what, await check());
    } catch (error) {
      this.#add("failed", what, error instanceof Error ? error.message : String(error));
    }
  }

  /** Says in one line that a section needs what is not here; a failure where `ASSAY_REQUIRE` names that. */
  skip(missing: readonly string[]): void {
    const required = missing.filter(isRequired);
    if (required.length > 0) this.#add("failed", "everything", `ASSAY_REQUIRE names ${required.join(", ")}: not here`);
    else this.#add("skipped", "everything", `needs ${missing.join(", ")}`);
  }

  /** The line that everything ends with. */
  summary(): string {
    return `${this.#counts.passed} passed, ${this.#counts.failed} failed, ${this.#counts.skipped} skipped`;
  }

  get failed(): boolean {
    return this.#counts.failed > 0;
  }

  #add(outcome: Outcome, what: string, says: string): void {
    this.#counts[outcome] += 1;
    const line = says.replaceAll(/\s+/g, " ").trim();
    // A failure is read whole; of what passed the beginning will do.
    const shown = outcome === "failed" || line.length <= MAX_SHOWN ? line : `${line.slice(0, MAX_SHOWN)}…`;
    process.stdout.write(`  ${outcome.padEnd(8)}${what.padEnd(66)} ${shown}`.trimEnd().concat("\n"));
  }
}

const MAX_SHOWN = 90;
