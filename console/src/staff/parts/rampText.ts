// A ramp in words: what holds at each stage, and which requests a rule is about. Decides nothing: which rule fits a request is the gate's to say.
import type { Schemas } from "../../api/client";
import { type Lang, words } from "../../i18n/words";
import { segmentWords } from "./words";

export type Ramp = Schemas["RampBodyRamp"];
export type Rule = Schemas["RampRule"];
export type Stage = Schemas["StageWord"];

export const STAGES: readonly Stage[] = ["tap", "shadow", "allowlist", "ladder"];

/** From nothing to everything. */
export const stageWords = words(
  {
    tap: "거래소가 결정 (기록만)",
    shadow: "판단하고 기록만, 차단하지 않음",
    allowlist: "키와 IP 주소만 차단",
    ladder: "거절 대상 모두 차단",
  },
  {
    tap: "The exchange decides, Sumun records",
    shadow: "Decided and recorded, nothing refused",
    allowlist: "Credentials and addresses refused",
    ladder: "All refusals carried out",
  },
);

export const effectWords = words(
  { read: "조회", cancel: "주문 취소", order: "주문", transfer: "자산 이동" },
  { read: "Reading", cancel: "Cancelling", order: "Orders", transfer: "Transfers" },
);

const ruleWords = words(
  {
    all: "모든 요청",
    rest: "그 밖의 모든 요청",
    route: (route: string) => `경로 ${route}`,
    percent: (n: number) => `키 100개 가운데 ${n}개`,
    ends_refused: "종료된 키는 어느 단계에서도 차단",
    ends_recorded: "종료된 키도 기록만 하고 통과",
  },
  {
    all: "all requests",
    rest: "everything else",
    route: (route: string) => `route ${route}`,
    percent: (n: number) => `${n} of 100 keys`,
    ends_refused: "Ended keys are refused at every stage",
    ends_recorded: "Ended keys pass too, and are recorded",
  },
);

/** Which requests a rule is about. */
export function whoSaid(lang: Lang, { segment, effect, route, percent = 100 }: Omit<Rule, "stage">): string {
  const w = ruleWords[lang];
  const parts = [
    ...(segment ? [segmentWords[lang][segment]] : []),
    ...(effect ? [effectWords[lang][effect]] : []),
    ...(route ? [w.route(route)] : []),
    ...(percent < 100 ? [w.percent(percent)] : []),
  ];
  return parts.length === 0 ? w.all : parts.join(" · ");
}

/** What becomes of ended keys where nothing else is refused. */
export function endsSaid(lang: Lang, { ends = "refused" }: Ramp): string {
  return ruleWords[lang][ends === "refused" ? "ends_refused" : "ends_recorded"];
}

/** Whether any refusal holds at this stage. */
export const refuses = (stage: Stage): boolean => stage === "allowlist" || stage === "ladder";

/** Whether any refusal holds anywhere. */
export const refusesAny = ({ default: rest = "ladder", rules = [] }: Ramp): boolean =>
  refuses(rest) || rules.some(({ stage }) => refuses(stage));

/** A ramp, a line each: its rules in order, then the rest, then ended keys. */
export function rampLines(lang: Lang, ramp: Ramp): string[] {
  const stages = stageWords[lang];
  const rules = ramp.rules ?? [];
  return [
    ...rules.map((rule, index) => `${index + 1}. ${whoSaid(lang, rule)}: ${stages[rule.stage]}`),
    `${rules.length === 0 ? ruleWords[lang].all : ruleWords[lang].rest}: ${stages[ramp.default ?? "ladder"]}`,
    endsSaid(lang, ramp),
  ];
}

/** Whether this is one: what records and plans hold has no type of its own. */
export function isRamp(value: unknown): value is Ramp {
  if (typeof value !== "object" || value === null) return false;
  const { default: rest, rules } = value as { default?: unknown; rules?: unknown };
  return STAGES.some((stage) => stage === rest) && (rules === undefined || Array.isArray(rules));
}
