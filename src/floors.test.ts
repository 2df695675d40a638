/** The architecture as data: what may import what. A newcomer's map; see ARCHITECTURE.md. */
import { readFileSync } from "node:fs";
import { glob } from "node:fs/promises";
import { dirname, join, relative } from "node:path";

import { describe, expect, test } from "vitest";

const ROOT = join(import.meta.dirname, "..");

/** Lowest first. A folder imports from floors below its own and from itself; folders of one floor do not meet. */
const FLOORS = [
  ["src/failure.ts"],
  ["src/bytes"],
  ["src/json"],
  ["src/merkle", "src/note", "src/oci", "src/der", "src/pe"],
  ["src/tlog", "src/measure"],
  ["src/bundle", "src/manifest", "src/witness"],
  ["src/policy"],
  ["src/admit"],
  ["src/log", "src/images"],
  ["src/gate"],
  ["src/files"],
  ["src/store", "src/layout", "src/keys"],
  ["src/cli"],
  ["commands"],
] as const;

/** Packages and Node modules that each folder may name; a folder that is not listed may name none. */
const OUTSIDE: Readonly<Record<string, readonly string[]>> = {
  "src/merkle": ["node:crypto"],
  "src/note": ["node:crypto", "@noble/post-quantum"],
  "src/oci": ["node:crypto"],
  "src/der": [],
  "src/json": [],
  "src/pe": ["node:crypto"],
  "src/tlog": ["node:crypto"],
  "src/measure": ["node:crypto", "node:zlib", "node:stream"],
  "src/bundle": ["node:crypto", "@noble/curves"],
  "src/manifest": ["node:crypto", "typebox"],
  "src/witness": [],
  "src/policy": ["node:crypto", "typebox", "yaml"],
  "src/admit": ["typebox"],
  "src/log": ["node:crypto"],
  "src/images": [],
  "src/gate": ["node:crypto"],
  "src/files": ["node:crypto", "node:fs", "node:path"],
  "src/store": ["node:crypto", "node:fs", "node:path", "node:os", "better-sqlite3"],
  "src/layout": ["node:crypto", "node:fs", "node:os", "node:path"],
  "src/keys": ["node:crypto", "@noble/ciphers"],
  "src/cli": [
    "node:fs",
    "node:path",
    "node:os",
    "node:tty",
    "node:url",
    "node:crypto",
    "node:stream",
    "@oclif/core",
    "typebox",
  ],
  commands: ["@oclif/core", "node:path"],
};

/** No clock, network, file, environment, timer or randomness: what they need arrives as a parameter. */
const PURE = FLOORS.slice(0, 8).flat();
const IMPURE =
  /\b(?:Date\.now|new Date\(\)|Math\.random|randomBytes|randomUUID|getRandomValues|generateKeyPair)\b|\bprocess\.|\bfetch\(/;

interface Source {
  readonly path: string;
  readonly text: string;
  readonly imports: readonly string[];
}

/** Import and export statements, which begin a line, and dynamic imports; not strings that hold these words. */
const IMPORT = /(?:^(?:import|export)\b[^"';=]*\bfrom\s+|^import\s+|\bimport\(\s*)"([^"]+)"/gm;

const SOURCES: Source[] = [];
for await (const path of glob("{src,commands}/**/*.ts", { cwd: ROOT })) {
  if (/\.(?:test|contract)\.ts$/.test(path) || path.startsWith("src/testing/") || path.endsWith("/reference.ts"))
    continue;
  const text = readFileSync(join(ROOT, path), "utf8");
  const imports = [...text.matchAll(IMPORT)].map((match) => match[1] ?? "");
  SOURCES.push({ path, text, imports });
}

/** The entry of {@link FLOORS} that holds `path`. */
function roomOf(path: string): { floor: number; room: string } | undefined {
  for (const [floor, rooms] of FLOORS.entries()) {
    const room = rooms.find((each) => path === each || path.startsWith(`${each}/`));
    if (room !== undefined) return { floor, room };
  }
  return undefined;
}

function forbidden({ path, imports }: Source): string[] {
  const here = roomOf(path);
  if (here === undefined) return [`${path} is on no floor`];
  return imports.flatMap((name) => {
    if (!name.startsWith(".")) {
      const allowed = OUTSIDE[here.room] ?? [];
      return allowed.some((each) => name === each || name.startsWith(`${each}/`)) ? [] : [`${path} names ${name}`];
    }
    const there = roomOf(relative(ROOT, join(ROOT, dirname(path), name)));
    if (there === undefined) return [`${path} imports ${name}, which is on no floor`];
    return there.room === here.room || there.floor < here.floor
      ? []
      : [`${path} imports ${name}, which is not below it`];
  });
}

describe("the floors", () => {
  // src/index.ts is the public API: it may name anything and nothing names it.
  const housed = SOURCES.filter(({ path }) => path !== "src/index.ts");

  test("every import goes down", () => {
    expect(housed.flatMap(forbidden)).toEqual([]);
  });

  test("a planted violation is seen", () => {
    const planted = { path: "src/merkle/x.ts", text: "", imports: ["../log/log.ts", "node:fs", "../utils/x.ts"] };
    expect(forbidden(planted)).toHaveLength(3);
  });

  test("the pure floors reach nothing outside", () => {
    const pure = housed.filter(({ path }) => PURE.some((room) => path === room || path.startsWith(`${room}/`)));
    expect(pure.filter(({ text }) => IMPURE.test(text)).map(({ path }) => path)).toEqual([]);
  });

  test("the environment is read at the edge only", () => {
    const readers = housed.filter(({ path, text }) => !path.startsWith("src/cli/") && text.includes("process.env"));
    expect(readers.map(({ path }) => path)).toEqual([]);
  });
});
