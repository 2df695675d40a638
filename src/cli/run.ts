import { fileURLToPath } from "node:url";

import { execute as executeOclif } from "@oclif/core/execute";

/**
 * Runs the command that the arguments of the process name, and ends the process with its status.
 *
 * @param root  the directory of package.json, which says where commands are
 */
export async function execute(root: URL): Promise<void> {
  await executeOclif({ loadOptions: { root: fileURLToPath(root) } });
}
