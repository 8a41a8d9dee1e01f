// A hold's due time: what the venue allows, in whichever unit its facts say it, and nothing longer to choose.
import { expect, test } from "vitest";
import { longestHold, shorterHolds } from "./holdDue";

const HOUR_MS = 3_600_000;

test("the venue's longest time is read in hours and in minutes", () => {
  expect(longestHold({ hold_due_hours: 72 })).toBe(72 * HOUR_MS);
  expect(longestHold({ hold_due_minutes: 3 })).toBe(180_000);
  expect(longestHold(undefined)).toBeNull();
  expect(longestHold({})).toBeNull();
});

test("only shorter times are offered", () => {
  expect(shorterHolds(72 * HOUR_MS)).toEqual([12 * HOUR_MS, 24 * HOUR_MS, 48 * HOUR_MS]);
  expect(shorterHolds(180_000)).toEqual([60_000, 120_000]);
  expect(shorterHolds(60_000)).toEqual([]);
  expect(shorterHolds(null)).toEqual([]);
});
