import { Readable } from "node:stream";

import { afterEach, expect, test, vi } from "vitest";

import { PasswordLines, type PasswordOptions, passwordSource } from "./password.ts";
import { askSecret } from "./terminal.ts";

vi.mock(import("./terminal.ts"), async (original) => ({ ...(await original()), askSecret: vi.fn<typeof askSecret>() }));
afterEach(() => {
  vi.mocked(askSecret).mockReset();
  vi.stubEnv("FIRST", undefined);
  vi.stubEnv("SECOND", undefined);
});

const lines = (text: string): PasswordLines => new PasswordLines(Readable.from([Buffer.from(text)]));
const read = (options: Partial<PasswordOptions> = {}): Promise<string> =>
  passwordSource({ variables: ["FIRST", "SECOND"], lines: null, isNew: false, ...options })("x.key");
const typing = (...answers: readonly (string | null)[]): void => {
  for (const answer of answers) vi.mocked(askSecret).mockResolvedValueOnce(answer);
};

test("the first variable that is set counts, and nobody is asked", async () => {
  vi.stubEnv("SECOND", "two");
  expect(await read()).toBe("two");
  vi.stubEnv("FIRST", "one");
  expect(await read()).toBe("one");
  expect(askSecret).not.toHaveBeenCalled();
});

test("a variable set to nothing is the empty password", async () => {
  vi.stubEnv("FIRST", "");
  vi.stubEnv("SECOND", "two");
  expect(await read()).toBe("");
});

test("without a variable a person is asked, once for an old password", async () => {
  typing("typed");
  expect(await read()).toBe("typed");
  expect(vi.mocked(askSecret).mock.calls).toEqual([["Password for x.key: "]]);
});

test("and twice for a new one", async () => {
  typing("typed", "typed");
  expect(await read({ isNew: true })).toBe("typed");
  typing("typed", "tiped");
  await expect(read({ isNew: true })).rejects.toThrow(expect.objectContaining({ code: "keys/password-mismatch" }));
});

test("standard input comes before variables, a line for each password", async () => {
  vi.stubEnv("FIRST", "one");
  const input = lines("old\r\nnew");
  expect(await read({ lines: input })).toBe("old");
  expect(await read({ lines: input, isNew: true })).toBe("new");
  await expect(read({ lines: input })).rejects.toThrow(expect.objectContaining({ code: "keys/no-password" }));
});

test("a line keeps its blanks", async () => {
  expect(await read({ lines: lines("  two words \n") })).toBe("  two words ");
});

test.each([
  ["there is no terminal", () => typing(null), {}],
  ["nothing is typed", () => typing(""), {}],
  ["nothing is typed twice", () => typing("", ""), { isNew: true }],
  ["standard input is empty", () => typing(), { lines: lines("") }],
  ["the line is empty", () => typing(), { lines: lines("\nx") }],
  ["standard input never ends", () => typing(), { lines: lines("x".repeat(70_000)) }],
])("is refused where %s", async (_, prepare, options) => {
  prepare();
  await expect(read(options)).rejects.toThrow(expect.objectContaining({ code: "keys/no-password" }));
});
