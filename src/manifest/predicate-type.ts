/** The in-toto predicate types of this project's own statements. */
export const PREDICATE_TYPES = {
  /** What a node image must measure. */
  nodeMeasurement: "urn:assay:node-measurement:v1",
  /** What a container image is made of. */
  imageMeasurement: "urn:assay:image-measurement:v1",
  /** Which node measurements of a product still stand. */
  measurementStatus: "urn:assay:measurement-status:v1",
} as const;
