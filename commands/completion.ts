import { string } from "@oclif/core/args";

import { BaseCommand } from "../src/cli/base.ts";
import { completionScript, SHELLS } from "../src/cli/completion.ts";
import { type Report } from "../src/cli/schema.ts";

export default class Completion extends BaseCommand<Report<"completion">> {
  static override summary = "Print a script that makes a shell complete commands, flags and files";
  static override examples = [
    "source <(<%= config.bin %> <%= command.id %> bash)",
    "source <(<%= config.bin %> <%= command.id %> zsh)",
    "<%= config.bin %> <%= command.id %> fish | source",
  ];
  static override args = {
    shell: string({ required: true, options: [...SHELLS], description: "shell to complete in" }),
  };

  async run(): Promise<Report<"completion">> {
    const { args } = await this.parse(Completion);
    const shell = SHELLS.find((each) => each === args.shell);
    if (shell === undefined) throw new RangeError(`${args.shell} is not among the shells that were offered`);
    const script = completionScript(shell, this.config);
    this.log(script);
    return { shell, script };
  }
}
