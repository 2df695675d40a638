import { randomBytes } from "node:crypto";
import { cpSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";

import { runCommand } from "./measurement.ts";

/** A directory with a key, a log and a signed image, and the program that is measured. */
export interface Workplace {
  readonly directory: string;
  readonly env: NodeJS.ProcessEnv;
  /** What runs `assay`, built. */
  readonly assay: readonly [string, ...string[]];
}

/** Made on the disk of the checkout, since a temporary directory may be memory; gone when the process ends. */
export function makeWorkplace(root: string): Workplace {
  const parent = join(root, "tmp");
  mkdirSync(parent, { recursive: true });
  const directory = mkdtempSync(join(parent, "bench-"));
  process.once("exit", () => rmSync(directory, { recursive: true, force: true }));
  const env = {
    ...process.env,
    ASSAY_PASSWORD: randomBytes(16).toString("base64url"),
    XDG_STATE_HOME: join(directory, "state"),
  };
  return { directory, env, assay: [process.execPath, join(root, "bin/run.js")] };
}

/** Signs the quickstart's image with a new key, in a new log. */
export function signImage(root: string, { directory, env, assay }: Workplace): void {
  cpSync(join(root, "testdata/quickstart/image"), join(directory, "image"), { recursive: true });
  for (const line of [
    "key create --out release",
    "log create log --origin log.example.test",
    "sign image oci:image:1.0 --key release.key --log log",
  ]) {
    runCommand([...assay, ...line.split(" ")], { cwd: directory, env });
  }
}
