import fc from "fast-check";
import { afterAll, beforeAll, vi } from "vitest";

import { temporaryDirectory } from "./temporary.ts";

/**
 * Where a change is judged, properties run on the same inputs each time, so that a finding belongs to the change; people's
 * own runs and `npm run fuzz` look further.
 */
if (process.env["CI"] !== undefined) fc.configureGlobal({ ...fc.readConfigureGlobal(), seed: 20_261_122 });

/** Tests never see the developer's own state, passwords or colours. */
beforeAll(() => {
  vi.stubEnv("XDG_STATE_HOME", temporaryDirectory());
  vi.stubEnv("ASSAY_PASSWORD", undefined);
  vi.stubEnv("ASSAY_NEW_PASSWORD", undefined);
  vi.stubEnv("ASSAY_LOG_PASSWORD", undefined);
  vi.stubEnv("COSIGN_PASSWORD", undefined);
  vi.stubEnv("NO_COLOR", "1");
});
afterAll(() => {
  vi.unstubAllEnvs();
});
