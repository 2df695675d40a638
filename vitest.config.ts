import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["src/**/*.test.ts", "commands/**/*.test.ts", "scripts/**/*.test.ts"],
    // oclif writes through console and process.stdout; an interceptor would swallow what a transcript compares.
    disableConsoleIntercept: true,
    // Key derivation (scrypt, 64 MiB a call) and real processes are slow on a busy two-core machine.
    testTimeout: 60_000,
    hookTimeout: 60_000,
    setupFiles: ["src/testing/setup.ts"],
    reporters: ["default", "./src/testing/count-reporter.ts"],
  },
});
