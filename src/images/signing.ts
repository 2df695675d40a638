import { type Bundle, formatBundle, parseBundle } from "../bundle/bundle.ts";
import { verifyEntries } from "../bundle/inclusion.ts";
import { type PublicKey } from "../bundle/key.ts";
import { type Recorder, recordSigned } from "../bundle/record.ts";
import { signStatement } from "../bundle/sign.ts";
import { type Signer } from "../bundle/signer.ts";
import { formatStatement, type Statement } from "../bundle/statement.ts";
import { verifyDsse } from "../bundle/verify.ts";
import { equalBytes } from "../bytes/join.ts";
import { toUtf8 } from "../bytes/utf8.ts";
import { Failure } from "../failure.ts";
import { type Descriptor } from "../oci/descriptor.ts";
import { type Digest } from "../oci/digest.ts";
import { formatImageManifest } from "../oci/manifest.ts";
import { MEDIA_TYPES } from "../oci/media-types.ts";
import { bundleReferrer, EMPTY_CONFIG } from "../oci/referrer.ts";
import { type AttachedBundle, readBundles } from "./bundles.ts";
import { type ImageRepository } from "./repository.ts";

/** Who signs, and where it is recorded. */
export interface Signing {
  readonly signer: Signer;
  /** Null where the signer asked for no log. */
  readonly recorder: Recorder | null;
  /** For the annotation `org.opencontainers.image.created`, which is a claim and never time. */
  readonly created: string;
}

/** What came of attaching a statement. */
export interface Attachment {
  readonly bundle: Bundle;
  /** The bundle, as stored. */
  readonly bytes: Uint8Array;
  /** The very statement was signed, logged and attached before; whatever was missing of that was added. */
  readonly reused: boolean;
  /** Manifests to which it was attached now. */
  readonly attached: readonly Digest[];
}

/**
 * Signs a statement, logs it, and attaches the one bundle to each of `subjects`.
 *
 * Doing it again changes nothing, and doing it after half of it failed does the other half: a bundle by this key over
 * this statement, in this log, that any of the subjects has is taken instead of a new one.
 *
 * @param subjects  manifests of the image, its root first
 */
export async function attachStatement(
  repository: ImageRepository,
  subjects: readonly Descriptor[],
  statement: Statement,
  signing: Signing,
): Promise<Attachment> {
  const present = new Map<Digest, readonly AttachedBundle[]>();
  for (const { digest } of subjects) present.set(digest, (await readBundles(repository, digest)).bundles);
  const known = [...present.values()].flat().find((found) => isSame(found, statement, signing));
  const { bundle, bytes } = known === undefined ? await makeBundle(statement, signing) : reread(known);

  const stored = await repository.pushBlob(bytes, MEDIA_TYPES.bundle);
  await repository.pushBlob(EMPTY_CONFIG, MEDIA_TYPES.empty);
  const lacking = subjects.filter(
    ({ digest }) => !present.get(digest)?.some((found) => found.digest === stored.digest),
  );
  for (const subject of lacking) {
    const referrer = bundleReferrer({
      subject,
      bundle: stored,
      predicateType: statement.predicateType,
      created: signing.created,
    });
    await repository.attach(formatImageManifest(referrer), subject.digest);
  }
  return { bundle, bytes, reused: known !== undefined, attached: lacking.map(({ digest }) => digest) };
}

/**
 * Whether `key` has signed a statement of `predicateType` about `subject`, by a bundle that is attached to it.
 */
export async function isSignedBy(
  repository: ImageRepository,
  subject: Digest,
  predicateType: string,
  key: PublicKey,
): Promise<boolean> {
  const { bundles } = await readBundles(repository, subject);
  const hex = subject.replace(/^sha256:/, "");
  return bundles.some((found) => {
    const statement = statementBy(found, key)?.statement;
    return statement?.predicateType === predicateType && statement.subjects.some(({ digest }) => digest.sha256 === hex);
  });
}

async function makeBundle(
  statement: Statement,
  { signer, recorder }: Signing,
): Promise<{ bundle: Bundle; bytes: Uint8Array }> {
  const [bundle] = await recordSigned([await signStatement(statement, signer)], recorder);
  if (bundle === undefined) throw new RangeError("one statement makes one bundle");
  return { bundle, bytes: toUtf8(formatBundle(bundle)) };
}

const reread = ({ bytes }: AttachedBundle): { bundle: Bundle; bytes: Uint8Array } => ({
  bundle: parseBundle(bytes),
  bytes,
});

function isSame(found: AttachedBundle, statement: Statement, { signer, recorder }: Signing): boolean {
  const verified = statementBy(found, signer.publicKey);
  if (verified === null || !equalBytes(formatStatement(verified.statement), formatStatement(statement))) return false;
  if (recorder === null) return true;
  const signed = { digest: verified.paeDigest, signature: verified.signature, key: signer.publicKey };
  return verifyEntries(parseBundle(found.bytes), signed, [recorder.log]).some(({ outcome }) => outcome === "included");
}

/** The statement of a bundle that `key` signed; null for the bundles of others, whatever is wrong with them. */
function statementBy({ bytes }: AttachedBundle, key: PublicKey): ReturnType<typeof verifyDsse> | null {
  try {
    return verifyDsse(parseBundle(bytes), key);
  } catch (error) {
    if (error instanceof Failure) return null;
    throw error;
  }
}
