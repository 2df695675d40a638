import { bashCompletion } from "./completion-bash.ts";
import { fishCompletion } from "./completion-fish.ts";
import { zshCompletion } from "./completion-zsh.ts";
import { type Offerable, offerOf } from "./offer.ts";

const WRITERS = { bash: bashCompletion, zsh: zshCompletion, fish: fishCompletion } as const;

/** A shell that commands can be completed in. */
export type Shell = keyof typeof WRITERS;
export const SHELLS = ["bash", "zsh", "fish"] as const satisfies readonly Shell[];

/** The script that makes `shell` complete the commands of `config`. */
export const completionScript = (shell: Shell, config: Offerable): string => WRITERS[shell](offerOf(config));
