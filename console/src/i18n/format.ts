// Numbers, instants and durations as people read them. Instants are shown in the browser's own zone; the title holds UTC.
import type { Lang } from "./words";

const locale = (lang: Lang) => (lang === "ko" ? "ko-KR" : "en-GB");

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
  const said = new Intl.DateTimeFormat(locale(lang), { dateStyle: "medium", timeStyle: "medium", hourCycle: "h23" }).format(at);
  return `${said} ${zone(at)}`.trimEnd();
}

export function day(lang: Lang, text: string): string {
  const at = new Date(text);
  return Number.isNaN(at.getTime()) ? text : new Intl.DateTimeFormat(locale(lang), { dateStyle: "medium" }).format(at);
}

/** `19:40:02`: where the day is plain from what stands around it. */
export function clock(lang: Lang, text: string): string {
  const at = new Date(text);
  return Number.isNaN(at.getTime())
    ? text
    : new Intl.DateTimeFormat(locale(lang), { timeStyle: "medium", hourCycle: "h23" }).format(at);
}

const STEPS: [Intl.RelativeTimeFormatUnit, number][] = [
  ["day", 86_400],
  ["hour", 3_600],
  ["minute", 60],
  ["second", 1],
];

/** `3 minutes ago`, `in 2 hours`. */
export function relative(lang: Lang, text: string, now: number): string {
  const seconds = Math.round((new Date(text).getTime() - now) / 1000);
  if (Number.isNaN(seconds)) return text;
  const [unit, size] = STEPS.find(([, size]) => Math.abs(seconds) >= size) ?? (["second", 1] as const);
  return new Intl.RelativeTimeFormat(locale(lang), { numeric: "auto" }).format(Math.trunc(seconds / size), unit);
}

/** `240 ms`, `1.4 s`, `12 min`. */
export function duration(lang: Lang, ms: number): string {
  const one = (value: number, unit: string, digits: number) =>
    new Intl.NumberFormat(locale(lang), { style: "unit", unit, unitDisplay: "short", maximumFractionDigits: digits }).format(
      value,
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
