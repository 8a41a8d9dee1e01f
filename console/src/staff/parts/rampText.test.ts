// Ramps in words of both languages.
import { expect, test } from "vitest";
import { isRamp, type Ramp, rampLines, refusesAny, whoSaid } from "./rampText";

const RAMP: Ramp = {
  default: "shadow",
  ends: "refused",
  rules: [
    { segment: "retail", effect: "order", route: null, percent: 25, stage: "allowlist" },
    { route: "/v1/orders*", percent: 100, stage: "ladder" },
  ],
};

test("rules in order, the rest, ended keys", () => {
  expect(rampLines("en", RAMP)).toEqual([
    "1. Retail · Orders · 25 of 100 keys: Credentials and addresses refused",
    "2. route /v1/orders*: All refusals carried out",
    "everything else: Decided and recorded, nothing refused",
    "Ended keys are refused at every stage",
  ]);
  expect(rampLines("ko", { default: "tap", ends: "recorded", rules: [] })).toEqual([
    "모든 요청: 거래소가 결정 (기록만)",
    "종료된 키도 기록만 하고 통과",
  ]);
  expect(whoSaid("ko", { percent: 100 })).toBe("모든 요청");
});

test("what is left out is everything", () => {
  expect(rampLines("en", {} as Ramp)).toEqual([
    "all requests: All refusals carried out",
    "Ended keys are refused at every stage",
  ]);
  expect(refusesAny({} as Ramp)).toBe(true);
  expect(refusesAny({ default: "shadow", ends: "refused", rules: [] })).toBe(false);
  expect(refusesAny(RAMP)).toBe(true);
});

test("what is a ramp", () => {
  expect(isRamp(RAMP)).toBe(true);
  for (const other of [null, "shadow", { default: "no stage" }, { rules: [] }, []]) expect(isRamp(other)).toBe(false);
});
