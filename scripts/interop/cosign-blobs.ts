import { type Table } from "./table.ts";
import { NO_SERVICES, type Workshop } from "./workshop.ts";

/** What cosign signs and attests of files, to assay. */
export async function compareCosignBlobs(workshop: Workshop, table: Table): Promise<void> {
  workshop.write("notes.txt", "release notes");
  workshop.write("swapped.txt", "release notez");
  workshop.write("predicate.json", "{}");
  await workshop.peer("cosign generate-key-pair --output-key-prefix blob-key");
  const signing = `--yes --key blob-key.key ${NO_SERVICES}`;
  await workshop.peer(`cosign sign-blob ${signing} --bundle notes.json notes.txt`);
  const predicate = "--type https://example.test/predicate/v1 --predicate predicate.json";
  await workshop.peer(`cosign attest-blob ${signing} ${predicate} --bundle attested.json notes.txt`);

  const blob = (file: string, flags: string) => workshop.judge(`verify blob ${file} --bundle notes.json ${flags}`);
  await table.accepted("sign-blob", () => blob("notes.txt", "--key blob-key.pub --insecure-skip-log"));
  await table.refused("sign-blob, another file", "bundle/digest-mismatch", () =>
    blob("swapped.txt", "--key blob-key.pub --insecure-skip-log"),
  );
  await table.refused("sign-blob, another key", "admit/wrong-key", () =>
    blob("notes.txt", "--key release.pub --insecure-skip-log"),
  );
  await table.refused("sign-blob, where a log is wanted", "admit/unlogged", () =>
    blob("notes.txt", "--key blob-key.pub --trusted-root log/trusted_root.json"),
  );

  const statement = (file: string, key: string) =>
    workshop.judge(`verify bundle attested.json --file ${file} --key ${key} --insecure-skip-log`);
  await table.accepted("attest-blob", () => statement("notes.txt", "blob-key.pub"));
  await table.refused("attest-blob, another file", "admit/subject-mismatch", () =>
    statement("swapped.txt", "blob-key.pub"),
  );
  await table.refused("attest-blob, another key", "admit/wrong-key", () => statement("notes.txt", "release.pub"));
}
