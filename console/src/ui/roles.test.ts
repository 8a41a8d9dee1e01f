// The roles that the server names in a refusal are found in its sentences, as crates/govern/src/staff.rs and crates/server/src/problem.rs write them.
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { rolesNamed } from "./roles";

test("roles in a refusal", () => {
  expect(rolesNamed("`user:mina` may not do this: it takes one of the roles `auditor`, `compliance_lead`", "ask")).toEqual([
    "auditor",
    "compliance_lead",
  ]);
  expect(rolesNamed("none of your roles may do `x`", "ask someone with one of these roles: analyst, holder, viewer")).toEqual([
    "analyst",
    "viewer",
  ]);
  expect(rolesNamed("none of your roles may do `x`", "ask someone with one of these roles: gate")).toEqual(["gate"]);
  expect(rolesNamed("only a person who is signed in sees personal data", "sign in yourself")).toEqual([]);
});

test("the server still says it so", () => {
  expect(readFileSync("../crates/govern/src/staff.rs", "utf8")).toContain("it takes one of the roles {list}");
  expect(readFileSync("../crates/server/src/problem.rs", "utf8")).toContain("ask someone with one of these roles: {allowed}");
});
