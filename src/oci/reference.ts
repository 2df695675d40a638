/**
 * What people type to name an image.
 *
 *     registry.example/team/app:1.0@sha256:…    a registry, as the distribution grammar has it
 *     oci:DIR[:TAG][@DIGEST]                    an OCI image layout
 *     oci-archive:FILE[:TAG]                    the same in a tar
 *     docker-archive:FILE[:TAG]                 what `docker save` writes
 *
 * A gate decides by these names, so whatever two programs could read differently is refused rather than repaired: upper
 * case, homoglyphs, schemes, `..`, shortened digests. Where a digest is given it decides, and the tag is decoration.
 */
import { Failure } from "../failure.ts";
import { type Digest, isDigest } from "./digest.ts";

export interface RegistryReference {
  readonly transport: "registry";
  /** Host and, where given, port: `docker.io`, `localhost:5000`, `[::1]:5000`. */
  readonly registry: string;
  readonly repository: string;
  readonly tag: string | null;
  readonly digest: Digest | null;
  /** `registry/repository`: what policies match and reports print. */
  readonly name: string;
}

export interface LayoutReference {
  readonly transport: "oci";
  readonly path: string;
  readonly tag: string | null;
  readonly digest: Digest | null;
}

export interface ArchiveReference {
  readonly transport: "oci-archive" | "docker-archive";
  readonly path: string;
  readonly tag: string | null;
}

export type Reference = RegistryReference | LayoutReference | ArchiveReference;

/** Characters in a whole reference; paths included. */
const MAX_CHARACTERS = 8192;
/** Distribution: characters in `registry/repository`. */
const MAX_NAME_CHARACTERS = 255;

const HOST_LABEL = "[a-z0-9](?:[a-z0-9-]*[a-z0-9])?";
const IPV6 = String.raw`\[[0-9a-f:]{2,39}\]`;
const REGISTRY = new RegExp(String.raw`^(?:${HOST_LABEL}(?:\.${HOST_LABEL})*|${IPV6})(?::([1-9][0-9]{0,4}))?$`);
/** distribution-spec, "Pulling manifests": one component of a name. */
const COMPONENT = "[a-z0-9]+(?:(?:\\.|_|__|-+)[a-z0-9]+)*";
const REPOSITORY = new RegExp(`^${COMPONENT}(?:/${COMPONENT})*$`);
const TAG = /^[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}$/;
const ARCHIVES = ["oci-archive", "docker-archive"] as const;

/**
 * Reads a reference. Registry names are normalised as Docker does: `nginx` is `docker.io/library/nginx:latest`, and the
 * tag `latest` is added only where neither tag nor digest is given.
 *
 * @throws oci/malformed-reference
 */
export function parseReference(text: string): Reference {
  if (text.length > MAX_CHARACTERS) throw malformed(`more than ${MAX_CHARACTERS} characters`);
  if (text.startsWith("oci:")) return parseLayoutReference(text.slice("oci:".length));
  for (const transport of ARCHIVES) {
    if (text.startsWith(`${transport}:`)) return parseArchiveReference(transport, text.slice(transport.length + 1));
  }
  return parseRegistryReference(text);
}

/** The normalised text of a reference; {@link parseReference} reads it back as the same. */
export function formatReference(reference: Reference): string {
  const tag = reference.tag === null ? "" : `:${reference.tag}`;
  const digest = "digest" in reference && reference.digest !== null ? `@${reference.digest}` : "";
  const name = reference.transport === "registry" ? reference.name : `${reference.transport}:${reference.path}`;
  return `${name}${tag}${digest}`;
}

function parseRegistryReference(text: string): RegistryReference {
  if (text.includes("://")) throw malformed("a scheme before it", "leave out https:// and docker://");
  const { rest, digest } = splitDigestSuffix(text, 0);
  const { path, tag } = splitTagSuffix(rest);
  const { registry, repository } = splitRegistry(path);
  const port = REGISTRY.exec(registry);
  if (port === null || Number(port[1] ?? 1) > 65_535) throw malformed("no lower-case host name with an optional port");
  if (!REPOSITORY.test(repository)) throw malformed("a repository that is not lower-case words between slashes");
  const name = `${registry}/${repository}`;
  if (name.length > MAX_NAME_CHARACTERS) throw malformed(`a name of more than ${MAX_NAME_CHARACTERS} characters`);
  return {
    transport: "registry",
    registry,
    repository,
    tag: tag === null && digest === null ? "latest" : tag,
    digest,
    name,
  };
}

/** Docker's rule: the first part is a host if it has a dot or a port, or is localhost; else it is on Docker Hub. */
function splitRegistry(path: string): { registry: string; repository: string } {
  const slash = path.indexOf("/");
  const first = path.slice(0, Math.max(slash, 0));
  const isHost = first === "localhost" || /[.:]/.test(first);
  const registry = isHost && first !== "index.docker.io" ? first : "docker.io";
  const repository = isHost ? path.slice(slash + 1) : path;
  if (/^[0-9a-f]{64}$/.test(repository)) throw malformed("64 hex digits, which is an image ID and not a name");
  if (registry === "docker.io" && !repository.includes("/")) return { registry, repository: `library/${repository}` };
  return { registry, repository };
}

/** A colon belongs to the directory unless it is the last one after the last slash: `oci:a:b/c:1.0` is tag 1.0 of `a:b/c`. */
function parseLayoutReference(text: string): LayoutReference {
  const { rest, digest } = splitDigestSuffix(text, text.lastIndexOf("/") + 1);
  const { path, tag } = splitTagSuffix(rest);
  requirePath(path);
  return { transport: "oci", path, tag, digest };
}

function parseArchiveReference(transport: (typeof ARCHIVES)[number], text: string): ArchiveReference {
  if (text.includes("@", text.lastIndexOf("/") + 1)) throw malformed("an @ after an archive, which takes a tag only");
  const { path, tag } = splitTagSuffix(text);
  requirePath(path);
  return { transport, path, tag };
}

/** Cuts `@digest` off, if there is an `@` at or after `from`. */
function splitDigestSuffix(text: string, from: number): { rest: string; digest: Digest | null } {
  const at = text.indexOf("@", from);
  if (at === -1) return { rest: text, digest: null };
  const digest = text.slice(at + 1);
  if (!isDigest(digest)) {
    throw malformed("an @ that no digest follows", "give all of sha256: and 64 lower-case hex digits");
  }
  return { rest: text.slice(0, at), digest };
}

/** Cuts `:tag` off, if there is a colon after the last slash. */
function splitTagSuffix(text: string): { path: string; tag: string | null } {
  const colon = text.lastIndexOf(":");
  if (colon <= text.lastIndexOf("/")) return { path: text, tag: null };
  const tag = text.slice(colon + 1);
  if (!TAG.test(tag)) throw malformed("a colon that no tag follows");
  return { path: text.slice(0, colon), tag };
}

function requirePath(path: string): void {
  // oxlint-disable-next-line no-control-regex -- refusing control characters is the purpose
  if (path === "" || /[\u0000-\u001f\u007f]|\p{Surrogate}/u.test(path)) {
    throw malformed("an empty path, or control characters in it");
  }
}

/** The reference itself is not in the message: it may be anything. */
const malformed = (what: string, hint?: string): Failure =>
  new Failure("oci/malformed-reference", `an image reference has ${what}`, hint === undefined ? {} : { hint });
