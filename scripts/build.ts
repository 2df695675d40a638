/**
 * Builds `dist/`: one bundle per command with shared chunks, declarations of the public API, and oclif's manifest.
 *
 * A command loads its own chunk and what it shares, not the 700 modules of a schema library; the manifest spares oclif
 * from importing every command to find one.
 */
import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { glob } from "node:fs/promises";
import { join } from "node:path";

import { Plugin } from "@oclif/core/config";
import { build } from "esbuild";

import { lazyPackages } from "./lazy-packages.ts";
import { notices } from "./notices.ts";

const ROOT = join(import.meta.dirname, "..");
const DIST = join(ROOT, "dist");
/** Built beside, and put in place at once: whoever runs or packs meanwhile has the old build or the new one, whole. */
const FRESH = join(ROOT, `dist.${process.pid}`);

const commands: string[] = [];
for await (const path of glob("commands/**/*.ts", { cwd: ROOT })) if (!path.endsWith(".test.ts")) commands.push(path);

mkdirSync(FRESH);
process.once("exit", () => rmSync(FRESH, { recursive: true, force: true }));

const { metafile } = await build({
  absWorkingDir: ROOT,
  entryPoints: [
    ...commands.toSorted().map((path) => ({ in: path, out: path.replace(/\.ts$/, "") })),
    { in: "src/cli/run.ts", out: "run" },
    { in: "src/index.ts", out: "index" },
  ],
  outdir: FRESH,
  metafile: true,
  bundle: true,
  splitting: true,
  format: "esm",
  platform: "node",
  target: "node22",
  // To tsc, `import { type X }` stays an import of the module: commands would load schema libraries for their types.
  tsconfigRaw: { compilerOptions: { verbatimModuleSyntax: false } },
  plugins: [lazyPackages],
  // Carries a native addon, found beside its own files.
  external: ["better-sqlite3"],
  // oclif is CommonJS: bundled into modules it needs a `require`.
  banner: {
    js: 'import { createRequire as assayRequire } from "node:module"; const require = assayRequire(import.meta.url);',
  },
  chunkNames: "chunks/[name]-[hash]",
  legalComments: "none",
  logLevel: "warning",
});

writeFileSync(join(FRESH, "THIRD-PARTY-NOTICES.txt"), notices(ROOT, Object.keys(metafile.inputs)));

const tsc = join(ROOT, "node_modules/typescript/bin/tsc");
execFileSync(process.execPath, [tsc, "-p", join(ROOT, "tsconfig.build.json"), "--outDir", join(FRESH, "types")], {
  stdio: "inherit",
});
rmSync(DIST, { recursive: true, force: true });
renameSync(FRESH, DIST);

const plugin = new Plugin({
  root: ROOT,
  isRoot: true,
  ignoreManifest: true,
  errorOnManifestCreate: true,
  respectNoCacheDefault: true,
});
await plugin.load();
const manifest = plugin.manifest;
writeFileSync(join(ROOT, "oclif.manifest.json"), `${JSON.stringify(manifest, null, 2)}\n`);

const { version }: { readonly version: string } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));
process.stdout.write(`built assay ${version}: ${Object.keys(manifest.commands).length} commands\n`);
