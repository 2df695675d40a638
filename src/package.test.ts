import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

import { describe, expect, test } from "vitest";

import { describeWith } from "./testing/require.ts";
import { ROOT } from "./testing/source.ts";

const RUN = join(ROOT, "bin/run.js");
const { engines, files } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));

/** Runs bin/run.js by `node`, believed to be of another version. */
function runAs(version: string): { status: number | null; stderr: string } {
  const pretend = `Object.defineProperty(process.versions, "node", { value: ${JSON.stringify(version)} })`;
  const preload = `data:text/javascript,${encodeURIComponent(pretend)}`;
  const { status, stderr } = spawnSync(process.execPath, ["--import", preload, RUN, "--version"], { encoding: "utf8" });
  return { status, stderr };
}

describe("bin/run.js", () => {
  test.each(["18.20.8", "20.20.2", "22.22.1", "23.11.0", "24.14.9", "25.9.0"])("refuses Node %s clearly", (version) => {
    const { status, stderr } = runAs(version);
    expect(status).toBe(1);
    expect(stderr).toContain(`assay: Node.js ${version} is not supported; it needs `);
    // The sentence names the same releases as package.json.
    for (const range of String(engines.node).split(" || ")) expect(stderr).toContain(range);
  });

  test.each(["22.22.2", "22.23.0", "24.15.0", "26.0.0", "27.1.0"])("does not refuse Node %s", (version) => {
    expect(runAs(version).stderr).not.toContain("is not supported");
  });

  const old = (process.env["PATH"] ?? "")
    .split(":")
    .concat("/usr/bin")
    .map((directory) => join(directory, "node"))
    .find(
      (path) => existsSync(path) && /^v(?:18|20)\./.test(spawnSync(path, ["--version"], { encoding: "utf8" }).stdout),
    );

  describeWith("old-node", old !== undefined)("on a Node that is too old indeed", () => {
    test("says so, and not that it cannot parse something", () => {
      const { status, stdout, stderr } = spawnSync(old ?? "", [RUN, "--version"], { encoding: "utf8" });
      expect({ status, stdout }).toEqual({ status: 1, stdout: "" });
      expect(stderr).toMatch(/^assay: Node\.js [\d.]+ is not supported; it needs \^22/);
      expect(stderr).not.toMatch(/SyntaxError|at /);
    });
  });
});

describe("the package", () => {
  test("holds what it needs at run time and nothing else", () => {
    const npm = spawnSync("npm", ["pack", "--dry-run", "--json", "--ignore-scripts"], { cwd: ROOT, encoding: "utf8" });
    const listing = /^\{[^]*\}$|^\[[^]*\]$/m.exec(npm.stdout)?.[0] ?? "";
    const packed: unknown = JSON.parse(listing);
    const paths = [...JSON.stringify(packed).matchAll(/"path":"([^"]+)"/g)].map(([, path]) => path ?? "");
    const allowed =
      /^(?:bin\/run\.js|dist\/.+\.js|dist\/THIRD-PARTY-NOTICES\.txt|dist\/types\/.+\.d\.ts|docs\/[a-z]+\.md|schemas\/.+\.v1\.json|oclif\.manifest\.json|package\.json|[A-Z]+(?:\.md)?)$/;
    expect(paths).toEqual(
      expect.arrayContaining([
        "bin/run.js",
        "docs/codes.md",
        "schemas/verdict.v1.json",
        "LICENSE",
        "dist/THIRD-PARTY-NOTICES.txt",
      ]),
    );
    expect(paths.filter((path) => !allowed.test(path) || /test|contract/.test(path))).toEqual([]);
  });

  test("names only files that are there", () => {
    const built = ["dist", "oclif.manifest.json"];
    expect(files.filter((path: string) => !built.includes(path) && !existsSync(join(ROOT, path)))).toEqual([]);
  });
});
