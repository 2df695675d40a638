import { string as stringArg } from "@oclif/core/args";

import { BaseCommand } from "../../src/cli/base.ts";
import { readPolicyFile } from "../../src/cli/policy.ts";
import { type Report } from "../../src/cli/schema.ts";
import { formatInstant } from "../../src/manifest/validity.ts";
import { describePolicy } from "../../src/policy/description.ts";

export default class PolicyCheck extends BaseCommand<Report<"policy check">> {
  static override summary = "Read a policy and the files it pins, and say what it demands and what it waives";
  static override examples = ["<%= config.bin %> <%= command.id %> policy.yaml"];
  static override args = { policy: stringArg({ required: true, description: "admission policy" }) };

  async run(): Promise<Report<"policy check">> {
    const { args } = await this.parse(PolicyCheck);
    const policy = await readPolicyFile(args.policy);
    const { rules, notes } = describePolicy(policy, new Date());
    const { name, version, digest } = policy;
    const notAfter = policy.notAfter === null ? "" : formatInstant(policy.notAfter);
    this.line(`policy ${name}, version ${version}, valid until ${notAfter}`);
    this.log(digest);
    for (const rule of rules) this.line(`  ${rule}`);
    for (const note of notes) this.warn(note);
    return { file: args.policy, name, version, digest, notAfter, rules: [...rules], notes: [...notes] };
  }
}
