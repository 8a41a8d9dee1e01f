// A campaign's clock in words: which step comes when, in order, reminders between. Decides nothing: when an owner's own day is, the server says.
import type { Schemas } from "../../api/client";
import { count, instant } from "../../i18n/format";
import { type Lang, words } from "../../i18n/words";
import { segmentWords } from "./words";

export type CampaignPlan = Schemas["CampaignPlanView"];
export type StepName = "announce" | "opens" | "remind_read_only" | "read_only" | "remind_ends" | "ends";
export type ClockStep = { step: StepName; at: string };

export const clockWords = words(
  {
    announce: "소유자에게 안내를 시작합니다",
    opens: "등록 기간이 시작됩니다",
    remind_read_only: "제한되기 전에 다시 안내합니다",
    read_only: "등록되지 않은 키는 조회와 취소만 됩니다",
    remind_ends: "종료되기 전에 다시 안내합니다",
    ends: "등록되지 않은 키가 종료됩니다",
    name: "캠페인",
    terms: "동의받을 약관 버전",
    segments: "대상 고객 구분",
    all: "모두",
    clock: "일정",
    resumes: "멈춘 캠페인을 다시 진행합니다",
    limitFrom: (at: string) => `조회와 취소만: ${at}부터`,
    endFrom: (at: string) => `종료: ${at}부터`,
    because: (reason: string) => `사유: ${reason}`,
    covered: (segment: string, keys: string, accounts: string) => `${segment}: 키 ${keys}개, 계정 ${accounts}개`,
  },
  {
    announce: "Owners begin to be told",
    opens: "Owners can register",
    remind_read_only: "Reminder before the limit",
    read_only: "Keys not registered read and cancel only",
    remind_ends: "Reminder before the end",
    ends: "Keys not registered end",
    name: "Campaign",
    terms: "Version of the terms",
    segments: "Segments",
    all: "All",
    clock: "Clock",
    resumes: "The paused campaign goes on",
    limitFrom: (at: string) => `Reading and cancelling only from ${at}`,
    endFrom: (at: string) => `Ends from ${at}`,
    because: (reason: string) => `Reason: ${reason}`,
    covered: (segment: string, keys: string, accounts: string) => `${segment}: ${keys} keys of ${accounts} accounts`,
  },
);

const UNITS_MS: Record<string, number> = { d: 86_400_000, h: 3_600_000, m: 60_000, s: 1_000 };

/** `14d`, `12h`, `30m`, `20s`, also one after the other, as the server writes them; null where it is none. */
export function spanMs(text: string): number | null {
  const parts = [...text.matchAll(/(\d+)([dhms])/g)];
  if (parts.length === 0 || parts.map(([whole]) => whole).join("") !== text) return null;
  return parts.reduce((sum, [, number = "", unit = ""]) => sum + Number(number) * (UNITS_MS[unit] ?? 0), 0);
}

/** Every step of it, the first first. A reminder that would come before owners are told is none. */
export function clockOf(plan: CampaignPlan): ClockStep[] {
  const before = (step: StepName, at: string): ClockStep[] =>
    plan.reminders
      .map(spanMs)
      .filter((span) => span !== null)
      .map((span) => ({ step, at: new Date(Date.parse(at) - span).toISOString() }))
      .filter((one) => Date.parse(one.at) > Date.parse(plan.announce));
  const steps: ClockStep[] = [
    { step: "announce", at: plan.announce },
    { step: "opens", at: plan.opens },
    ...before("remind_read_only", plan.read_only),
    { step: "read_only", at: plan.read_only },
    ...before("remind_ends", plan.ends),
    { step: "ends", at: plan.ends },
  ];
  return steps.sort((one, other) => Date.parse(one.at) - Date.parse(other.at));
}

/** Whether this is one: what an approval froze has no type of its own. */
export function isCampaignPlan(value: unknown): value is CampaignPlan {
  if (typeof value !== "object" || value === null) return false;
  const plan = value as Record<string, unknown>;
  return (
    ["name", "terms", "announce", "opens", "read_only", "ends"].every((field) => typeof plan[field] === "string") &&
    Array.isArray(plan.reminders) &&
    Array.isArray(plan.segments)
  );
}

/** How many keys and accounts of which segment a campaign would ask about; null of what is none. */
export function coversLines(lang: Lang, value: unknown): string[] | null {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return null;
  const w = clockWords[lang];
  const segments = segmentWords[lang] as Record<string, string>;
  const lines = Object.entries(value).map(([segment, found]) => {
    const { keys, accounts } = (typeof found === "object" && found !== null ? found : {}) as {
      keys?: unknown;
      accounts?: unknown;
    };
    if (typeof keys !== "number" || typeof accounts !== "number") return null;
    return w.covered(segments[segment] ?? segment, count(lang, keys), count(lang, accounts));
  });
  return lines.length === 0 || lines.includes(null) ? null : lines.filter((line) => line !== null);
}

/** What a plan shows of a campaign's row: its two steps and why; null of what is no campaign's. */
export function bodyLines(lang: Lang, value: unknown): string[] | null {
  if (typeof value !== "object" || value === null) return null;
  const { plan, reason } = value as { plan?: unknown; reason?: unknown };
  if (!isCampaignPlan(plan)) return null;
  const w = clockWords[lang];
  return [
    w.limitFrom(instant(lang, plan.read_only)),
    w.endFrom(instant(lang, plan.ends)),
    ...(typeof reason === "string" && reason !== "" ? [w.because(reason)] : []),
  ];
}
