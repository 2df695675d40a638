import { constants } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";

import { type ByteSource, requireRange } from "../bytes/source.ts";
import { Failure } from "../failure.ts";

/** Bytes asked for at a time when a file is streamed. */
const CHUNK_BYTES = 4 * 1024 * 1024;

/**
 * The whole of a small file.
 *
 * @param maxBytes  a longer file is refused, not cut
 * @throws files/missing, files/unreadable, files/too-large
 */
export async function readFileBounded(path: string, maxBytes: number): Promise<Uint8Array> {
  await using file = await openForReading(path);
  const { size } = await file.handle.stat();
  if (size > maxBytes) throw new Failure("files/too-large", `${path} has ${size} bytes; at most ${maxBytes} are read`);
  const bytes = new Uint8Array(await file.handle.readFile());
  // The size of a pipe or of a growing file is not known before it is read.
  if (bytes.length > maxBytes) {
    throw new Failure("files/too-large", `${path} has more than the ${maxBytes} bytes that are read`);
  }
  return bytes;
}

/**
 * A file of any size, front to back. Chunks are views of one buffer, valid until the next chunk is asked for.
 *
 * @throws files/missing, files/unreadable
 */
export async function* streamFile(path: string): AsyncGenerator<Uint8Array> {
  await using file = await openForReading(path);
  const buffer = new Uint8Array(CHUNK_BYTES);
  for (;;) {
    const { bytesRead } = await file.handle.read(buffer, 0, buffer.length, null).catch(unreadable(path));
    if (bytesRead === 0) return;
    yield buffer.subarray(0, bytesRead);
  }
}

/** An open file as a {@link ByteSource}. */
export interface FileSource extends ByteSource, AsyncDisposable {}

/**
 * Random access to a file; dispose of it to close the file.
 *
 * @throws files/missing, files/unreadable
 */
export async function openFileSource(path: string): Promise<FileSource> {
  const file = await openForReading(path);
  const { size } = await file.handle.stat();
  return {
    size,
    async read(offset, length) {
      requireRange(size, offset, length);
      const bytes = new Uint8Array(length);
      for (let filled = 0; filled < length;) {
        const { bytesRead } = await file.handle
          .read(bytes, filled, length - filled, offset + filled)
          .catch(unreadable(path));
        if (bytesRead === 0) throw new Failure("files/unreadable", `${path} became shorter while it was read`);
        filled += bytesRead;
      }
      return bytes;
    },
    [Symbol.asyncDispose]: () => file[Symbol.asyncDispose](),
  };
}

interface OpenFile extends AsyncDisposable {
  readonly handle: FileHandle;
}

async function openForReading(path: string): Promise<OpenFile> {
  const handle = await open(path, constants.O_RDONLY).catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === "ENOENT" || cause.code === "ENOTDIR") {
      throw new Failure("files/missing", `${path} does not exist`, { cause });
    }
    return unreadable(path)(cause);
  });
  if ((await handle.stat()).isDirectory()) {
    await handle.close();
    throw new Failure("files/unreadable", `${path} is a directory, not a file`);
  }
  return { handle, [Symbol.asyncDispose]: () => handle.close() };
}

const unreadable =
  (path: string) =>
  (cause: unknown): never => {
    throw new Failure("files/unreadable", `${path} could not be read`, { cause });
  };
