#!/usr/bin/env node
import { execute } from "../src/cli/run.ts";
import { sourceOptions } from "../src/testing/source.ts";

await execute(sourceOptions(process.argv.slice(2)));
