import { boolean } from "@oclif/core/flags";

/** For every command that opens or makes a key. */
export const passwordFlags = {
  "password-stdin": boolean({
    description: "read the password from standard input: one line, without its line break",
  }),
};
