/** Another letter of the base64 alphabet, in the place of each. */
const other = (letter: string): string => (letter === "A" ? "B" : "A");

/** Changes exactly one place of a text; nothing to change is an error, or the forgery would be the original. */
function change(text: string, pattern: RegExp, replace: (...groups: readonly string[]) => string): string {
  const changed = text.replace(pattern, (_whole, ...groups: readonly string[]) => replace(...groups));
  if (changed === text) throw new Error(`nothing like ${String(pattern)} to forge`);
  return changed;
}

/** A bundle whose inclusion proof has another first hash. */
export const forgeProof = (bundle: string): string =>
  change(bundle, /("hashes": ?\[\s*")(.)/, (before = "", letter = "") => `${before}${other(letter)}`);

/** A bundle whose signature is another. */
export const forgeSignature = (bundle: string): string =>
  change(bundle, /("sig": ?".{40})(.)/, (before = "", letter = "") => `${before}${other(letter)}`);

/** A bundle whose checkpoint tells of another tree than the log signed. */
export const forgeCheckpoint = (bundle: string): string =>
  change(bundle, /("envelope": ?"[^\\]*\\n\d+\\n)(.)/, (before = "", letter = "") => `${before}${other(letter)}`);

/** A bundle with a sound proof in a log of the forger's own, passed off as another log's. */
export function passOff(bundle: string, from: ForgedLog, as: ForgedLog): string {
  const renamed = bundle.replaceAll(from.origin, as.origin);
  const filed = change(renamed, /("keyId": ?")([^"]*)/, (before = "") => `${before}${as.keyId}`);
  // A signature line begins with four bytes of the key's hash, by which a verifier picks the key.
  return change(filed, /(\u2014 \S+ )([A-Za-z0-9+/=]+)/, (before = "", line = "") => {
    const [hint, signature] = [Buffer.from(as.keyId, "base64").subarray(0, 4), Buffer.from(line, "base64").subarray(4)];
    return before + Buffer.concat([hint, signature]).toString("base64");
  });
}

/** What names a log in a bundle. */
export interface ForgedLog {
  readonly origin: string;
  /** Base64, as in a trusted root. */
  readonly keyId: string;
}
