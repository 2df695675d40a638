/** Failures: the one error thrown on purpose, and the table of everything that can be reported. */

/**
 * What sort of "no" a failure is; it fixes the exit status and, for the servers, the HTTP status.
 *
 * Under `verify` and `admit` whatever is wrong with the judged thing or its evidence exits 3, whatever its kind here.
 */
export const KINDS = {
  /** Well-formed, checked, and the answer is no. */
  denied: { exit: 3, http: 403 },
  /** Not what its specification says. */
  malformed: { exit: 4, http: 400 },
  /** The image, file, key or log named does not exist. */
  missing: { exit: 5, http: 404 },
  /** The state moved since the caller read it. */
  conflict: { exit: 6, http: 409 },
  /** Could not look: network, disk, database, a limit. Trying again may help. */
  unavailable: { exit: 7, http: 503 },
} as const;
export type FailureKind = keyof typeof KINDS;

/** Every failure this project reports, by folder. A code is `<folder in src>/<what>`, and is never renamed. */
export const FAILURES = {
  // bytes: hex, base64, UTF-8 and cursors
  "bytes/malformed-hex": "malformed",
  "bytes/malformed-base64": "malformed",
  "bytes/malformed-utf8": "malformed",
  "bytes/malformed-pem": "malformed",
  "bytes/out-of-range": "malformed",

  // json
  "json/malformed": "malformed",
  "json/duplicate-key": "malformed",
  "json/lone-surrogate": "malformed",
  "json/too-deep": "malformed",
  "json/too-large": "malformed",
  "json/not-canonical": "malformed",

  // der
  "der/malformed": "malformed",
  "der/too-deep": "malformed",

  // pe
  "pe/malformed": "malformed",
  "pe/overlap": "malformed",
  "pe/duplicate-section": "malformed",

  // merkle
  "merkle/index-out-of-range": "denied",
  "merkle/size-out-of-range": "denied",
  "merkle/proof-length": "denied",
  "merkle/root-mismatch": "denied",
  "merkle/invalid-subtree": "denied",

  // note
  "note/malformed": "malformed",
  "note/malformed-vkey": "malformed",
  "note/unknown-key": "denied",
  "note/bad-signature": "denied",
  "note/unsupported-key": "malformed",
  "note/ambiguous-key": "malformed",

  // oci
  "oci/malformed-reference": "malformed",
  "oci/malformed-digest": "malformed",
  "oci/malformed-manifest": "malformed",
  "oci/malformed-index": "malformed",
  "oci/malformed-config": "malformed",
  "oci/unsupported-media-type": "malformed",

  // tlog
  "tlog/malformed-checkpoint": "malformed",
  "tlog/wrong-origin": "denied",
  "tlog/malformed-path": "malformed",
  "tlog/malformed-tile": "malformed",
  "tlog/malformed-entry-bundle": "malformed",
  "tlog/entry-too-large": "malformed",
  "tlog/malformed-proof": "malformed",
  "tlog/forked": "denied",

  // measure
  "measure/not-a-uki": "malformed",
  "measure/unsupported-uki": "malformed",
  "measure/malformed-cmdline": "malformed",
  "measure/malformed-layer": "malformed",
  "measure/layer-too-large": "unavailable",
  "measure/foreign-layer": "denied",

  // bundle
  "bundle/malformed": "malformed",
  "bundle/malformed-envelope": "malformed",
  "bundle/malformed-statement": "malformed",
  "bundle/malformed-entry": "malformed",
  "bundle/malformed-key": "malformed",
  "bundle/unsupported-key": "malformed",
  "bundle/message-too-large": "unavailable",
  "bundle/malformed-trusted-root": "malformed",
  "bundle/unfindable-origin": "malformed",
  "bundle/certificate-material": "denied",
  "bundle/wrong-content": "denied",
  "bundle/bad-signature": "denied",
  "bundle/digest-mismatch": "denied",
  "bundle/pae-shaped": "denied",
  "bundle/unsupported-entry": "denied",
  "bundle/unknown-log": "denied",
  "bundle/duplicate-entry": "denied",
  "bundle/entry-digest-mismatch": "denied",
  "bundle/entry-key-mismatch": "denied",
  "bundle/entry-signature-mismatch": "denied",
  "bundle/no-inclusion-proof": "denied",
  "bundle/bad-checkpoint": "denied",
  "bundle/not-included": "denied",
  "bundle/unproven-entry": "denied",

  // manifest
  "manifest/malformed": "malformed",
  "manifest/register-mismatch": "denied",
  "manifest/register-missing": "denied",
  "manifest/not-yet-valid": "denied",
  "manifest/expired": "denied",
  "manifest/revoked": "denied",
  "manifest/superseded": "denied",
  "manifest/rolled-back": "denied",
  "manifest/status-unknown": "denied",
  "manifest/status-not-yet-valid": "denied",
  "manifest/status-expired": "denied",
  "manifest/status-stale": "denied",
  "manifest/status-rolled-back": "denied",

  // witness
  "witness/malformed-policy": "malformed",
  "witness/quorum-not-met": "denied",
  "witness/unlisted-log": "denied",

  // policy
  "policy/malformed": "malformed",
  "policy/pin-mismatch": "malformed",

  // admit
  "admit/no-rule": "denied",
  "admit/no-product": "denied",
  "admit/digest-required": "denied",
  "admit/unsigned": "denied",
  "admit/wrong-key": "denied",
  "admit/threshold": "denied",
  "admit/subject-mismatch": "denied",
  "admit/platform-not-covered": "denied",
  "admit/unlogged": "denied",
  "admit/checkpoint-stale": "denied",
  "admit/log-not-valid": "denied",
  "admit/key-not-valid": "denied",
  "admit/key-revoked": "denied",
  "admit/key-use": "denied",
  "admit/no-measurement": "denied",
  "admit/measurement-mismatch": "denied",
  "admit/no-attestation": "denied",
  "admit/recipe-only": "denied",
  "admit/status-missing": "denied",
  "admit/register-missing": "denied",
  "admit/register-mismatch": "denied",
  "admit/policy-expired": "denied",
  "admit/policy-rolled-back": "denied",

  // images (whatever holds them)
  "images/missing": "missing",
  "images/ambiguous": "missing",
  "images/blob-mismatch": "denied",
  "images/diffid-mismatch": "denied",
  "images/duplicate-platform": "denied",
  "images/malformed": "malformed",
  "images/too-large": "unavailable",

  // gate
  "gate/deadline": "unavailable",
  "gate/underived": "malformed",
  "gate/not-a-subject": "malformed",
  "gate/attach-unsigned": "denied",

  // layout (OCI image layouts)
  "layout/missing": "missing",
  "layout/malformed": "malformed",
  "layout/conflict": "conflict",
  "layout/unreadable": "unavailable",

  // keys
  "keys/malformed": "malformed",
  "keys/wrong-password": "malformed",
  "keys/no-password": "missing",
  "keys/password-mismatch": "malformed",
  "keys/too-open": "malformed",

  // log
  "log/missing": "missing",
  "log/exists": "conflict",
  "log/malformed": "malformed",
  "log/unsupported-version": "malformed",
  "log/malformed-origin": "malformed",
  "log/malformed-seed": "malformed",
  "log/wrong-seed": "malformed",
  "log/seed-too-open": "malformed",
  "log/no-entry": "missing",
  "log/no-tile": "missing",
  "log/tile-conflict": "denied",
  "log/entry-too-large": "malformed",
  "log/invalid-entry": "denied",
  "log/no-lock": "conflict",
  "log/lock-exists": "conflict",
  "log/lost-race": "conflict",
  "log/rolled-back": "denied",
  "log/forked": "denied",
  "log/inconsistent": "denied",
  "log/busy": "unavailable",
  "log/unavailable": "unavailable",

  // cli
  "cli/no-artefact": "malformed",
  "cli/malformed-report": "malformed",
  "cli/no-log": "malformed",
  "cli/unknown-kind": "malformed",
  "cli/malformed-pair": "malformed",
  "cli/conflicting-flags": "malformed",
  "cli/unsupported-log": "malformed",
  "cli/unsupported-transport": "malformed",

  // files
  "files/missing": "missing",
  "files/unreadable": "unavailable",
  "files/too-large": "unavailable",
  "files/exists": "conflict",
  "files/unwritable": "unavailable",
} as const satisfies Record<string, FailureKind>;
export type FailureCode = keyof typeof FAILURES;

