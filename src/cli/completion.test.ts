import { spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { beforeAll, describe, expect, test } from "vitest";

import { assay } from "../testing/assay.ts";
import { commandNames } from "../testing/commands.ts";
import { describeProgram } from "../testing/require.ts";
import { temporaryDirectory } from "../testing/temporary.ts";
import { SHELLS } from "./completion.ts";
import { quoted } from "./offer.ts";

const cwd = temporaryDirectory();
beforeAll(async () => {
  mkdirSync(join(cwd, "image"));
  for (const shell of SHELLS) {
    const { status, stdout, stderr } = await assay(["completion", shell]);
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    writeFileSync(join(cwd, `completion.${shell}`), stdout);
  }
});

/** What `program` prints for a script. */
function run(program: string, argv: readonly string[]): string {
  const { status, stdout, stderr } = spawnSync(program, argv, { cwd, encoding: "utf8" });
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
  return stdout;
}

/** What bash offers for words of which the last is being typed, asked as its readline asks. */
function bash(...words: readonly string[]): string[] {
  const typed = ["assay", ...words].map(quoted).join(" ");
  const script = `source completion.bash; COMP_WORDS=(${typed}); COMP_CWORD=${words.length}; COMPREPLY=()
    $(complete -p assay | sed -E 's/.*-F ([^ ]+) .*/\\1/') assay; printf '%s\\n' "\${COMPREPLY[@]}"`;
  return run("bash", ["--norc", "-c", script]).split("\n").filter(Boolean);
}

/** What fish offers at the end of a line, without the descriptions. */
const fish = (line: string): string[] =>
  run("fish", ["--no-config", "-c", `source completion.fish; complete -C ${quoted(`assay ${line}`)}`])
    .split("\n")
    .filter(Boolean)
    .map((offered) => offered.replace(/\t.*/, ""));

const LOG_WORDS = ["audit", "create", "export", "prove", "restore", "status"];

describeProgram("bash")("in bash", () => {
  test("the script is one", () => {
    run("bash", ["-n", "completion.bash"]);
  });

  test("commands are completed word by word", async () => {
    expect(bash("lo")).toEqual(["log"]);
    expect(bash("log", "")).toEqual(LOG_WORDS);
    expect(bash("")).toEqual([...new Set((await commandNames()).map((name) => name.split(" ")[0]))]);
  });

  test("flags are those of the command", () => {
    expect(bash("log", "create", "--o")).toEqual(["--origin"]);
    expect(bash("log", "audit", "--o")).toEqual([]);
    expect(bash("sign", "blob", "a.bin", "--lo")).toEqual(["--lock", "--log"]);
    expect(bash("--v")).toEqual(["--version"]);
  });

  test("values of a flag are offered where there are few", () => {
    expect(bash("key", "create", "--algorithm", "ed")).toEqual(["ed25519"]);
    expect(bash("completion", "")).toEqual([...SHELLS]);
  });

  test("files are left to bash, which completes them where the script offers nothing", () => {
    expect(bash("key", "show", "")).toEqual([]);
    expect(bash("sign", "blob", "--key", "")).toEqual([]);
    expect(run("bash", ["-c", "source completion.bash; complete -p assay"])).toContain(" -o default ");
  });
});

describeProgram("zsh")("in zsh", () => {
  test("the script is one, and registers itself", () => {
    run("zsh", ["-n", "completion.zsh"]);
    const script = "autoload -Uz compinit; compinit -D -u; source completion.zsh; print $_comps[assay]";
    expect(run("zsh", ["-f", "-c", script])).toBe("_assay\n");
  });
});

describeProgram("fish")("in fish", () => {
  test("the script is one", () => {
    run("fish", ["--no-execute", "completion.fish"]);
  });

  test("commands, flags, values and files are completed", () => {
    expect(fish("lo")).toContain("log");
    expect(fish("log ")).toEqual(LOG_WORDS);
    expect(fish("log create --or")).toEqual(["--origin"]);
    expect(fish("key create --algorithm ed")).toEqual(["ed25519"]);
    expect(fish("sign blob --key im")).toEqual(["image/"]);
  });
});

describe("every shell", () => {
  test("is told of every command", async () => {
    for (const shell of SHELLS) {
      const { stdout } = await assay(["completion", shell]);
      expect((await commandNames()).filter((name) => !stdout.includes(name))).toEqual([]);
    }
  });
});
