/**
 * Switches off one verification step at a time, and checks that the test named for it notices.
 *
 * The steps are listed beside them, in `src/<folder>/mutants.json`: which text of which file becomes which, and the test
 * that must fail. A mutant whose text is not there exactly once, or whose test does not pass unmutated, is an error: the
 * list then speaks of code that is gone. Works on a copy of the sources.
 *
 *     npm run mutants [-- --only PART-OF-NAME]
 */
import { spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { glob } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { parseArgs } from "node:util";

interface Mutant {
  /** What is switched off. */
  readonly step: string;
  /** File in the folder of the list. */
  readonly file: string;
  readonly find: string;
  readonly replace: string;
  /** Test file in the folder of the list, or from the root where it begins with `src/`. */
  readonly test: string;
  /** Part of the names of the tests that must notice. */
  readonly named: string;
}

const ROOT = join(import.meta.dirname, "..");
const { values } = parseArgs({ options: { only: { type: "string", default: "" } } });

const copy = mkdtempSync(join(tmpdir(), "assay-mutants-"));
process.once("exit", () => rmSync(copy, { recursive: true, force: true }));
for (const part of [
  "src",
  "commands",
  "testdata",
  "schemas",
  "scripts",
  "bin",
  "package.json",
  "tsconfig.json",
  "vitest.config.ts",
]) {
  cpSync(join(ROOT, part), join(copy, part), { recursive: true });
}
symlinkSync(join(ROOT, "node_modules"), join(copy, "node_modules"));

/** Runs one test; its exit status. */
function run(test: string, named: string): { passed: boolean; ran: boolean; output: string } {
  const pattern = named.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&");
  const result = spawnSync(
    process.execPath,
    [join(ROOT, "node_modules/vitest/vitest.mjs"), "run", "--no-color", test, "-t", pattern],
    {
      cwd: copy,
      encoding: "utf8",
      env: { ...process.env, ASSAY_VECTORS: process.env["ASSAY_VECTORS"] ?? join(ROOT, "../shared/vectors") },
    },
  );
  const output = result.stdout + result.stderr;
  const [, passed = "0", failed = "0"] = /^(\d+) passed, (\d+) failed/m.exec(output) ?? [];
  return { passed: result.status === 0, ran: Number(passed) + Number(failed) > 0, output };
}

const rows: { step: string; result: string; ok: boolean }[] = [];
const baseline = new Map<string, boolean>();

for await (const list of glob("src/*/mutants.json", { cwd: ROOT })) {
  const folder = dirname(list);
  const { mutants }: { readonly mutants: readonly Mutant[] } = JSON.parse(readFileSync(join(ROOT, list), "utf8"));
  for (const { step, file, find, replace, test, named } of mutants) {
    const name = `${folder.replace("src/", "")}: ${step}`;
    if (!name.includes(values.only)) continue;
    const path = join(copy, folder, file);
    const testPath = test.startsWith("src/") ? test : join(folder, test);
    const original = readFileSync(path, "utf8");
    const key = `${testPath}\n${named}`;
    if (!baseline.has(key)) {
      const clean = run(testPath, named);
      baseline.set(key, clean.passed && clean.ran);
    }
    if (original.split(find).length !== 2)
      rows.push({ step: name, result: "the text is not there exactly once", ok: false });
    else if (baseline.get(key) !== true)
      rows.push({ step: name, result: "the test does not pass unmutated", ok: false });
    else {
      writeFileSync(
        path,
        original.replace(find, () => replace),
      );
      const mutated = run(testPath, named);
      writeFileSync(path, original);
      const caught = !mutated.passed && mutated.ran;
      rows.push({ step: name, result: caught ? `caught by "${named}"` : "SURVIVED", ok: caught });
    }
    const row = rows.at(-1);
    process.stdout.write(`${row?.ok === true ? "ok  " : "FAIL"} ${row?.step}: ${row?.result}\n`);
  }
}

const failed = rows.filter(({ ok }) => !ok).length;
process.stdout.write(`\nmutants: ${rows.length - failed} passed, ${failed} failed\n`);
process.exitCode = failed === 0 && rows.length > 0 ? 0 : 1;
