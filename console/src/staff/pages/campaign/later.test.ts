// Later dates: days of Korea's calendar, never sooner than owners were told, never closer together.
import { expect, test } from "vitest";
import { dayOf, instantOf, wrongOf } from "./later";

const PLAN = {
  name: "x",
  terms: "2",
  segments: [],
  announce: "2027-01-04T00:00:00Z",
  opens: "2027-01-11T00:00:00Z",
  read_only: "2027-02-14T20:00:00Z",
  ends: "2027-03-15T00:00:00Z",
  reminders: ["14d"],
};

test("a day is Korea's", () => {
  expect(dayOf(PLAN.read_only)).toBe("2027-02-15");
  expect(instantOf("2027-02-15", PLAN.read_only)).toBe(PLAN.read_only);
  expect(instantOf("2027-02-16", PLAN.read_only)).toBe("2027-02-15T15:00:00.000Z");
  expect([instantOf("", PLAN.read_only), instantOf("2027-2-1", PLAN.read_only)]).toEqual([null, null]);
});

test.each([
  ["2027-02-15", "2027-03-15", { read_only: "same" }],
  ["", "2027-03-15", { read_only: "dayWrong" }],
  ["2027-02-15", "", { ends: "dayWrong" }],
  ["2027-02-14", "2027-03-15", { read_only: "sooner" }],
  ["2027-02-15", "2027-03-14", { ends: "sooner" }],
  ["2027-03-01", "2027-03-15", { ends: "closer" }],
  ["2027-03-01", "2027-04-01", {}],
  ["2027-02-15", "2027-04-01", {}],
])("%s and %s: %j", (read_only, ends, wrong) => expect(wrongOf(PLAN, { read_only, ends })).toEqual(wrong));
