import { afterAll, beforeAll, vi } from "vitest";

import { temporaryDirectory } from "./temporary.ts";

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
