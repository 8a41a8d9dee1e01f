// Which notices wait for their reader: what tells of a measure, until he has said that he read it.
import type { NoticeView } from "../reads";

const ASKS = /^(measure\.(?!ended)|verification\.timed_out|key\.(held|suspended|exposure_reported))/;

export function needsReading(notice: NoticeView): boolean {
  return !notice.acknowledged && ASKS.test(notice.kind);
}

/** Whether it tells of something that one can object to: the server put the sentence about objecting into it. */
export function mayObject(notice: NoticeView): boolean {
  return notice.say.some(({ code }) => code === "object" || code === "how_to_object");
}

const INSTANT = /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z/;

/** By when it asks for something, if its sentence about that names a time. */
export function askedUntil(notice: NoticeView): string | null {
  const asked = notice.say.find(({ code }) => code.endsWith(".asked"));
  return asked ? (INSTANT.exec(asked.en)?.[0] ?? null) : null;
}

export type Part = "seen" | "asked" | "next";

/** What a sentence of a notice is about, by its code. How to object is left to the page, which has the form. */
export function partOf(code: string): Part | null {
  if (code === "object" || code === "how_to_object") return null;
  if (/(\.asked|\.do|\.by_staff|\.not_you)$/.test(code) || /^verification\.(identity|control)$/.test(code)) return "asked";
  return /(\.next|\.until)$/.test(code) ? "next" : "seen";
}
