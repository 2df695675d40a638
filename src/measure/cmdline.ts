import { Failure } from "../failure.ts";

/** A kernel command line, and the dm-verity root hashes it names. */
export interface Cmdline {
  readonly text: string;
  /** Value of `roothash=`: the root of the root filesystem's hash tree, lower-case hex; null where there is none. */
  readonly rootHash: string | null;
  /** Value of `usrhash=`, likewise for /usr. */
  readonly usrHash: string | null;
}

/** Length of a hash tree's root in hex, by SHA-256, SHA-384 and SHA-512. */
const HASH_LENGTHS: readonly number[] = [64, 96, 128];

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * Reads a `.cmdline` section: UTF-8 up to the first NUL, as systemd-stub takes it.
 *
 * @throws measure/malformed-cmdline
 */
export function decodeCmdline(section: Uint8Array): Cmdline {
  const end = section.indexOf(0);
  return parseCmdline(decodeText(end === -1 ? section : section.subarray(0, end)));
}

/**
 * Finds the root hashes in a command line, or refuses it where readers could disagree about them.
 *
 * The kernel, systemd and the scripts of an initrd split a command line by different rules for quotes, and take another
 * one of two `roothash=`. So an option counts only as a word of its own outside quotes, and must be there at most once;
 * `rd.roothash=`, which systemd takes for the same option inside an initrd, is refused.
 *
 * @throws measure/malformed-cmdline
 */
export function parseCmdline(text: string): Cmdline {
  return { text, rootHash: readHash(text, "roothash="), usrHash: readHash(text, "usrhash=") };
}

function decodeText(bytes: Uint8Array): string {
  try {
    return decoder.decode(bytes);
  } catch (cause) {
    throw new Failure("measure/malformed-cmdline", "the command line is not valid UTF-8", { cause });
  }
}

function readHash(text: string, option: string): string | null {
  const at = text.indexOf(option);
  if (at === -1) return null;
  if (text.includes(option, at + 1)) throw malformed(option, "is there twice, want it once at most");
  if (at > 0 && !isSeparator(text.charCodeAt(at - 1))) throw malformed(option, "is part of another word");
  if (/['\\]/.test(text)) throw malformed(option, "is on one line with a single quote or a backslash");
  if ((text.slice(0, at).split('"').length - 1) % 2 !== 0) throw malformed(option, "is inside quotes");

  const start = at + option.length;
  let end = start;
  while (end < text.length && !isSeparator(text.charCodeAt(end))) end += 1;
  const value = text.slice(start, end);
  if (!/^[0-9a-f]*$/.test(value) || !HASH_LENGTHS.includes(value.length)) {
    throw malformed(
      option,
      `is ${JSON.stringify(value.slice(0, 140))}, want ${HASH_LENGTHS.join(", ")} lower-case hex digits`,
    );
  }
  return value;
}

/** systemd-stub turns control characters into spaces before anybody splits the line. */
const isSeparator = (unit: number): boolean => unit <= 0x20;

const malformed = (option: string, problem: string): Failure =>
  new Failure("measure/malformed-cmdline", `${option} ${problem}`);
