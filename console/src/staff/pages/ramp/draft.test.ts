// A ramp that is being written, and sums of the report.
import { expect, test } from "vitest";
import type { Ramp } from "../../parts/rampText";
import { draftOf, isPercent, isRoute, isSound, rampOf, same } from "./draft";
import { summed } from "./report";

const RAMP: Ramp = {
  default: "shadow",
  ends: "refused",
  rules: [{ segment: "retail", effect: "order", percent: 25, stage: "allowlist" }],
};

test("read into fields and out again it is the same", () => {
  expect(rampOf(draftOf(RAMP))).toEqual(RAMP);
  expect(same(RAMP, { ...RAMP, rules: [{ ...RAMP.rules?.[0], route: null, stage: "allowlist" }] })).toBe(true);
  expect(same(RAMP, { ...RAMP, default: "ladder" })).toBe(false);
  expect(rampOf(draftOf({ default: "ladder" }))).toEqual({ default: "ladder", ends: "refused", rules: [] });
});

test("ended keys pass only where nothing is refused", () => {
  expect(rampOf({ rules: [], rest: "shadow", ends: "recorded" }).ends).toBe("recorded");
  expect(rampOf({ rules: [], rest: "ladder", ends: "recorded" }).ends).toBe("refused");
});

test.each(["", "/v1/orders*", "*", "/"])("%j is a route", (text) => expect(isRoute(text)).toBe(true));
test.each(["v1", "/v1 x", "/주문", `/${"a".repeat(256)}`])("%j is none", (text) => expect(isRoute(text)).toBe(false));
test.each(["1", "25", "100"])("%s is a share", (text) => expect(isPercent(text)).toBe(true));
test.each(["0", "101", "2.5", "", "-1", "1e1"])("%j is none", (text) => expect(isPercent(text)).toBe(false));
test("one bad rule keeps it", () => {
  const { rules, ...rest } = draftOf(RAMP);
  expect(isSound({ ...rest, rules })).toBe(true);
  expect(isSound({ ...rest, rules: rules.map((rule) => ({ ...rule, route: "no" })) })).toBe(false);
});

test("sums, the largest first", () => {
  const cause = (reason: string, segment: string | null, count: number) => ({ reason, segment, effect: "order", count });
  const all = [cause("a", "retail", 3), cause("b", null, 4), cause("a", null, 2)];
  expect(summed(all, ({ reason }) => reason)).toEqual([
    ["a", 5],
    ["b", 4],
  ]);
  expect(summed(all, ({ segment }) => segment ?? "?")).toEqual([
    ["?", 6],
    ["retail", 3],
  ]);
});
