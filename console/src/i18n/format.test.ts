// How numbers, instants and durations read, in both languages.
import { expect, test } from "vitest";
import { both, clock, count, day, duration, fileDay, hourMinute, instant, percent, relative } from "./format";

/** Intl puts narrow and no-break spaces where people see a space. */
const plain = (text: string) => text.replaceAll(/[\u00a0\u202f]/g, " ");

test.each([
  [0, "0 ms", "0ms"],
  [240, "240 ms", "240ms"],
  [999.4, "999 ms", "999ms"],
  [1_400, "1.4 secs", "1.4초"],
  [59_900, "59.9 secs", "59.9초"],
  [720_000, "12 mins", "12분"],
  [7_200_000, "2 hrs", "2시간"],
  [172_800_000, "2 days", "2일"],
])("%d ms", (ms, en, ko) => {
  expect(plain(duration("en", ms))).toBe(en);
  expect(plain(duration("ko", ms))).toBe(ko);
});

const NOW = Date.parse("2026-11-20T12:00:00Z");
test.each([
  ["2026-11-20T12:00:00Z", "now", "지금"],
  ["2026-11-20T11:59:58Z", "2 seconds ago", "2초 전"],
  ["2026-11-20T11:57:00Z", "3 minutes ago", "3분 전"],
  ["2026-11-20T14:00:00Z", "in 2 hours", "2시간 후"],
  ["2026-11-18T11:00:00Z", "2 days ago", "그저께"],
  // 21:00 in Korea. The nearest, and never 60 of anything.
  ["2026-11-20T14:50:00Z", "in 3 hours", "3시간 후"],
  ["2026-11-20T12:59:50Z", "in 1 hour", "1시간 후"],
  ["2026-11-20T12:00:59.800Z", "in 1 minute", "1분 후"],
  ["2026-11-21T11:59:00Z", "in 24 hours", "24시간 후"],
  // From a day on by the venue's calendar.
  ["2026-11-21T12:00:00Z", "tomorrow", "내일"],
  ["2026-11-21T14:59:00Z", "tomorrow", "내일"],
  ["2026-11-21T15:00:00Z", "in 2 days", "모레"],
  ["2026-11-23T11:00:00Z", "in 3 days", "3일 후"],
  ["2026-11-19T11:00:00Z", "yesterday", "어제"],
])("%s", (at, en, ko) => {
  expect(plain(relative("en", at, NOW))).toBe(en);
  expect(plain(relative("ko", at, NOW))).toBe(ko);
});

test("what is no instant stays as it is", () => {
  expect(instant("en", "soon")).toBe("soon");
  expect(relative("ko", "soon", NOW)).toBe("soon");
});

test("a figure is never parted from its unit, nor a time from its zone", () => {
  for (const lang of ["ko", "en"] as const) {
    expect(relative(lang, "2027-02-17T12:00:00Z", NOW)).not.toContain(" ");
    expect(duration(lang, 720_000)).not.toContain(" ");
    expect(instant(lang, "2026-11-20T12:00:00Z").split(" ")).toHaveLength(2);
  }
});

test("times are Korea's wherever the reader is, and say so; a title has UTC too", () => {
  const at = "2026-11-20T16:00:00.250001Z";
  expect(plain(instant("en", at))).toBe("21 Nov 2026, 01:00:00 KST");
  expect(plain(instant("ko", at))).toBe("2026. 11. 21. 01:00:00 KST");
  expect(plain(day("en", at))).toBe("21 Nov 2026");
  expect(plain(clock(at))).toBe("01:00:00 KST");
  expect(plain(hourMinute(Date.parse(at)))).toBe("01:00 KST");
  expect(plain(both("en", at))).toBe("21 Nov 2026, 01:00:00 KST (UTC 2026-11-20T16:00:00.250001Z)");
  expect(both("ko", "soon")).toBe("soon");
  expect(fileDay(Date.parse(at))).toBe("2026-11-21");
});

test("numbers and shares", () => {
  expect(count("en", 1_234_567)).toBe("1,234,567");
  expect(percent("en", 0.014)).toBe("1.4%");
  expect(percent("en", 0.5)).toBe("50%");
  expect(percent("ko", 0)).toBe("0%");
});
