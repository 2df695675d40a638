import { dirname } from "node:path";

import { type Plugin } from "esbuild";

/** What oclif loads at every start and needs only to find commands without a manifest. */
const LAZY = /^(?:tinyglobby|minimatch|lilconfig)$/;
const NAMESPACE = "lazy";
/** Marks a resolution as asked for from here. */
const REAL = { real: true };

/**
 * Takes out of start-up what oclif loads and seldom uses: a tenth of the time of `assay --version`.
 *
 * Packages it requires are put behind an object that loads them at the first look at them. Of `wsl-utils` it asks at
 * every start whether this is WSL, which a package of one file answers as well.
 */
export const lazyPackages: Plugin = {
  name: "lazy-packages",
  setup(build) {
    build.onResolve({ filter: LAZY }, async ({ path, kind, resolveDir, pluginData }) => {
      if (kind !== "require-call" || pluginData === REAL) return null;
      const real = await build.resolve(path, { kind, resolveDir, pluginData: REAL });
      return { path: real.path, namespace: NAMESPACE };
    });
    build.onLoad({ filter: /.*/, namespace: NAMESPACE }, ({ path }) => ({
      contents: `module.exports = new Proxy({}, { get: (_, name) => require(${JSON.stringify(path)})[name] });`,
      resolveDir: dirname(path),
    }));
    build.onResolve({ filter: /^wsl-utils$/ }, async ({ path, kind, resolveDir, pluginData }) => {
      if (kind !== "dynamic-import" || pluginData === REAL) return null;
      const real = await build.resolve(path, { kind, resolveDir, pluginData: REAL });
      return { path: real.path, namespace: `${NAMESPACE}-wsl` };
    });
    build.onLoad({ filter: /.*/, namespace: `${NAMESPACE}-wsl` }, ({ path }) => ({
      contents: `
        export { default as isWsl } from "is-wsl";
        export const powerShellPath = async () => (await import(${JSON.stringify(path)})).powerShellPath();`,
      resolveDir: dirname(path),
    }));
  },
};
