// Later dates for a campaign while they are being chosen: days of Korea's calendar, and the present instant where a day is left as it is.
import { fileDay } from "../../../i18n/format";
import type { CampaignPlan } from "../../parts/campaignText";

export type Later = { read_only: string; ends: string };
export type Wrong = "dayWrong" | "sooner" | "closer" | "same";

/** The day that an instant falls on in Korea, as a field of a date holds it. */
export const dayOf = (instant: string): string => fileDay(Date.parse(instant));

/** What is sent for a day: the present instant, or the day's beginning in Korea; null where no day was chosen. */
export function instantOf(day: string, present: string): string | null {
  if (day === dayOf(present)) return present;
  const at = Date.parse(`${day}T00:00:00+09:00`);
  return /^\d{4}-\d{2}-\d{2}$/.test(day) && !Number.isNaN(at) ? new Date(at).toISOString() : null;
}

/** What the server would never take of these days, by field; it checks them too. */
export function wrongOf(plan: CampaignPlan, days: Later): Partial<Record<keyof Later, Wrong>> {
  const [limit, end] = [instantOf(days.read_only, plan.read_only), instantOf(days.ends, plan.ends)];
  if (limit === null) return { read_only: "dayWrong" };
  if (end === null) return { ends: "dayWrong" };
  const ms = (text: string) => Date.parse(text);
  if (ms(limit) < ms(plan.read_only)) return { read_only: "sooner" };
  if (ms(end) < ms(plan.ends)) return { ends: "sooner" };
  if (ms(end) - ms(limit) < ms(plan.ends) - ms(plan.read_only)) return { ends: "closer" };
  return limit === plan.read_only && end === plan.ends ? { read_only: "same" } : {};
}