/** What a verdict says beside its answer: things not proven that the policy did not ask for. */
export const NOTES = {
  "tlog/unwitnessed": "no witness has cosigned the checkpoint, so a log that shows two histories is not excluded",
  "tlog/unlogged": "the log was skipped because the operator asked for it",
  "manifest/status-unknown": "no status statement was demanded, so a superseded or revoked measurement is not excluded",
  "manifest/recipe-only": "the values were recorded without the artefacts they come from",
  "policy/expires-soon": "the policy ends within 14 days",
  "policy/exception-used": "a check was waived by an exception of the policy",
  "policy/exception-ignored": "an exception for this subject is outside its time and was ignored",
} as const;
export type NoteCode = keyof typeof NOTES;

/**
 * The only error thrown on purpose. Anything else that escapes is a bug and exits 1.
 *
 * @param code     stable identifier, one of {@link FAILURES}
 * @param message  lower case, what was found and what was wanted; no secrets, no advice
 * @param options  `hint` is what to do next; `cause` the error underneath
 */
export class Failure extends Error {
  override readonly name = "Failure";
  readonly code: FailureCode;
  readonly hint: string | undefined;

  constructor(code: FailureCode, message: string, options: { cause?: unknown; hint?: string } = {}) {
    super(message, options.cause === undefined ? {} : { cause: options.cause });
    this.code = code;
    this.hint = options.hint;
  }

  get kind(): FailureKind {
    return FAILURES[this.code];
  }
}
