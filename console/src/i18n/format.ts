// Numbers, instants and durations as people read them. Instants are shown in the browser's own zone; the title holds UTC.
import type { Lang } from "./words";

const locale = (lang: Lang) => (lang === "ko" ? "ko-KR" : "en-GB");

/** The venue's own zone. Its dates are what "tomorrow" is counted by. */
export const VENUE_ZONE = "Asia/Seoul";

const JOINED = "\u00a0";
/** A figure and its unit stay on one line. */
const unbroken = (text: string): string => text.replaceAll(" ", JOINED);

export function count(lang: Lang, value: number): string {
  return new Intl.NumberFormat(locale(lang)).format(value);
}

/** The zone of the times shown: `KST` in Korea, elsewhere as the browser names it, such as `GMT+1`. */
export function zone(at: Date): string {
  if (Intl.DateTimeFormat().resolvedOptions().timeZone === "Asia/Seoul") return "KST";
  const parts = new Intl.DateTimeFormat("en-GB", { timeZoneName: "short" }).formatToParts(at);
  return parts.find((part) => part.type === "timeZoneName")?.value ?? "";
}

/** `20 Nov 2026, 19:40:02 KST`. */
export function instant(lang: Lang, text: string): string {
  const at = new Date(text);
  if (Number.isNaN(at.getTime())) return text;
  // Day and time may stand on two lines; neither is broken within itself.
  const time = new Intl.DateTimeFormat(locale(lang), { timeStyle: "medium", hourCycle: "h23" }).format(at);
  const date = `${day(lang, text)}${lang === "en" ? "," : ""}`;
  return `${date} ${unbroken(`${time} ${zone(at)}`.trimEnd())}`;
}

export function day(lang: Lang, text: string): string {
  const at = new Date(text);
  if (Number.isNaN(at.getTime())) return text;
  return unbroken(new Intl.DateTimeFormat(locale(lang), { dateStyle: "medium" }).format(at));
}

/** `19:40:02`: where the day is plain from what stands around it. */
export function clock(lang: Lang, text: string): string {
  const at = new Date(text);
  return Number.isNaN(at.getTime())
    ? text
    : new Intl.DateTimeFormat(locale(lang), { timeStyle: "medium", hourCycle: "h23" }).format(at);
}

/** `19:40`, of milliseconds. */
export function hourMinute(lang: Lang, at: number): string {
  return new Intl.DateTimeFormat(locale(lang), { timeStyle: "short", hourCycle: "h23" }).format(at);
}

const DAY_S = 86_400;
const STEPS: [Intl.RelativeTimeFormatUnit, number][] = [
  ["hour", 3_600],
  ["minute", 60],
  ["second", 1],
];

/** Which day of the venue's calendar an instant falls on, counted from 1970. */
function venueDay(ms: number): number {
  const parts = new Intl.DateTimeFormat("en-CA", { timeZone: VENUE_ZONE, dateStyle: "short" }).format(ms);
  return Date.parse(`${parts}T00:00:00Z`) / (DAY_S * 1_000);
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
