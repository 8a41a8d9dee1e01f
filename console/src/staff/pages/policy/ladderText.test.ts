// The server's own snapshot of a ladder is taken apart whole: rules, who acts, and conditions without a bracket left.
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { ladderIn, ladderOf, type Tree, treeOf } from "./ladderText";

const snapshot =
  readFileSync("../crates/policy/tests/snapshots/texts__a_ladder_in_plain_words.snap", "utf8").split("\n---\n")[1] ?? "";
const second = snapshot.indexOf("Default policy (");
const said = { ko: snapshot.slice(0, second), en: snapshot.slice(second) };

const leaves = (tree: Tree): string[] =>
  typeof tree === "string" ? [tree] : "not" in tree ? leaves(tree.not) : ("all" in tree ? tree.all : tree.any).flatMap(leaves);

test("a ladder of the server is taken apart, alike in both languages", () => {
  for (const lang of ["ko", "en"] as const) {
    const ladder = ladderIn(lang, said);
    expect(ladder?.steps.map((step) => step.measure)).toEqual(["monitor", "warn", "hold", "reverify", "expire"]);
    const rules = ladder?.steps.flatMap((step) => step.rules) ?? [];
    expect(rules.length).toBe((said[lang].match(/^ {2}· \[/gm) ?? []).length);
    expect(rules.filter((rule) => !rule.machine).length).toBe(said[lang].match(/\[(사람이 결정|people decide)\]/g)?.length);
    for (const leaf of rules.flatMap((rule) => leaves(rule.when))) expect(leaf).not.toMatch(/[()]| and |, 그리고|, 또는/);
    expect(ladder?.steps.every((step) => step.leaves.length === 1)).toBe(true);
    expect(ladder?.rest.length).toBe(2);
  }
});

test("a condition is a tree, and a name between quotation marks stays whole", () => {
  expect(treeOf("under hold and (a or b and c)")).toEqual({ all: ["under hold", { any: ["a", { all: ["b", "c"] }] }] });
  expect(treeOf("at least 1 earlier episode with warning or more")).toBe("at least 1 earlier episode with warning or more");
  expect(treeOf("the signal ‘this and that’ has at least 5 points")).toBe("the signal ‘this and that’ has at least 5 points");
  expect(treeOf("not (a and b)")).toEqual({ not: { all: ["a", "b"] } });
});

test("what has another shape is shown as it is", () => {
  expect(ladderOf("")).toBeNull();
  expect(ladderOf(said.en.replace("[by machine]", "[by somebody]"))).toBeNull();
  expect(ladderIn("en", { ko: said.ko, en: said.en.replace("seen on at least 2 days", "seen and seen again") })).toBeNull();
});
