import { originOfUrl, urlOfOrigin } from "../bundle/origin.ts";
import { Failure } from "../failure.ts";

const MAX_ORIGIN_CHARACTERS = 255;
/** How the origin of a Rekor v1 shard ends, ` - <tree id>`; sigstore-go then looks for other keys. */
const REKOR_V1 = /.* - [0-9]+$/;

/**
 * Checks that clients would find a log of this name.
 *
 * sigstore-go takes the host name of the log's base URL for the name in its checkpoints, and others look for the one
 * inside the other. So an origin is a bare host name as URLs write it: no scheme, port, path, capitals or final dot.
 *
 * @throws log/malformed-origin
 */
export function requireOrigin(origin: string): void {
  const isFound =
    origin.length <= MAX_ORIGIN_CHARACTERS &&
    originOfUrl(urlOfOrigin(origin)) === origin &&
    !origin.endsWith(".") &&
    !REKOR_V1.test(origin);
  if (isFound) return;
  throw new Failure("log/malformed-origin", `${JSON.stringify(origin)} is not a bare host name as a URL writes it`, {
    hint: "name the log by the host it will be served under, such as log.example.com: no scheme, port, path or capitals",
  });
}
