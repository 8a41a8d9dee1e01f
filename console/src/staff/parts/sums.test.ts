// That what is shown adds up, and that no probability is shown.
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { added, asked, inPoints } from "./sums";

const pieces = (...of: [points: number, counts_milli: number][]) =>
  of.map(([points, counts_milli]) => ({ points, counts_milli }));

test("the pieces of a term add up to it", () => {
  expect(added(pieces([2_800, 1_000], [1_466, 300], [900, 0]), 3_240)).toEqual({ adds: [2_800, 440, 0], rest: 0 });
  // Rounded apart.
  expect(added(pieces([2_800, 1_000], [1_467, 300]), 3_241)).toEqual({ adds: [2_800, 441], rest: 0 });
  // Capped.
  expect(added(pieces([4_000, 1_000], [3_000, 300]), 4_500)).toEqual({ adds: [4_000, 900], rest: -400 });
  expect(added([], 0)).toEqual({ adds: [], rest: 0 });
});

test("a condition asks for points, never for a probability", () => {
  expect(inPoints("ko", "공유 위험이 0.05 이상(3,268점), 또는 1,200점 이상인 근거가 1가지 이상")).toBe(
    "공유 합계 3,268점 이상, 또는 1,200점 이상인 근거가 1가지 이상",
  );
  expect(inPoints("en", "the risk of sharing is at least 0.95 (9,157 points) and hard")).toBe(
    "the sharing total is at least 9,157 points and hard",
  );
});

test("the server says it in the same words by now", () => {
  const source = readFileSync("../crates/policy/src/explain/plain.rs", "utf8");
  for (const said of ["{score} 합계 {points}점 이상", "the {} total is at least {points} points"]) expect(source).toContain(said);
});

test("a bar is full at what the next rule asks of that total", () => {
  const rule = (en: string) => ({
    parts: [{ condition: "", said: { ko: "", en }, reading: "not_met" as const, values: [] }],
  });
  const rules = [
    rule("the sharing total is at least 3,268 points"),
    rule("the sharing total is at least 9,157 points, or hard evidence"),
    rule("the market total is at least 500 points"),
  ];
  expect(asked(rules, "sharing", 0)).toBe(3_268);
  expect(asked(rules, "sharing", 3_268)).toBe(9_157);
  expect(asked(rules, "sharing", 20_000)).toBe(9_157);
  expect(asked(rules, "market", 20)).toBe(500);
  expect(asked([rule("hard evidence")], "sharing", 20)).toBeNull();
});
