/** Layouts that other programs write and read. */
import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";

import { expect, test } from "vitest";

import { readImage } from "../images/image.ts";
import { measureImage } from "../images/measure.ts";
import { digestOf } from "../oci/digest.ts";
import { attachBundle } from "../testing/attach.ts";
import { buildLayout } from "../testing/layout.ts";
import { describeProgram } from "../testing/require.ts";
import { temporaryDirectory } from "../testing/temporary.ts";
import { openLayout } from "./layout.ts";

const run = (program: string, ...args: string[]): string =>
  execFileSync(program, args, { encoding: "utf8", stdio: "pipe" });

/** A layout with a bundle attached to the image and to each of its platforms. */
async function attachedLayout(): Promise<{
  directory: string;
  subjects: Awaited<ReturnType<typeof readImage>>["subjects"];
}> {
  const { directory } = buildLayout(temporaryDirectory());
  const repository = await openLayout(directory);
  const { subjects } = await readImage(repository, { tag: null, digest: null });
  for (const subject of subjects) await attachBundle(repository, subject, "bundle");
  return { directory, subjects };
}

describeProgram("umoci")("a layout made by umoci", () => {
  test("is empty at first, then resolves, is measured and can be attached to", async () => {
    const directory = join(temporaryDirectory(), "layout");
    run("umoci", "init", "--layout", directory);
    const repository = await openLayout(directory);
    await expect(repository.resolve({ tag: null, digest: null })).rejects.toMatchObject({ code: "images/missing" });

    const file = join(temporaryDirectory(), "motd");
    writeFileSync(file, "welcome\n".repeat(10_000));
    run("umoci", "new", "--image", `${directory}:1.0`);
    run("umoci", "insert", "--rootless", "--image", `${directory}:1.0`, file, "/etc/motd");
    run("umoci", "insert", "--rootless", "--image", `${directory}:1.0`, file, "/etc/issue");
    const image = await readImage(repository, { tag: "1.0", digest: null });
    const { images } = await measureImage(repository, image);
    expect(images.map(({ layers }) => layers.length)).toEqual([2]);

    const attached = await attachBundle(repository, image.root, "bundle");
    expect(await repository.listReferrers(image.root.digest)).toEqual([attached]);
    expect(run("umoci", "list", "--layout", directory)).toContain("1.0\n");
  });
});

describeProgram("skopeo")("a layout with bundles, to skopeo", () => {
  test("is the image it was, and copies whole", async () => {
    const { directory, subjects } = await attachedLayout();
    const copy = temporaryDirectory();
    expect(digestOf(Buffer.from(run("skopeo", "inspect", "--raw", `oci:${directory}:1.0`)))).toBe(subjects[0]?.digest);
    run("skopeo", "copy", "--quiet", "--all", `oci:${directory}:1.0`, `oci:${copy}:1.0`);
    const image = await readImage(await openLayout(copy), { tag: "1.0", digest: null });
    expect(image.subjects).toEqual(subjects);
  });

  test("may hold some platforms only: the others are missing, not malformed", async () => {
    const { directory } = buildLayout(temporaryDirectory());
    const copy = temporaryDirectory();
    run("skopeo", "copy", "--quiet", "--override-arch", "arm64", `oci:${directory}:1.0`, `oci:${copy}:1.0`);
    const image = await readImage(await openLayout(copy), { tag: "1.0", digest: null });
    expect(image.children).toHaveLength(1);
  });
});

describeProgram("oras")("a layout with bundles, to oras", () => {
  test("shows them, and they are copied with the image", async () => {
    const { directory, subjects } = await attachedLayout();
    const copy = temporaryDirectory();
    expect(run("oras", "discover", "--oci-layout", `${directory}:1.0`)).toContain(
      "application/vnd.dev.sigstore.bundle",
    );
    run("oras", "cp", "-r", "--from-oci-layout", `${directory}:1.0`, "--to-oci-layout", `${copy}:1.0`);
    const [original, copied] = [await openLayout(directory), await openLayout(copy)];
    expect(await copied.resolve({ tag: null, digest: null })).toEqual(
      await original.resolve({ tag: "1.0", digest: null }),
    );
    for (const { digest } of subjects) {
      expect(await copied.listReferrers(digest)).toEqual(await original.listReferrers(digest));
      expect(await copied.listReferrers(digest)).toHaveLength(1);
    }
  });
});
