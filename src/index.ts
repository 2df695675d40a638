/**
 * The public API: what another program needs to make the same decisions offline. Everything else is internal and may
 * change with any release.
 */
export { type FoundBundle } from "./admit/candidate.ts";
export { admitImage, type ImageRequest } from "./admit/image.ts";
export { admitNodeImage, type NodeImageRequest } from "./admit/node-image.ts";
export { NOTHING_REMEMBERED, type Remembered } from "./admit/terms.ts";
export { type Bound, type Check, type CheckName, type Subject, type Verdict } from "./admit/verdict.ts";
export { Failure, FAILURES, type FailureCode, type FailureKind, KINDS, type NoteCode, NOTES } from "./failure.ts";
export { type ImageQuestion, judgeImage } from "./gate/image.ts";
export { judgeNodeImage, type NodeImageQuestion } from "./gate/node-image.ts";
export { type ImageRepository } from "./images/repository.ts";
export { openLayout } from "./layout/layout.ts";
export { type Policy, readPolicy } from "./policy/policy.ts";
