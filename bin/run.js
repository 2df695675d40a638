#!/usr/bin/env node
// Kept to syntax that old releases parse, so that this message is what their users see.
import module from "node:module";
import { fileURLToPath } from "node:url";

const [major, minor, patch] = process.versions.node.split(".").map(Number);
const supported =
  (major === 22 && (minor > 22 || (minor === 22 && patch >= 2))) || (major === 24 && minor >= 15) || major >= 26;

if (!supported) {
  console.error(`assay: Node.js ${process.versions.node} is not supported; it needs ^22.22.2, ^24.15.0 or >=26.`);
  console.error("In a checkout, `npm ci` installs a fitting one and `npx assay` uses it.");
  process.exit(1);
}

// Beside the code that it caches: who can write there can write the code. Node's own choice is a name in the system's
// temporary directory, which another user may have made first, and filled with a program of theirs.
module.enableCompileCache?.(fileURLToPath(new URL("../.cache", import.meta.url)));

const { execute } = await import("../dist/run.js").catch((cause) => {
  if (cause.code !== "ERR_MODULE_NOT_FOUND") throw cause;
  console.error("assay: dist/ is not built; run `npm run build`.");
  process.exit(1);
});
await execute({ root: fileURLToPath(new URL("..", import.meta.url)) });
