import { Failure } from "../failure.ts";
import { fromBase64, toBase64 } from "./base64.ts";

/** One block of textual encoding (RFC 7468): a label and the bytes between its boundaries. */
export interface PemBlock {
  /** What stands after `BEGIN`, for instance `PUBLIC KEY`. */
  readonly label: string;
  readonly contents: Uint8Array;
}

const BLOCK = /^-----BEGIN ([A-Z0-9]+(?: [A-Z0-9]+)*)-----\n([A-Za-z0-9+/=\n]*)\n-----END ([A-Z0-9 ]+)-----\n?/;
/** RFC 7468 §2: generators wrap at 64 characters; readers take any width. */
const LINE_CHARACTERS = 64;

/** RFC 7468 text of `contents`, with a final line break. */
export function formatPem({ label, contents }: PemBlock): string {
  const lines = toBase64(contents).match(new RegExp(`.{1,${LINE_CHARACTERS}}`, "g")) ?? [];
  return [`-----BEGIN ${label}-----`, ...lines, `-----END ${label}-----`, ""].join("\n");
}

/**
 * Every block of `text`, in order. White space around blocks, CRLF and lines of any width are accepted, since every
 * tool writes its own; explanatory text, headers, empty blocks and unpaired or unequal boundaries are not.
 *
 * @param maxBlocks  more blocks are refused
 * @throws bytes/malformed-pem, also where there is no block
 */
export function parsePem(text: string, maxBlocks = 1): readonly PemBlock[] {
  const blocks: PemBlock[] = [];
  for (let rest = text.replaceAll("\r\n", "\n").trim(); rest !== ""; rest = rest.trimStart()) {
    if (blocks.length === maxBlocks) throw new Failure("bytes/malformed-pem", `more than ${maxBlocks} PEM blocks`);
    const [whole, label, body, end] = BLOCK.exec(rest) ?? [];
    if (whole === undefined || label === undefined || body === undefined || label !== end) {
      throw new Failure("bytes/malformed-pem", "not a PEM block between equal BEGIN and END lines");
    }
    blocks.push({ label, contents: fromBase64(body.replaceAll("\n", "")) });
    rest = rest.slice(whole.length);
  }
  if (blocks.length === 0) throw new Failure("bytes/malformed-pem", "there is no PEM block");
  return blocks;
}
