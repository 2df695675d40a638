import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { type Answer, assayAnswer, cosignAnswer } from "./answer.ts";
import { type Outside } from "./outside.ts";
import { findPeer } from "./peer.ts";
import { type Ended, runProgram, startProgram } from "./process.ts";

const ROOT = join(import.meta.dirname, "../..");
/** A small image with two platforms, of true structure. */
const IMAGE = join(ROOT, "testdata/quickstart/image");

/** The signing config of somebody who wants a signature and no services. */
const SIGNING_CONFIG = {
  mediaType: "application/vnd.dev.sigstore.signingconfig.v0.2+json",
  rekorTlogConfig: {},
  tsaConfig: {},
};

/** A folder of its own in which assay and its peers work: keys, logs, and whatever the sections make. */
export class Workshop {
  readonly directory: string;
  readonly outside: Outside;
  readonly #env: NodeJS.ProcessEnv;

  private constructor(outside: Outside, directory: string, env: NodeJS.ProcessEnv) {
    this.outside = outside;
    this.directory = directory;
    this.#env = env;
  }

  static open(outside: Outside): Workshop {
    const directory = mkdtempSync(join(tmpdir(), "assay-interop-"));
    return new Workshop(outside, directory, {
      PATH: process.env["PATH"],
      // Peers keep caches and credentials at home; here they find an empty one.
      HOME: directory,
      TMPDIR: directory,
      XDG_STATE_HOME: join(directory, "state"),
      ASSAY_PASSWORD: "one password for everything here",
      COSIGN_PASSWORD: "one password for everything here",
      NO_COLOR: "1",
      LC_ALL: "C.UTF-8",
      ...outside.env,
    });
  }

  /** What every section works with: keys of ours, two logs, one of them with a first entry. */
  async furnish(): Promise<void> {
    await this.assay("key create --out release");
    await this.assay("key create --out other");
    await this.assay("log create log --origin log.example.test");
    await this.assay("log create other-log --origin other.example.test");
    // The proof of a log's only entry is empty: nothing could be tampered with.
    this.write("first", "the first entry");
    await this.assay("sign blob first --key other.key --log log");
    this.write("no-services.json", JSON.stringify(SIGNING_CONFIG));
  }

  path(name: string): string {
    return join(this.directory, name);
  }

  read(name: string): string {
    return readFileSync(this.path(name), "utf8");
  }

  /** Readable by nobody else, as keys have to be. */
  write(name: string, contents: string | Uint8Array): void {
    writeFileSync(this.path(name), contents, { mode: 0o600 });
  }

  /** A copy of a layout made here before. */
  copy(from: string, to: string): string {
    cpSync(this.path(from), this.path(to), { recursive: true });
    return to;
  }

  /** A fresh layout with the image of two platforms, tagged 1.0. */
  image(name: string): string {
    cpSync(IMAGE, this.path(name), { recursive: true });
    return name;
  }

  /** The same workshop with other variables in the environment of what it runs. */
  with(env: NodeJS.ProcessEnv): Workshop {
    return new Workshop(this.outside, this.directory, { ...this.#env, ...env });
  }

  /** Runs the built assay, as a user would; it must end well. `line` is split at its spaces. */
  async assay(line: string, ...more: readonly string[]): Promise<string> {
    return succeeded(`assay ${line}`, await this.#assay(line, more));
  }

  /** Runs assay to a failure that is reported; gives the exit status and the failure's code. */
  async failing(line: string): Promise<string> {
    const { status, stdout } = await this.#assay(line, ["--json"]);
    return `${String(status)} ${/"code": "([^"]*)"/.exec(stdout)?.[1] ?? ""}`;
  }

  /** What `assay verify` or `assay admit` says about something. */
  async judge(line: string): Promise<Answer> {
    return assayAnswer(await this.#assay(line, ["--json"]));
  }

  /** What `assay verify image` says about a layout's 1.0, with the release key and its log. */
  verifyImage(layout: string): Promise<Answer> {
    return this.judge(`verify image oci:${layout}:1.0 ${trust()}`);
  }

  /** Runs a peer; it must end well. */
  async peer(line: string, ...more: readonly string[]): Promise<string> {
    return succeeded(line, await this.#peer(line, more));
  }

  /** What `cosign verify…` says about something. */
  async cosign(line: string, ...more: readonly string[]): Promise<Answer> {
    return cosignAnswer(await this.#peer(`cosign ${line}`, more));
  }

  /** Starts a peer that serves until the run ends. */
  serve(line: string): void {
    const [name = "", ...args] = line.split(" ");
    startProgram(located(name), args, { cwd: this.directory, env: this.#env });
  }

  close(): void {
    rmSync(this.directory, { recursive: true, force: true });
  }

  #assay(line: string, more: readonly string[]): Promise<Ended> {
    return this.#run(process.execPath, [join(ROOT, "bin/run.js"), ...line.split(" "), ...more]);
  }

  #peer(line: string, more: readonly string[]): Promise<Ended> {
    const [name = "", ...args] = line.split(" ");
    return this.#run(located(name), [...args, ...more]);
  }

  #run(file: string, args: readonly string[]): Promise<Ended> {
    return runProgram(file, args, { cwd: this.directory, env: this.#env });
  }
}

/** The key that signs, and the log that records. */
export const SIGNING = "--key release.key --log log";

/** By which flags assay and cosign are told whom to trust: they have the same names. */
export const trust = (key = "release", log = "log"): string =>
  `--key ${key}.pub --trusted-root ${log}/trusted_root.json`;

/** By which flags cosign signs and asks nobody, neither a log nor Sigstore's own servers. */
export const NO_SERVICES = "--signing-config no-services.json --trusted-root log/trusted_root.json";

function located(name: string): string {
  const path = findPeer(name);
  if (path === undefined) throw new Error(`${name} is not on PATH`);
  return path;
}

function succeeded(command: string, { status, stdout, stderr }: Ended): string {
  if (status === 0) return stdout;
  throw new Error(`${command}: ended with ${String(status)}: ${stderr}${stdout}`);
}
