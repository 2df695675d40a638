#!/usr/bin/env node
import { execute } from "@oclif/core/execute";

import { sourceOptions } from "../src/testing/source.ts";

// As bin/run.js, from source: a result that could not be written is no result.
process.stdout.on("error", () => process.exit(1));
await execute({ loadOptions: sourceOptions(process.argv.slice(2)) });
