/** A file of an archive: its path, its contents and whether it may be run. */
export interface ArchiveFile {
  readonly path: string;
  readonly contents: Uint8Array;
  readonly executable?: boolean;
}

/**
 * A cpio archive in the "newc" format that Linux unpacks as an initrd (Linux: Documentation/driver-api/early-userspace/
 * buffer-format.rst). Owner, times and numbering are fixed, so that the same files give the same bytes.
 */
export function newcArchive(files: readonly ArchiveFile[]): Uint8Array {
  const records = files.flatMap(({ path, contents, executable = false }, index) =>
    record(path, index + 1, executable ? 0o100755 : 0o100644, contents),
  );
  return new Uint8Array(Buffer.concat([...records, ...record("TRAILER!!!", 0, 0, new Uint8Array())]));
}

function record(path: string, inode: number, mode: number, contents: Uint8Array): readonly Uint8Array[] {
  const name = Buffer.from(`${path}\0`);
  const [userId, groupId, links, time, device] = [0, 0, 1, 0, 0];
  const fields = [
    inode,
    mode,
    userId,
    groupId,
    links,
    time,
    contents.length,
    device,
    device,
    device,
    device,
    name.length,
    0,
  ];
  const header = Buffer.from(`070701${fields.map((field) => field.toString(16).padStart(8, "0")).join("")}`);
  return [header, name, padding(header.length + name.length), contents, padding(contents.length)];
}

/** Zeros from `length` to the next multiple of four. */
const padding = (length: number): Uint8Array => new Uint8Array((4 - (length % 4)) % 4);
