import { constants } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";

import { concat } from "../bytes/join.ts";
import { type ByteSource, requireRange } from "../bytes/source.ts";
import { Failure } from "../failure.ts";

/** Bytes asked for at a time when a file is streamed. */
const CHUNK_BYTES = 4 * 1024 * 1024;
/** Most bounded files are smaller than this: one read, and one more to see the end. */
const SMALL_CHUNK_BYTES = 64 * 1024;

/**
 * The whole of a small file.
 *
 * @param maxBytes  a longer file is refused, not cut
 * @throws files/missing, files/unreadable, files/too-large
 */
export async function readFileBounded(path: string, maxBytes: number): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let length = 0;
  // Not by its size: that of a pipe or of a growing file is not known before it is read.
  for await (const part of streamFile(path, SMALL_CHUNK_BYTES)) {
    length += part.length;
    if (length > maxBytes)
      throw new Failure("files/too-large", `${path} has more than the ${maxBytes} bytes that are read`);
    parts.push(part.slice());
  }
  return concat(...parts);
}

/**
 * A file of any size, front to back. Chunks are views of one buffer, valid until the next chunk is asked for.
 *
 * @throws files/missing, files/unreadable
 */
export async function* streamFile(path: string, chunkBytes: number = CHUNK_BYTES): AsyncGenerator<Uint8Array> {
  const handle = await openForReading(path);
  try {
    const buffer = new Uint8Array(chunkBytes);
    for (;;) {
      const { bytesRead } = await handle.read(buffer, 0, buffer.length, null).catch(unreadable(path));
      if (bytesRead === 0) return;
      yield buffer.subarray(0, bytesRead);
    }
  } finally {
    await handle.close();
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
  const handle = await openForReading(path);
  const { size } = await handle.stat();
  return {
    size,
    async read(offset, length) {
      requireRange(size, offset, length);
      const bytes = new Uint8Array(length);
      for (let filled = 0; filled < length;) {
        const { bytesRead } = await handle
          .read(bytes, filled, length - filled, offset + filled)
          .catch(unreadable(path));
        if (bytesRead === 0) throw new Failure("files/unreadable", `${path} became shorter while it was read`);
        filled += bytesRead;
      }
      return bytes;
    },
    [Symbol.asyncDispose]: () => handle.close(),
  };
}

async function openForReading(path: string): Promise<FileHandle> {
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
  return handle;
}

const unreadable =
  (path: string) =>
  (cause: unknown): never => {
    throw new Failure("files/unreadable", `${path} could not be read`, { cause });
  };
