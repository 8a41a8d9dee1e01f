// A campaign while it is being written: days of Korea's calendar, reminders as they are typed, and what the server would never take. It checks
// all of this too, and knows what is not known here: the least notice of the venue's facts, and what other campaigns run.
import type { Schemas } from "../../../api/client";
import { fileDay } from "../../../i18n/format";
import { spanMs } from "../../parts/campaignText";

export type Segment = Schemas["SegmentWord"];
export type Draft = {
  name: string;
  terms: string;
  segments: readonly Segment[];
  announce: string;
  opens: string;
  read_only: string;
  ends: string;
  reminders: string;
};
export type DraftField = keyof Draft;
export type DraftWrong =
  | "missing"
  | "long"
  | "dayWrong"
  | "past"
  | "opensEarly"
  | "limitEarly"
  | "endEarly"
  | "remindersBad"
  | "remindersOrder"
  | "remindersMany"
  | "remindersEarly"
  | "remindersRoom"
  | "noticeShort"
  | "overlaps"
  | "refused";

export const SEGMENTS: readonly Segment[] = ["retail", "corporate", "broker", "market_maker", "custodian"];
/** The server's own limits. */
export const NAME_MOST = 80;
export const TERMS_MOST = 40;
const REMINDERS_MOST = 5;
const DAY_MS = 86_400_000;

/** Told tomorrow, a week until it opens, five more until keys are limited, four more until they end: as docs/adopt/campaign.md has it. */
export function draftOf(now: number): Draft {
  const day = (days: number) => fileDay(now + days * DAY_MS);
  return {
    name: "",
    terms: "",
    segments: [],
    announce: day(1),
    opens: day(8),
    read_only: day(43),
    ends: day(71),
    reminders: "14d, 3d",
  };
}

/** The beginning of a day in Korea; null where none was chosen. */
function instantOf(day: string): number | null {
  const at = Date.parse(`${day}T00:00:00+09:00`);
  return /^\d{4}-\d{2}-\d{2}$/.test(day) && !Number.isNaN(at) ? at : null;
}

/** `14d, 3d` and `14d 3d` alike. */
const spansOf = (text: string): string[] => text.split(/[\s,]+/).filter((one) => one !== "");

/** What is sent. Only of a draft without anything wrong. */
export function planOf(draft: Draft): Schemas["CampaignPlanBody"] {
  const at = (day: string) => new Date(instantOf(day) ?? 0).toISOString();
  return {
    name: draft.name.trim(),
    terms: draft.terms.trim(),
    ...(draft.segments.length === 0 ? {} : { segments: [...draft.segments] }),
    announce: at(draft.announce),
    opens: at(draft.opens),
    read_only: at(draft.read_only),
    ends: at(draft.ends),
    reminders: spansOf(draft.reminders),
  };
}

function wrongReminders(draft: Draft, days: { announce: number; limit: number; end: number }): DraftWrong | undefined {
  const spans = spansOf(draft.reminders).map(spanMs);
  if (spans.length === 0) return "missing";
  if (spans.length > REMINDERS_MOST) return "remindersMany";
  const known = spans.filter((one): one is number => one !== null && one > 0);
  if (known.length < spans.length) return "remindersBad";
  if (known.some((one, at) => at > 0 && one >= (known[at - 1] ?? 0))) return "remindersOrder";
  const [longest = 0] = known;
  if (longest > days.limit - days.announce) return "remindersEarly";
  return longest > days.end - days.limit ? "remindersRoom" : undefined;
}

/** What is wrong with it, by field. */
export function wrongOf(draft: Draft, now: number): Partial<Record<DraftField, DraftWrong>> {
  const wrong: Partial<Record<DraftField, DraftWrong>> = {};
  const text = (field: "name" | "terms", most: number) => {
    const long = [...draft[field].trim()].length;
    if (long === 0) wrong[field] = "missing";
    else if (long > most) wrong[field] = "long";
  };
  text("name", NAME_MOST);
  text("terms", TERMS_MOST);
  const [announce, opens, limit, end] = [draft.announce, draft.opens, draft.read_only, draft.ends].map(instantOf);
  if (announce == null) wrong.announce = "dayWrong";
  else if (announce < now) wrong.announce = "past";
  if (opens == null) wrong.opens = "dayWrong";
  else if (announce != null && opens < announce) wrong.opens = "opensEarly";
  if (limit == null) wrong.read_only = "dayWrong";
  else if (opens != null && limit <= opens) wrong.read_only = "limitEarly";
  if (end == null) wrong.ends = "dayWrong";
  else if (limit != null && end <= limit) wrong.ends = "endEarly";
  if (announce != null && limit != null && end != null) {
    const reminders = wrongReminders(draft, { announce, limit, end });
    if (reminders !== undefined) wrong.reminders = reminders;
  }
  return wrong;
}

/** Which field the server's refusal is about, and what it comes to there; null: none of them. */
export function refusedAt(code: string, pointer: string | undefined): { field: DraftField; wrong: DraftWrong } | null {
  const name = (pointer ?? "").split("/").find((part) => part !== "" && part !== "plan") ?? "";
  const fields: readonly DraftField[] = ["name", "terms", "segments", "announce", "opens", "read_only", "ends", "reminders"];
  const field = fields.find((one) => one === name);
  if (field === undefined) return null;
  if (code === "campaign_overlaps") return { field, wrong: "overlaps" };
  if (code !== "campaign_bad") return { field, wrong: "refused" };
  return { field, wrong: field === "read_only" ? "noticeShort" : field === "announce" ? "past" : "refused" };
}
