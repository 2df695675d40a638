import { cpSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";

import { assay, type Outcome } from "../testing/assay.ts";
import { temporaryDirectory } from "../testing/temporary.ts";
import { oneLine, printable, printableJson } from "./output.ts";

/** What a terminal or a CI runner would obey, by ranges and not by the classes that the code uses. */
const OBEYED = [
  // oxlint-disable-next-line no-control-regex -- finding control characters is the purpose
  ["C0 but LF", /[\u0000-\u0009\u000b-\u001f]/],
  ["DEL and C1", /[\u007f-\u009f]/],
  ["soft hyphens, joiners and fillers", /\u00ad|\u034f|\u115f|\u1160|[\u180b-\u180f]|\u3164|\uffa0/],
  ["zero-width characters", /[\u200b-\u200f\u2060-\u206f\ufeff]/],
  ["bidirectional controls", /[\u061c\u202a-\u202e\u2066-\u2069]/],
  ["line and paragraph separators", /[\u2028\u2029]/],
  ["variation selectors", /[\ufe00-\ufe0f]|[\u{e0100}-\u{e01ef}]/u],
  ["interlinear annotations", /[\ufff9-\ufffb]/],
  ["tags", /[\u{e0000}-\u{e007f}]/u],
  ["lone surrogates", /\p{Surrogate}/u],
  ["commands of GitHub's runner", /^\s*::/m],
  ["commands of older runners, anywhere", /##\w*\[/],
] as const;

const obeyedIn = (text: string): string[] => OBEYED.filter(([, pattern]) => pattern.test(text)).map(([name]) => name);

const EVIL = [
  ["a terminal escape", "\u001b[2J\u001b[1;31mred"],
  ["a title", "\u001b]0;title\u0007"],
  ["a carriage return over what was printed", "DENIED\rADMITTED"],
  ["backspaces", "no\b\byes"],
  ["a C1 control", "\u009b2J\u0085::error::x"],
  ["a right-to-left override", "gpj.\u202eexe"],
  ["an isolate", "\u2066a\u2069"],
  ["zero-width spaces and joiners", "re\u200blease\u2060.\u200dkey\ufeff"],
  ["separators", "a\u2028::error::b\u2029c"],
  ["tags", "a\u{e0061}\u{e0062}"],
  ["a variation selector", "a\ufe0f\u{e0101}"],
  ["fillers", "a\u3164\u115fb"],
  ["a lone surrogate", "a\ud800b"],
  ["a workflow command", "::error::forged"],
  ["one behind blanks", " \t ::set-output name=a::b"],
  ["one on a later line", "a\n::add-mask::b"],
  ["one behind a carriage return", "a\r::debug::b"],
  ["one behind a wide blank", "\u3000::notice::b"],
  ["an old workflow command", "##[error]forged"],
  ["one in the middle", "a ##[group]b"],
  ["one of another runner", "a ##vso[task.setvariable variable=x]y"],
  ["one of many signs", "a ####[error]"],
  ["one put together from pieces", "#\u200b#[error]"],
] as const;

test.each(EVIL)("%s is made inert", (_, text) => {
  expect(obeyedIn(text)).not.toEqual([]);
  expect(obeyedIn(printable(text))).toEqual([]);
  expect(oneLine(text)).not.toContain("\n");
  expect(obeyedIn(printable(oneLine(text)))).toEqual([]);
  const json = printableJson(JSON.stringify({ text }, null, 2));
  expect(obeyedIn(json)).toEqual([]);
  expect(JSON.parse(json)).toEqual({ text });
});

test.each(["plain", "pässwörd 😀 中文 العربية", "a::b", "C# ## [x]", "one\ntwo", "https://a.example/::x", ""])(
  "%j stays as it is",
  (text) => {
    expect(printable(text)).toBe(text);
    expect(printableJson(JSON.stringify(text))).toBe(JSON.stringify(text));
  },
);

test("any text at all is inert, and as JSON still the same document", () => {
  const piece = fc.oneof(
    fc.string({ unit: "binary" }),
    fc.constantFrom(...EVIL.map(([, text]) => text), "#", "[", "::", "\n"),
  );
  fc.assert(
    fc.property(fc.array(piece), (pieces) => {
      const text = pieces.join("");
      expect(obeyedIn(printable(text))).toEqual([]);
      const json = printableJson(JSON.stringify([text], null, 2));
      expect(obeyedIn(json)).toEqual([]);
      expect(JSON.parse(json)).toEqual([text]);
    }),
  );
});

describe("through real commands", () => {
  const cwd = temporaryDirectory();
  const env = { ASSAY_PASSWORD: "correct horse" };
  /** A name of a file: no slash, no NUL. */
  const NAME = "x\u001b[2J\n::set-output name=a::b\r##[error]\u202e\u009b\u200b.bin";
  const TRUST = ["--key", "release.pub", "--trusted-root", "log/trusted_root.json"];
  const KEY = ["--key", "release.key", "--log", "none"];
  /** The directory as it was prepared, for a command that writes there. */
  const copy = (): string => {
    const directory = temporaryDirectory();
    cpSync(cwd, directory, { recursive: true });
    return directory;
  };
  const run = (...argv: readonly string[]): Promise<Outcome> => assay(argv, { cwd, env });

  beforeAll(async () => {
    await run("key", "create", "--out", "release");
    await run("log", "create", "log", "--origin", "log.example.test");
    writeFileSync(join(cwd, NAME), "some bytes");
    mkdirSync(join(cwd, `layout${NAME}`));
    expect(await run("sign", "blob", NAME, "--key", "release.key", "--log", "log")).toMatchObject({ status: 0 });
    await run("policy", "init", ...TRUST, "--images", "oci:**", "--out", "policy.yaml");
    const policy = readFileSync(join(cwd, "policy.yaml"), "utf8");
    writeFileSync(join(cwd, "loud.yaml"), policy.replace("because:", String.raw`because: "\e[2J\n::error::x" #`));
    writeFileSync(join(cwd, "named.yaml"), policy.replace("name: default", String.raw`name: "\e[2J::error::"`));
    writeFileSync(join(cwd, "loud.sigstore.json"), JSON.stringify({ mediaType: NAME, [NAME]: 1 }));
    writeFileSync(join(cwd, "loud.json"), JSON.stringify({ [NAME]: NAME, deep: [NAME] }));
  });

  test.each([
    ["a file that is signed", 0, ["sign", "blob", NAME, ...KEY]],
    ["a file that is verified", 0, ["verify", "blob", NAME, ...TRUST]],
    ["a file that is not there", 5, ["verify", "blob", `absent${NAME}`, ...TRUST]],
    ["a key that is made", 0, ["key", "create", "--out", NAME]],
    ["a key that is not there", 5, ["key", "show", `absent${NAME}`]],
    ["a name of a verifier key", 4, ["key", "show", "release.pub", "--name", NAME]],
    ["an origin of a log", 4, ["log", "create", "other", "--origin", NAME]],
    ["a directory of a log", 5, ["log", "status", NAME]],
    ["a leaf hash", 4, ["log", "prove", "log", "--leaf", NAME]],
    ["an export", 0, ["log", "export", "log", "--out", `export${NAME}`]],
    ["an image", 4, ["admit", "image", `oci:layout${NAME}:1.0`, "--policy", "policy.yaml"]],
    ["a name to run by", 4, ["admit", "image", "oci:x:1", "--as", NAME, "--policy", "policy.yaml"]],
    ["an annotation", 4, ["sign", "image", "oci:x:1.0", ...KEY, "-a", `=${NAME}`]],
    ["a reason in a policy", 4, ["policy", "check", "loud.yaml"]],
    ["a name of a policy", 4, ["policy", "check", "named.yaml"]],
    ["a policy that is written", 0, ["policy", "init", ...TRUST, "--out", `policy${NAME}`]],
    ["a digest", 4, ["verify", "bundle", `${NAME}.sigstore.json`, "--digest", NAME, ...TRUST]],
    ["members of a bundle", 3, ["verify", "bundle", "loud.sigstore.json", "--file", NAME, ...TRUST]],
    ["members of a document", 0, ["inspect", "loud.json"]],
    ["a predicate", 5, ["record", NAME + NAME, ...KEY, "--bundle", "x"]],
    ["a flag that there is not", 2, ["key", "show", `--${NAME}`]],
    ["an argument too many", 2, ["key", "show", "release.pub", NAME]],
    ["a value of a flag", 2, ["key", "create", "--algorithm", NAME]],
    ["a command that there is not", 2, ["key", NAME.replace("=", "")]],
    ["a topic that there is not", 2, [NAME]],
  ])("%s cannot forge output", async (_, status, argv) => {
    const outcome = await assay(argv, { cwd: copy(), env });
    const said = { status: outcome.status, out: obeyedIn(outcome.stdout), err: obeyedIn(outcome.stderr) };
    expect(said).toEqual({ status, out: [], err: [] });
    const json = await assay([...argv, "--json"], { cwd: copy(), env });
    expect({ status: json.status, out: obeyedIn(json.stdout) }).toEqual({ status, out: [] });
    JSON.parse(json.stdout);
  });

  test("what --json prints is the name itself", async () => {
    const { stdout } = await assay(["sign", "blob", NAME, ...KEY, "--json"], { cwd: copy(), env });
    expect(JSON.parse(stdout)).toMatchObject({ files: [{ file: NAME, bundle: `${NAME}.sigstore.json` }] });
    const inspected = await run("inspect", "loud.json", "--json");
    expect(JSON.parse(inspected.stdout)).toMatchObject({ contents: { [NAME]: NAME, deep: [NAME] } });
  });

  test("what is printed as a document for people is one too", async () => {
    const { stdout } = await run("inspect", "loud.json");
    expect(JSON.parse(stdout.slice(stdout.indexOf("\n")))).toEqual({ [NAME]: NAME, deep: [NAME] });
  });

  test("a report in a file is as harmless", async () => {
    await run("verify", "blob", NAME, ...TRUST, "--report", "report.json");
    const report = readFileSync(join(cwd, "report.json"), "utf8");
    expect(obeyedIn(report)).toEqual([]);
    expect(JSON.parse(report)).toMatchObject({ admitted: true, verdicts: [{ subject: { name: NAME } }] });
  });

  test("a line break in a name makes no line", async () => {
    const { stdout } = await run("verify", "blob", NAME, ...TRUST);
    expect(stdout).toMatch(
      /^ADMITTED  x\\u001b\[2J\\n::set-output name=a::b\\u000d#\\#\[error\]\\u202e\\u009b\\u200b\.bin@sha256:/,
    );
  });
});
