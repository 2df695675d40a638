/** Dialect, identity and title of a schema that `schemas/` publishes. */
export interface SchemaHead {
  readonly $schema: string;
  readonly $id: string;
  readonly title: string;
}

/**
 * The head of version 1 of a schema, the same way for every document.
 *
 * @param name   its file in `schemas/`, without `.v1.json`
 * @param title  what it describes, for people
 */
export const schemaHead = (name: string, title: string): SchemaHead => ({
  $schema: "https://json-schema.org/draft/2020-12/schema",
  $id: `urn:assay:schema:${name}:v1`,
  title: `${title}, version 1`,
});
