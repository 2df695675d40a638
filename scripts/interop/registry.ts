import { once } from "node:events";
import { createServer } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

import { type Workshop } from "./workshop.ts";

/**
 * Registries that images are pushed to, by the command that serves them. Neither answers the referrers API, so what is
 * attached is found by its tag.
 */
export const REGISTRIES = {
  crane: (address: string) => `crane registry serve --address ${address}`,
  "docker-registry": (address: string, workshop: Workshop) => {
    const storage = JSON.stringify({ filesystem: { rootdirectory: workshop.path("docker-registry") } });
    workshop.write("docker-registry.yml", `version: 0.1\nstorage: ${storage}\nhttp: { addr: "${address}" }\n`);
    return "docker-registry serve docker-registry.yml";
  },
} as const satisfies Record<string, (address: string, workshop: Workshop) => string>;

/** How long a registry may take to answer. */
const MAX_START_SECONDS = 20;

/** Starts a registry on loopback; gives `localhost:PORT` when it answers. */
export async function startRegistry(workshop: Workshop, name: keyof typeof REGISTRIES): Promise<string> {
  const port = await freePort();
  workshop.serve(REGISTRIES[name](`127.0.0.1:${port}`, workshop));
  const end = performance.now() + MAX_START_SECONDS * 1000;
  while (!(await answers(port))) {
    if (performance.now() > end) throw new Error(`${name} does not answer after ${MAX_START_SECONDS} s`);
    await sleep(50);
  }
  return `localhost:${port}`;
}

async function answers(port: number): Promise<boolean> {
  try {
    return (await fetch(`http://127.0.0.1:${port}/v2/`, { signal: AbortSignal.timeout(1000) })).ok;
  } catch {
    // Not listening yet.
    return false;
  }
}

/** A port that was free a moment ago; none of the registries says which one it took for itself. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  if (address === null || typeof address === "string") throw new Error("no port is free");
  return address.port;
}
