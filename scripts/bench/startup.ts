import { command, interleave, type Row } from "./measurement.ts";
import { type Workplace } from "./workplace.ts";

/** Enough for a steady median of something that takes a tenth of a second. */
const RUNS = 15;

/** `assay --version` and `assay verify image` on a layout, against a Node that does nothing. */
export async function measureStartup({ directory, env, assay }: Workplace): Promise<readonly Row[]> {
  const surroundings = { cwd: directory, env };
  const verify = "verify image oci:image:1.0 --key release.pub --trusted-root log/trusted_root.json".split(" ");
  const [bare, ...ours] = await interleave(RUNS, [
    command("node -e 0", [process.execPath, "-e", "0"], surroundings),
    command("assay --version", [...assay, "--version"], surroundings),
    command("assay verify image", [...assay, ...verify], surroundings),
  ]);
  if (bare === undefined) throw new RangeError("nothing was measured");
  return ours.map(({ name, seconds, runs }) => ({
    what: name,
    seconds,
    against: bare.name,
    peerSeconds: bare.seconds,
    runs,
    note: "",
  }));
}
