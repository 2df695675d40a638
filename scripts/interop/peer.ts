import { accessSync, constants, readdirSync } from "node:fs";
import { delimiter, join } from "node:path";

/** systemd's stub, which makes a kernel, an initrd and a command line one EFI program. */
export const STUB = "/usr/lib/systemd/boot/efi/linuxx64.efi.stub";

/** What is not a program on PATH, or not a useful one to everybody. */
const SPECIAL: { readonly [name: string]: () => string | undefined } = {
  "systemd-stub": () => readable(STUB),
  kernel: findKernel,
  // Others than root need user namespaces for it, which containers seldom have.
  buildah: () => (process.getuid?.() === 0 ? findProgram("buildah") : undefined),
};

/** Where the peer `name` is: a program on PATH, or what is known here by that name. */
export function findPeer(name: string): string | undefined {
  const find = SPECIAL[name];
  return find === undefined ? findProgram(name) : find();
}

function findProgram(name: string): string | undefined {
  return (process.env["PATH"] ?? "")
    .split(delimiter)
    .map((directory) => readable(join(directory, name), constants.X_OK))
    .find((path) => path !== undefined);
}

/** Whether `ASSAY_REQUIRE` says that `name` must not be skipped. */
export const isRequired = (name: string): boolean => (process.env["ASSAY_REQUIRE"] ?? "").split(",").includes(name);

/** `$ASSAY_KERNEL`, or the newest of the kernels installed here. */
function findKernel(): string | undefined {
  const named = process.env["ASSAY_KERNEL"];
  if (named !== undefined) return readable(named);
  return listBoot()
    .filter((name) => name.startsWith("vmlinuz-"))
    .toSorted(new Intl.Collator("en", { numeric: true }).compare)
    .map((name) => readable(join("/boot", name)))
    .findLast((path) => path !== undefined);
}

function listBoot(): readonly string[] {
  try {
    return readdirSync("/boot");
  } catch {
    // A container has no /boot, and then it has no kernel either.
    return [];
  }
}

function readable(path: string, mode: number = constants.R_OK): string | undefined {
  try {
    accessSync(path, mode);
    return path;
  } catch {
    // Absent or closed to us: as good as not installed.
    return undefined;
  }
}
