// A campaign's clock: steps in order, reminders between, spans as the server writes them.
import { expect, test } from "vitest";
import { clockOf, coversLines, isCampaignPlan, spanMs } from "./campaignText";

const PLAN = {
  name: "Who uses your key",
  terms: "2",
  segments: [],
  announce: "2027-01-04T00:00:00Z",
  opens: "2027-01-11T00:00:00Z",
  read_only: "2027-02-15T00:00:00Z",
  ends: "2027-03-15T00:00:00Z",
  reminders: ["14d", "3d"],
};

test.each([
  ["14d", 14 * 86_400_000],
  ["1d12h", 36 * 3_600_000],
  ["30m", 1_800_000],
  ["20s", 20_000],
  ["", null],
  ["soon", null],
  ["3d?", null],
])("%j is %j ms", (text, ms) => expect(spanMs(text)).toBe(ms));

test("every step in order, reminders before both", () => {
  expect(clockOf(PLAN).map(({ step, at }) => `${at.slice(0, 10)} ${step}`)).toEqual([
    "2027-01-04 announce",
    "2027-01-11 opens",
    "2027-02-01 remind_read_only",
    "2027-02-12 remind_read_only",
    "2027-02-15 read_only",
    "2027-03-01 remind_ends",
    "2027-03-12 remind_ends",
    "2027-03-15 ends",
  ]);
});

test("no reminder of what nobody was told of", () => {
  expect(clockOf({ ...PLAN, reminders: ["60d"] }).map(({ step }) => step)).toEqual([
    "announce",
    "opens",
    "remind_ends",
    "read_only",
    "ends",
  ]);
});

test("a plan is told from what is none", () => {
  expect(isCampaignPlan(PLAN)).toBe(true);
  expect([null, {}, "x", { ...PLAN, ends: 3 }, { ...PLAN, reminders: undefined }].some(isCampaignPlan)).toBe(false);
});

test("how many keys a campaign would ask about is said by segment", () => {
  const found = { retail: { keys: 1200, accounts: 1000 }, broker: { keys: 0, accounts: 0 } };
  expect(coversLines("en", found)).toEqual(["Retail: 1,200 keys of 1,000 accounts", "Broker: 0 keys of 0 accounts"]);
  expect(coversLines("ko", found)).toEqual(["개인: 키 1,200개, 계정 1,000개", "중개업자: 키 0개, 계정 0개"]);
  for (const none of [null, [], {}, "x", { retail: 7 }, { retail: { keys: "1", accounts: 1 } }])
    expect(coversLines("en", none)).toBeNull();
});
