// What is said of a campaign that is being written, before it is sent and after the server refused it.
import { expect, test } from "vitest";
import { type Draft, draftOf, planOf, refusedAt, wrongOf } from "./proposal";

const NOW = Date.parse("2027-01-03T03:00:00Z");
const SOUND: Draft = { ...draftOf(NOW), name: "Who uses your key", terms: "2" };
const wrong = (change: Partial<Draft>) => wrongOf({ ...SOUND, ...change }, NOW);

test("what a new one begins with is sound once it has a name and terms", () => {
  expect(Object.keys(wrongOf(draftOf(NOW), NOW))).toEqual(["name", "terms"]);
  expect(wrong({})).toEqual({});
  expect(planOf(SOUND)).toEqual({
    name: "Who uses your key",
    terms: "2",
    announce: "2027-01-03T15:00:00.000Z",
    opens: "2027-01-10T15:00:00.000Z",
    read_only: "2027-02-14T15:00:00.000Z",
    ends: "2027-03-14T15:00:00.000Z",
    reminders: ["14d", "3d"],
  });
});

test("what is wrong is said at its field", () => {
  expect(wrong({ name: " " })).toEqual({ name: "missing" });
  expect(wrong({ name: "n".repeat(81), terms: "t".repeat(41) })).toEqual({ name: "long", terms: "long" });
  expect(wrong({ announce: "2027-01-03" })).toEqual({ announce: "past" });
  expect(wrong({ announce: "" })).toEqual({ announce: "dayWrong" });
  expect(wrong({ opens: "2027-01-03" })).toEqual({ opens: "opensEarly" });
  expect(wrong({ read_only: "2027-01-11" })).toEqual({ read_only: "limitEarly", reminders: "remindersEarly" });
  expect(wrong({ ends: "2027-02-15" })).toEqual({ ends: "endEarly", reminders: "remindersRoom" });
  expect(wrong({ ends: "2027-02-20" })).toEqual({ reminders: "remindersRoom" });
  expect(wrong({ reminders: "" })).toEqual({ reminders: "missing" });
  expect(wrong({ reminders: "14d, soon" })).toEqual({ reminders: "remindersBad" });
  expect(wrong({ reminders: "3d, 14d" })).toEqual({ reminders: "remindersOrder" });
  expect(wrong({ reminders: "3d 3d" })).toEqual({ reminders: "remindersOrder" });
  expect(wrong({ reminders: "9d 8d 7d 6d 5d 4d" })).toEqual({ reminders: "remindersMany" });
  expect(wrong({ reminders: "14d 12h" })).toEqual({});
});

test("what the server refuses is found at its field", () => {
  expect(refusedAt("campaign_overlaps", "/segments")).toEqual({ field: "segments", wrong: "overlaps" });
  expect(refusedAt("campaign_bad", "/read_only")).toEqual({ field: "read_only", wrong: "noticeShort" });
  expect(refusedAt("campaign_bad", "/plan/reminders/1")).toEqual({ field: "reminders", wrong: "refused" });
  expect(refusedAt("campaign_bad", undefined)).toBeNull();
  expect(refusedAt("reason_missing", "/reason")).toBeNull();
});
