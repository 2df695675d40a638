import { type ImageRule, type NodeRule, type Policy, type SignatureDemand, type TransparencyDemand } from "./policy.ts";

const SOON_MS = 14 * 86_400_000;

/** A policy in sentences: what each rule demands, and what a person should think about. */
export function describePolicy(
  policy: Policy,
  now: Date,
): { readonly rules: readonly string[]; readonly notes: readonly string[] } {
  return {
    rules: [...policy.images.map(describeImageRule), ...policy.nodes.map(describeNodeRule)],
    notes: [...timeNotes(policy, now), ...relaxations(policy), ...exceptionNotes(policy, now)],
  };
}

const describeImageRule = ({ name, match, signatures, transparency, measurement, ...rule }: ImageRule): string =>
  [
    `${name}: images ${match.map(({ text }) => text).join(", ")}`,
    rule.digestRequired ? "by digest" : "by digest or tag",
    rule.coverChildren ? "all platforms" : "the manifest referred to",
    signers(signatures),
    logged(transparency),
    measurement === null ? "no measurement" : `measured by ${signers(measurement)}`,
    ...rule.attestations.map((each) => `${each.predicateType} by ${signers(each.signatures)}`),
  ].join("; ");

const describeNodeRule = ({
  name,
  products,
  signatures,
  transparency,
  status,
  registers,
  minSequence,
}: NodeRule): string =>
  [
    `${name}: node images of ${products.join(", ")}`,
    signers(signatures),
    logged(transparency),
    status === null
      ? "no status"
      : `a status not older than ${status.maxAgeSeconds} s by ${signers(status.signatures)}`,
    `sequence ${minSequence} or later`,
    ...[...registers].map(([platform, names]) => `${platform}: ${names.join(", ")}`),
  ].join("; ");

const signers = ({ threshold, of }: SignatureDemand): string =>
  `${threshold} of ${of.map(({ name }) => name).join(", ")}`;

function logged(transparency: TransparencyDemand | null): string {
  if (transparency === null) return "no log";
  const logs = transparency.logs.map(({ origin }) => origin).join(" or ");
  return `logged in ${logs} ${transparency.witnesses === null ? "without witnesses" : "with a quorum of witnesses"}`;
}

function timeNotes({ notAfter }: Policy, now: Date): readonly string[] {
  if (notAfter === null) return [];
  if (now > notAfter) return ["the policy has ended: it admits nothing"];
  return notAfter.getTime() - now.getTime() < SOON_MS ? [`the policy ends at ${notAfter.toISOString()}`] : [];
}

const relaxations = ({ images, nodes }: Policy): readonly string[] => [
  ...[...images, ...nodes]
    .filter(({ transparency }) => transparency?.witnesses === null)
    .map(({ name }) => `${name}: without witnesses, a log that shows two histories is not excluded`),
  ...images.filter(({ measurement }) => measurement === null).map(({ name }) => `${name}: images are not measured`),
  ...nodes
    .filter(({ status }) => status === null)
    .map(({ name }) => `${name}: without a status, revoked and superseded measurements are not excluded`),
  ...nodes
    .filter(({ acceptRecipeOnly }) => acceptRecipeOnly)
    .map(({ name }) => `${name}: measurements that nobody derived from artefacts are accepted`),
  ...nodes.filter(({ registers }) => registers.size === 0).map(({ name }) => `${name}: no registers are required`),
];

const exceptionNotes = ({ exceptions }: Policy, now: Date): readonly string[] =>
  exceptions.map(({ id, notAfter }) =>
    now > notAfter
      ? `exception ${id} has ended and waives nothing`
      : `exception ${id} ends at ${notAfter.toISOString()}`,
  );
