import { string } from "@oclif/core/args";

/** One image, as a person names it. */
export const image = string({ required: true, description: "image reference: oci:DIR[:TAG][@DIGEST]" });
