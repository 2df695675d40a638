import { Failure } from "../failure.ts";

/** Address of the log with this origin, as its clients are told it. */
export const urlOfOrigin = (origin: string): string => `https://${origin}`;

/**
 * The origin that Sigstore clients expect of the log at `baseUrl`: its bare host name, without port and path.
 *
 * @returns null where it is not a plain http or https address, or its host is not written as URL parsers agree on:
 *          lower-case ASCII, no IPv6 literal, no short forms of IPv4
 */
export function originOfUrl(baseUrl: string): string | null {
  const url = URL.canParse(baseUrl) ? new URL(baseUrl) : null;
  if (url === null || !["http:", "https:"].includes(url.protocol)) return null;
  const plain = url.search === "" && url.hash === "";
  // A user or a password would stand between scheme and host.
  const asWritten =
    baseUrl.startsWith(`${url.protocol}//${url.host}`) && /^[a-z0-9_-]+(?:\.[a-z0-9_-]+)*$/.test(url.hostname);
  return plain && asWritten ? url.hostname : null;
}

/**
 * Checks that Sigstore clients will find a log with this origin: they take the host name of its address for its name.
 *
 * @throws bundle/unfindable-origin
 */
export function requireFindableOrigin(origin: string): void {
  if (originOfUrl(urlOfOrigin(origin)) !== origin) {
    throw new Failure("bundle/unfindable-origin", `${JSON.stringify(origin)} is not a bare host name in lower case`, {
      hint: "choose the host name the log will be served under, such as log.example.com: no scheme, port or path",
    });
  }
}
