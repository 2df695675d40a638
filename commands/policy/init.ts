import { string } from "@oclif/core/flags";

import { BaseCommand } from "../../src/cli/base.ts";
import { readPolicyFile } from "../../src/cli/policy.ts";
import { policyTemplate } from "../../src/cli/policy-init.ts";
import { type Report } from "../../src/cli/schema.ts";
import { createFile } from "../../src/files/write.ts";
import { newPolicy } from "../../src/policy/template.ts";

export default class PolicyInit extends BaseCommand<Report<"policy init">> {
  static override summary = "Write a new admission policy, with every file it trusts pinned by its hash";
  static override examples = [
    "<%= config.bin %> <%= command.id %> --key release.pub --trusted-root log/trusted_root.json --images 'registry.example/acme/**' --out policy.yaml",
  ];
  static override flags = {
    name: string({ default: "default", description: "name of the policy; verdicts carry it" }),
    key: string({ required: true, helpValue: "FILE", description: "public key to trust" }),
    "trusted-root": string({
      required: true,
      helpValue: "FILE",
      description: "trusted_root.json with the log to trust",
    }),
    origin: string({ description: "which log of it, where it has several" }),
    "witness-policy": string({
      helpValue: "FILE",
      description: "C2SP tlog-policy; without it the policy says that there are no witnesses",
    }),
    images: string({
      multiple: true,
      default: [],
      helpValue: "PATTERN",
      description: "names that the image rule matches; may be repeated",
    }),
    product: string({ description: "product that the node rule is for" }),
    out: string({ default: "policy.yaml", helpValue: "FILE", description: "write the policy here" }),
  };

  async run(): Promise<Report<"policy init">> {
    const { flags } = await this.parse(PolicyInit);
    await createFile(flags.out, newPolicy(await policyTemplate(flags, new Date())));
    const { digest } = await readPolicyFile(flags.out);
    this.line(`wrote ${flags.out}, policy ${flags.name} ${digest}`);
    return { file: flags.out, digest };
  }
}
