import { admitNodeImage, type NodeImageRequest } from "../admit/node-image.ts";
import { type Remembered } from "../admit/terms.ts";
import { fail, type Verdict, verdictOf } from "../admit/verdict.ts";
import { type ByteSource } from "../bytes/source.ts";
import { Failure } from "../failure.ts";
import { measureUki } from "../measure/uki.ts";
import { type Policy } from "../policy/policy.ts";

/** A node image and what came with it; {@link NodeImageRequest} before the image was measured. */
export type NodeImageQuestion = Omit<NodeImageRequest, "uki"> & { readonly source: ByteSource };

/**
 * Measures a node image and has it decided.
 *
 * @throws what keeps the image from being read at all; an image that is not one is denied
 */
export async function judgeNodeImage(
  question: NodeImageQuestion,
  policy: Policy,
  remembered: Remembered,
  now: Date,
): Promise<Verdict> {
  const { source, ...rest } = question;
  try {
    return admitNodeImage({ ...rest, uki: await measureUki(source) }, policy, remembered, now);
  } catch (error) {
    if (!(error instanceof Failure) || (error.kind !== "malformed" && error.kind !== "denied")) throw error;
    const subject = { kind: "node-image", name: question.name, digest: null } as const;
    return verdictOf(subject, policy, now, ["content"], [fail("content", error.code, error.message)], []);
  }
}
