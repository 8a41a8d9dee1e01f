// Numbers, instants and durations as people read them. Instants are shown in the venue's zone, wherever the reader is, and say so; what a title
// tells of them is both: the zone's time, and UTC as tools, exports and the record have it.
import type { Lang } from "./words";

const locale = (lang: Lang) => (lang === "ko" ? "ko-KR" : "en-GB");

/** The venue's own zone. Its dates are what "tomorrow" is counted by. */
export const VENUE_ZONE = "Asia/Seoul";
/** What times are marked with. */
export const ZONE = "KST";

const JOINED = "\u00a0";
/** A figure and its unit stay on one line. */
const unbroken = (text: string): string => text.replaceAll(" ", JOINED);

export function count(lang: Lang, value: number): string {
  return new Intl.NumberFormat(locale(lang)).format(value);
}

/** `20 Nov 2026, 19:40:02 KST`. */
export function instant(lang: Lang, text: string): string {
  const at = new Date(text);
  if (Number.isNaN(at.getTime())) return text;
  // Day and time may stand on two lines; neither is broken within itself.
  const date = `${day(lang, text)}${lang === "en" ? "," : ""}`;
  return `${date} ${clock(text)}`;
}

/** `20 Nov 2026, 19:40:02 KST (UTC 2026-11-20T10:40:02.123456Z)`: for titles, and wherever somebody compares with what a tool says. */
export function both(lang: Lang, text: string): string {
  return Number.isNaN(Date.parse(text)) ? text : `${instant(lang, text)} (UTC ${text})`;
}

/** `2026-11-20`: the date in a file's name. */
export function fileDay(ms: number): string {
  return new Intl.DateTimeFormat("en-CA", { timeZone: VENUE_ZONE, dateStyle: "short" }).format(ms);
}

export function day(lang: Lang, text: string): string {
  const at = new Date(text);
  if (Number.isNaN(at.getTime())) return text;
  return unbroken(new Intl.DateTimeFormat(locale(lang), { timeZone: VENUE_ZONE, dateStyle: "medium" }).format(at));
}

/** Both languages write the hours of a day with two figures. */
const hours = (timeStyle: "medium" | "short", at: Date): string =>
  `${new Intl.DateTimeFormat("en-GB", { timeZone: VENUE_ZONE, timeStyle, hourCycle: "h23" }).format(at)}${JOINED}${ZONE}`;

/** `19:40:02 KST`: where the day is plain from what stands around it. */
export function clock(text: string): string {
  const at = new Date(text);
  return Number.isNaN(at.getTime()) ? text : hours("medium", at);
}

/** `19:40 KST`, of milliseconds. */
export function hourMinute(at: number): string {
  return hours("short", new Date(at));
}

const DAY_S = 86_400;
const STEPS: [Intl.RelativeTimeFormatUnit, number][] = [
  ["hour", 3_600],
  ["minute", 60],
  ["second", 1],
];

/** Which day of the venue's calendar an instant falls on, counted from 1970. */
function venueDay(ms: number): number {
  return Date.parse(`${fileDay(ms)}T00:00:00Z`) / (DAY_S * 1_000);
}

/** `3 minutes ago`, `in 2 hours`; from a whole day on by the venue's calendar: `tomorrow` is its next date, and nearly three days are not two. */
export function relative(lang: Lang, text: string, now: number): string {
  const at = new Date(text).getTime();
  if (Number.isNaN(at)) return text;
  const said = (value: number, unit: Intl.RelativeTimeFormatUnit) =>
    unbroken(new Intl.RelativeTimeFormat(locale(lang), { numeric: "auto" }).format(value, unit));
  const seconds = Math.round((at - now) / 1_000);
  if (Math.abs(seconds) >= DAY_S) return said(venueDay(at) - venueDay(now), "day");
  // Rounded to the nearest; what rounds up to the next unit is told in it: 60 minutes are an hour.
  for (const [unit, size] of STEPS) {
    const value = Math.round(seconds / size);
    if (Math.abs(value) >= 1 && Math.abs(seconds) >= size - size / 120) return said(value, unit);
  }
  return said(0, "second");
}

/** `240 ms`, `1.4 s`, `12 min`. */
export function duration(lang: Lang, ms: number): string {
  const one = (value: number, unit: string, digits: number) =>
    unbroken(
      new Intl.NumberFormat(locale(lang), { style: "unit", unit, unitDisplay: "short", maximumFractionDigits: digits }).format(
        value,
      ),
    );
  if (ms < 1_000) return one(Math.round(ms), "millisecond", 0);
  if (ms < 60_000) return one(ms / 1_000, "second", 1);
  if (ms < 7_200_000) return one(ms / 60_000, "minute", 0);
  if (ms < 172_800_000) return one(ms / 3_600_000, "hour", 0);
  return one(ms / 86_400_000, "day", 0);
}

/** `1.4 %` of a share between 0 and 1. */
export function percent(lang: Lang, share: number): string {
  return new Intl.NumberFormat(locale(lang), {
    style: "percent",
    maximumFractionDigits: share > 0 && share < 0.1 ? 1 : 0,
  }).format(share);
}
