import { integer, string } from "@oclif/core/flags";

/** What no artefact tells: the release that a node image is. No clock is read for it. */
export const releaseFlags = {
  product: string({ required: true, description: "what is released under this name; policies name it whole" }),
  version: string({ required: true, description: "for people; never compared" }),
  sequence: integer({ required: true, min: 0, description: "place among the product's releases; only grows" }),
  svn: integer({ required: true, min: 0, description: "security version number" }),
  "not-before": string({
    required: true,
    helpValue: "TIME",
    description: "start of validity, as 2026-11-01T00:00:00Z",
  }),
  "not-after": string({ required: true, helpValue: "TIME", description: "end of validity" }),
};
