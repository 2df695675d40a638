import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { toUtf8 } from "../bytes/utf8.ts";
import { Failure } from "../failure.ts";
import { decodeCmdline, parseCmdline } from "./cmdline.ts";

const A = "a1".repeat(32);
const B = "b2".repeat(32);

describe("root hashes", () => {
  test.each<[string, string, string | null, string | null]>([
    ["none", "console=ttyS0 quiet", null, null],
    ["an empty line", "", null, null],
    ["alone", `roothash=${A}`, A, null],
    ["among others", `quiet roothash=${A} ro`, A, null],
    ["both", `roothash=${A} usrhash=${B}`, A, B],
    ["of SHA-384", `roothash=${"0f".repeat(48)}`, "0f".repeat(48), null],
    ["of SHA-512", `usrhash=${"0f".repeat(64)}`, null, "0f".repeat(64)],
    ["between other white space", `quiet\troothash=${A}\nro`, A, null],
    ["after a quoted value", `dyndbg="file a.c +p" roothash=${A}`, A, null],
    ["before a quoted value", `roothash=${A} dyndbg="file a.c +p"`, A, null],
    ["an apostrophe, and no root hash", "motd=it's", null, null],
    ["an option that only looks alike", "roothash_x=1 xroothas=2", null, null],
  ])("%s", (_name, text, rootHash, usrHash) => {
    expect(parseCmdline(text)).toEqual({ text, rootHash, usrHash });
  });
});

describe("each refusal and its accepted twin", () => {
  test.each<[string, string, string]>([
    ["two of them", `roothash=${A} roothash=${B}`, `roothash=${A} usrhash=${B}`],
    ["the same twice", `roothash=${A} roothash=${A}`, `roothash=${A}`],
    ["two usrhash", `usrhash=${A} usrhash=${B}`, `usrhash=${A} roothash=${B}`],
    ["one that systemd reads as another in an initrd", `rd.roothash=${A}`, `roothash=${A}`],
    ["two, one by the name for an initrd", `roothash=${A} rd.roothash=${B}`, `roothash=${A} rd.quiet`],
    ["part of another word", `xroothash=${A}`, `x roothash=${A}`],
    ["part of another value", `init=/roothash=${A}`, `init=/ roothash=${A}`],
    ["after a space that only some readers split at", `x\u00a0roothash=${A}`, `x roothash=${A}`],
    ["no value", "roothash=", `roothash=${A}`],
    ["capital hex", `roothash=${A.toUpperCase()}`, `roothash=${A}`],
    ["one digit short", `roothash=${A.slice(1)}`, `roothash=${A}`],
    ["one digit more", `roothash=${A}a`, `roothash=${A}`],
    ["SHA-1", `roothash=${"a1".repeat(20)}`, `roothash=${A}`],
    ["a second option without a space between", `roothash=${A}quiet`, `roothash=${A} quiet`],
    ["a list", `roothash=${A},${B}`, `roothash=${A}`],
    ["a quoted value", `roothash="${A}"`, `roothash=${A}`],
    ["a quoted option", `"roothash=${A}"`, `roothash=${A}`],
    ["a word inside quotes", `x="a roothash=${A} b"`, `x="a b" roothash=${A}`],
    ["a word inside quotes that never end", `x="a roothash=${A}`, `x="a" roothash=${A}`],
    ["single quotes, which the kernel does not know", `x='a roothash=${A} b'`, `x=a roothash=${A} b`],
    ["an apostrophe anywhere", `roothash=${A} motd=it's`, `roothash=${A} motd=its`],
    ["a backslash anywhere", `x="\\" roothash=${A} "`, `x="" roothash=${A} ""`],
  ])("%s", (_name, refused, accepted) => {
    expect(() => parseCmdline(refused)).toThrow(expect.objectContaining({ code: "measure/malformed-cmdline" }));
    const { rootHash, usrHash } = parseCmdline(accepted);
    expect([rootHash, usrHash]).toContain(A);
  });
});

describe("a section", () => {
  test.each([
    ["with a NUL at its end", "quiet\0", "quiet"],
    ["without one", "quiet", "quiet"],
    ["with more after the first NUL", `quiet\0roothash=${A}\0`, "quiet"],
    ["of letters beyond ASCII", "motd=grüße\0", "motd=grüße"],
    ["that is empty", "", ""],
  ])("%s", (_name, section, text) => {
    expect(decodeCmdline(toUtf8(section))).toEqual({ text, rootHash: null, usrHash: null });
  });

  test("of bytes that are not UTF-8 is refused, but not for those after its NUL", () => {
    expect(() => decodeCmdline(Uint8Array.of(0x61, 0xff))).toThrow(
      expect.objectContaining({ code: "measure/malformed-cmdline" }),
    );
    expect(decodeCmdline(Uint8Array.of(0x61, 0x00, 0xff)).text).toBe("a");
  });
});

test("any bytes at all are either a command line or a Failure, and a hash found is a word of the line", () => {
  const word = fc.constantFrom(
    `roothash=${A}`,
    `usrhash=${B}`,
    "roothash=",
    '"',
    "'",
    "\\",
    " ",
    "\0",
    "x",
    "rd.",
    "\n",
  );
  const section = fc.oneof(
    fc.array(word, { maxLength: 8 }).map((words) => toUtf8(words.join(""))),
    fc.uint8Array({ maxLength: 40 }),
  );
  fc.assert(
    fc.property(section, (bytes) => {
      try {
        const { text, rootHash } = decodeCmdline(bytes);
        // oxlint-disable-next-line no-control-regex -- what systemd-stub turns into spaces
        const words = text.split(/[\u0000-\u0020]/);
        expect(words.includes(`roothash=${rootHash}`)).toBe(rootHash !== null);
      } catch (error) {
        expect(error).toBeInstanceOf(Failure);
      }
    }),
    { numRuns: 2000 },
  );
});
