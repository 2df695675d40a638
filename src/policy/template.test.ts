import { describe, expect, test } from "vitest";

import { toUtf8 } from "../bytes/utf8.ts";
import { parsePolicy } from "./document.ts";
import { newPolicy, type PolicyTemplate } from "./template.ts";

const file = (name: string) => ({ file: name, sha256: "ab".repeat(32) });
const TEMPLATE: PolicyTemplate = {
  name: "default",
  notAfter: "2027-05-21T00:00:00Z",
  key: file("release.pub"),
  log: { ...file("log/trusted_root.json"), origin: "log.example.com" },
  witnesses: file("witnesses.txt"),
  images: ["registry.example/acme/**"],
  product: "acme-node",
};

describe("a new policy is accepted as it is written", () => {
  test.each<[string, Partial<PolicyTemplate>]>([
    ["with all", {}],
    ["without witnesses", { witnesses: null }],
    ["without images", { images: [] }],
    ["without nodes", { product: null }],
    ["without rules", { images: [], product: null }],
    ["for layouts", { images: ["oci:**"] }],
    [
      "with names that YAML could take for something else",
      { key: file("yes"), log: { ...file("1.0"), origin: "1e3.no" } },
    ],
    ["with names that YAML has to quote", { key: file("a: &b *c #d !e"), product: "a/b.c_d-e" }],
  ])("%s", (_name, change) => {
    const template = { ...TEMPLATE, ...change };
    const document = parsePolicy(toUtf8(newPolicy(template)));
    expect(document.trust.keys).toMatchObject([template.key]);
    expect(document.trust.logs).toMatchObject([template.log]);
    expect(document.images.flatMap(({ match }) => match)).toEqual(template.images);
    expect(document.nodes.flatMap(({ products }) => products)).toEqual(
      template.product === null ? [] : [template.product],
    );
  });
});

test("what was given is demanded, and what was not has a reason beside it", () => {
  const full = parsePolicy(toUtf8(newPolicy(TEMPLATE)));
  expect(full.images[0]).toMatchObject({
    digest: "required",
    platforms: "index-and-children",
    transparency: { witnesses: "quorum" },
    measurement: { signatures: { threshold: 1 } },
  });
  expect(full.nodes[0]).toMatchObject({ status: { required: true }, recipeOnly: "deny" });
  const bare = parsePolicy(toUtf8(newPolicy({ ...TEMPLATE, witnesses: null })));
  expect(bare.images[0]?.transparency).toMatchObject({ witnesses: "none", because: expect.any(String) });
});

describe("what makes no policy is refused before it is written", () => {
  test.each<[string, Partial<PolicyTemplate>]>([
    ["a name in upper case", { name: "Default" }],
    ["a short Docker name", { images: ["nginx"] }],
    ["a product in upper case", { product: "Acme" }],
    ["a time that is none", { notAfter: "2027-02-30T00:00:00Z" }],
  ])("%s", (_name, change) => {
    expect(() => newPolicy({ ...TEMPLATE, ...change })).toThrow(expect.objectContaining({ code: "policy/malformed" }));
  });
});
