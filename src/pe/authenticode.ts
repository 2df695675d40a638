import { createHash } from "node:crypto";

import { type ByteSource, streamSource } from "../bytes/source.ts";
import { type Pe } from "./pe.ts";

/**
 * The SHA-256 that Authenticode signatures sign and that firmware extends into PCR 4 when it starts the image
 * (Windows Authenticode Portable Executable Signature Format, "Calculating the PE Image Hash").
 *
 * Everything but the checksum, the certificate table and its directory entry: headers, then the sections in the order
 * of the file, then what follows them. As firmware has it, "what follows" starts after as many bytes as were hashed,
 * which is not the end of the last section in a file with gaps between sections.
 *
 * @returns 32 bytes
 */
export async function authenticodeSha256(source: ByteSource, pe: Pe): Promise<Uint8Array> {
  const hash = createHash("sha256");
  for (const { start, end } of hashedRanges(pe)) {
    for await (const chunk of streamSource(source, start, end - start)) hash.update(chunk);
  }
  return new Uint8Array(hash.digest());
}

/** Half open ranges of the file, in the order in which they are hashed. */
function hashedRanges(pe: Pe): readonly { readonly start: number; readonly end: number }[] {
  const { checksumOffset, securityDirectoryOffset, sizeOfHeaders, certificateTable, sections, fileSize } = pe;
  const afterChecksum = checksumOffset + 4;
  const headers =
    securityDirectoryOffset === null
      ? [{ start: afterChecksum, end: sizeOfHeaders }]
      : [
          { start: afterChecksum, end: securityDirectoryOffset },
          { start: securityDirectoryOffset + 8, end: sizeOfHeaders },
        ];
  const stored = sections
    .filter(({ rawSize }) => rawSize > 0)
    .toSorted((a, b) => a.rawOffset - b.rawOffset)
    .map(({ rawOffset, rawSize }) => ({ start: rawOffset, end: rawOffset + rawSize }));
  const hashed = stored.reduce((sum, { start, end }) => sum + end - start, sizeOfHeaders);
  return [
    { start: 0, end: checksumOffset },
    ...headers,
    ...stored,
    { start: hashed, end: certificateTable?.offset ?? fileSize },
  ];
}
