/** `attach-worker.ts LAYOUT NAME COUNT`: attaches COUNT bundles of its own to the image tagged 1.0 and its platforms. */
import { attachBundle } from "./attach.ts";
import { readImage } from "../images/image.ts";
import { openLayout } from "../layout/layout.ts";

const [directory = "", name = "", count = ""] = process.argv.slice(2);
const repository = await openLayout(directory);
const image = await readImage(repository, { tag: "1.0", digest: null });
for (let round = 0; round < Number(count); round += 1) {
  for (const subject of image.subjects) await attachBundle(repository, subject, `${name} ${round}`);
}
