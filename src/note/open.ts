import { Failure } from "../failure.ts";
import { verifyCosignature } from "./cosignature.ts";
import { type Note, type NoteSignature } from "./note.ts";
import { verifyNoteSignature } from "./signature.ts";
import { type VerifierKey } from "./vkey.ts";

/** A note of which at least one signature held. */
export interface OpenNote {
  readonly text: string;
  /** The signatures that held, in the order of their lines; one for each key, its first. */
  readonly verified: readonly NoteSignature[];
}

/**
 * Verifies a note against the keys one knows, c2sp.org/signed-note.
 *
 * Lines of other names or key IDs are ignored; a bad line of a known key refuses the whole note, even beside good ones.
 *
 * @param keys what is trusted; two different keys must not share name and key ID
 * @throws note/bad-signature if a signature by one of the keys does not hold
 * @throws note/unknown-key   if no line is by one of the keys
 * @throws note/ambiguous-key if two of the keys cannot be told apart by name and key ID
 */
export function openNote(note: Note, keys: readonly VerifierKey[]): OpenNote {
  const known = indexKeys(keys);
  const verified = new Map<string, NoteSignature>();
  for (const signature of note.signatures) {
    const id = identity(signature);
    const key = known.get(id);
    if (key === undefined) continue;
    requireSignature(key, note.text, signature);
    if (!verified.has(id)) verified.set(id, signature);
  }
  if (verified.size === 0) {
    const names = keys.map(({ name, keyId }) => `${name}+${keyId}`).join(", ");
    throw new Failure("note/unknown-key", `no signature is by a known key, want ${names || "at least one known key"}`);
  }
  return { text: note.text, verified: [...verified.values()] };
}

function requireSignature(key: VerifierKey, text: string, { signature }: NoteSignature): void {
  switch (key.type) {
    case "ed25519":
    case "ecdsa":
      if (!verifyNoteSignature(key, text, signature)) {
        throw new Failure("note/bad-signature", `the signature of ${key.name}+${key.keyId} does not fit the text`);
      }
      return;
    case "ed25519-cosignature":
    case "ml-dsa-44-cosignature":
      verifyCosignature(key, text, signature);
  }
}

function indexKeys(keys: readonly VerifierKey[]): ReadonlyMap<string, VerifierKey> {
  const known = new Map<string, VerifierKey>();
  for (const key of keys) {
    const other = known.get(identity(key));
    if (other !== undefined && !sameKey(key, other)) {
      throw new Failure("note/ambiguous-key", `two keys are both called ${key.name}+${key.keyId}`);
    }
    known.set(identity(key), key);
  }
  return known;
}

/** A name holds no `+`, so no two pairs read the same. */
const identity = ({ name, keyId }: { name: string; keyId: string }): string => `${name}+${keyId}`;

const sameKey = (a: VerifierKey, b: VerifierKey): boolean =>
  a.type === b.type && Buffer.compare(a.publicKey, b.publicKey) === 0;
