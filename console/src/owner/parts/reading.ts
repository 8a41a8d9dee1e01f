// Which notices wait for their reader: what tells of a measure, until he has said that he read it, a later one took its place or the key
// ended, or what it told of was lifted; what tells of the end itself waits on.
import type { KeyView, NoticeView, QuestionView, VerificationView } from "../reads";
import { isOver } from "./standing";

const ASKS = /^(measure\.(?!ended)|verification\.timed_out|key\.(held|suspended|exposure_reported))/;
const OF_AN_END = /^(measure\.expire|key\.expired)$/;

export function needsReading(notice: NoticeView): boolean {
  return !notice.acknowledged && ASKS.test(notice.kind);
}

/** What was told of, and what takes its place when it is told of later: another measure, its end, or that somebody lifted it. */
const PAST_BY: readonly (readonly [RegExp, RegExp])[] = [
  [/^(measure|verification)\./, /^measure\./],
  [/^(measure\.hold|key\.held)$/, /^key\.released$/],
  [/^key\.held$/, /^measure\.(hold|reverify|expire)$/],
  [/^key\.suspended$/, /^key\.lifted$/],
  [/^(measure\.reverify|verification\.(?!timed_out))/, /^verification\.timed_out$/],
];

/** Whether what it asked for is past: its key has ended, or something told of later took its place. */
export function isPast(notice: NoticeView, notices: readonly NoticeView[], keys: readonly KeyView[]): boolean {
  if (OF_AN_END.test(notice.kind)) return false;
  const key = keys.find(({ key }) => key === notice.key);
  if (key && isOver(key)) return true;
  const by = PAST_BY.filter(([told]) => told.test(notice.kind)).map(([, later]) => later);
  return notices.some(
    (one) => one.key === notice.key && one.created > notice.created && by.some((later) => later.test(one.kind)),
  );
}

/** Those that wait for him now. */
export function waiting(notices: readonly NoticeView[], keys: readonly KeyView[]): NoticeView[] {
  return notices.filter((one) => needsReading(one) && !isPast(one, notices, keys));
}

/** Whether it is the notice of this question: a key may be asked about more than one address. */
export function tellsOf(notice: NoticeView, question: Pick<QuestionView, "key" | "address">): boolean {
  return (
    notice.kind.startsWith("question.") &&
    notice.key === question.key &&
    notice.say.some(({ en }) => en.split(/[\s,()]+/).some((word) => word.replace(/\.$/, "") === question.address))
  );
}

/** Whether it tells of a question or a re-verification among these, which are open. */
export function tellsOfOpen(
  notice: NoticeView,
  questions: readonly Pick<QuestionView, "key" | "address">[],
  verifications: readonly Pick<VerificationView, "key">[],
): boolean {
  if (questions.some((one) => tellsOf(notice, one))) return true;
  return /^(measure\.reverify|verification\.)/.test(notice.kind) && verifications.some(({ key }) => key === notice.key);
}

/** Whether it tells of something that one can object to: the server put the sentence about objecting into it. */
export function mayObject(notice: NoticeView): boolean {
  return notice.say.some(({ code }) => code === "object" || code === "how_to_object");
}

/** By when it asks for something, if its sentence about that names a time. */
export function askedUntil(notice: NoticeView): string | null {
  return notice.say.find(({ code }) => code.endsWith(".asked"))?.until ?? null;
}

export type Part = "seen" | "asked" | "next";

/** What a sentence of a notice is about, by its code. How to object is left to the page, which has the form. */
export function partOf(code: string): Part | null {
  if (code === "object" || code === "how_to_object") return null;
  if (/(\.asked|\.asked\.late|\.do|\.by_staff|\.not_you)$/.test(code) || /^verification\.(identity|control)$/.test(code))
    return "asked";
  return /(\.next|\.until|\.opens)$/.test(code) ? "next" : "seen";
}
