/**
 * Where a password comes from: a variable, a terminal, standard input. Asked only when a password is needed, and only
 * after everything that needs none has been checked, so that nobody types one for a file that is damaged.
 *
 * @param subject  what the password is for, as in "the password of assay.key"
 */
export type PasswordSource = (subject: string) => Promise<string>;

/** A password that is known already. */
export const knownPassword =
  (password: string): PasswordSource =>
  async () =>
    password;
