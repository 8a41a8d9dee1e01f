// Which notices wait for their reader: what tells of a measure, until he has said that he read it.
import type { NoticeView } from "../reads";

const ASKS = /^(measure\.(?!ended)|verification\.(opened|timed_out)|key\.(held|suspended|exposure_reported))/;

export function needsReading(notice: NoticeView): boolean {
  return !notice.acknowledged && ASKS.test(notice.kind);
}

/** Whether it tells of something that one can object to: the server put the sentence about objecting into it. */
export function mayObject(notice: NoticeView): boolean {
  return notice.say.some(({ code }) => code === "object" || code === "how_to_object");
}
