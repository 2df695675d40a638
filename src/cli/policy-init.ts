import { createHash } from "node:crypto";
import { dirname, relative, resolve } from "node:path";

import { readPublicKey } from "../bundle/key.ts";
import { parseTrustedRoot } from "../bundle/trusted-root.ts";
import { Failure } from "../failure.ts";
import { readFileBounded } from "../files/read.ts";
import { type PolicyTemplate } from "../policy/template.ts";
import { readWitnesses } from "../policy/witnesses.ts";

const MAX_PINNED_BYTES = 1024 * 1024;
const DEFAULT_DAYS = 180;

export interface InitFlags {
  readonly name: string;
  readonly key: string;
  readonly "trusted-root": string;
  readonly origin?: string | undefined;
  readonly "witness-policy"?: string | undefined;
  readonly images: readonly string[];
  readonly product?: string | undefined;
  readonly out: string;
}

/** Reads and pins the files that a new policy trusts; their names become relative to the policy. */
export async function policyTemplate(flags: InitFlags, now: Date): Promise<PolicyTemplate> {
  const key = await pin(flags.key, flags.out);
  readPublicKey(key.bytes);
  const root = await pin(flags["trusted-root"], flags.out);
  const witnesses = flags["witness-policy"] === undefined ? null : await pin(flags["witness-policy"], flags.out);
  if (witnesses !== null) readWitnesses(witnesses.bytes);
  const end = new Date(now.getTime() + DEFAULT_DAYS * 86_400_000);
  return {
    name: flags.name,
    notAfter: `${end.toISOString().slice(0, 10)}T00:00:00Z`,
    key: key.pinned,
    log: { ...root.pinned, origin: findOrigin(root.bytes, flags) },
    witnesses: witnesses?.pinned ?? null,
    images: flags.images,
    product: flags.product ?? null,
  };
}

async function pin(
  path: string,
  policyPath: string,
): Promise<{ bytes: Uint8Array; pinned: { file: string; sha256: string } }> {
  const bytes = await readFileBounded(path, MAX_PINNED_BYTES);
  const file = relative(dirname(resolve(policyPath)), resolve(path));
  return { bytes, pinned: { file, sha256: createHash("sha256").update(bytes).digest("hex") } };
}

function findOrigin(trustedRoot: Uint8Array, flags: InitFlags): string {
  const origins = parseTrustedRoot(trustedRoot).logs.map(({ origin }) => origin);
  const [only] = origins;
  if (flags.origin === undefined && only !== undefined && origins.length === 1) return only;
  if (flags.origin !== undefined && origins.includes(flags.origin)) return flags.origin;
  throw new Failure("cli/no-log", `${flags["trusted-root"]} has the logs ${origins.join(", ")}; one must be named`, {
    hint: "name it with --origin",
  });
}
