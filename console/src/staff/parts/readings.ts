// What a rule looked at, and what it found: names of the policy's conditions in words, values as people read them. A name that is unknown
// here, such as a venue's own fact, is shown as it is.
import { count, duration } from "../../i18n/format";
import { type Lang, words } from "../../i18n/words";
import { measureWords } from "../../ui/measure";
import { signalName } from "./signalNames";
import { causeWords, familyWords, hardWords, purposeWords, segmentWords, word } from "./words";

const readingWords = words(
  {
    "sharing.points": "공유 위험 합계",
    "market.points": "시장 위험 합계",
    "sharing.days": "공유 근거가 관찰된 날",
    "market.days": "시장 근거가 관찰된 날",
    "hard.any": "확증",
    segment: "구분",
    purpose: "용도",
    measure: "지금 조치",
    in_measure_s: "조치가 이어진 시간",
    acknowledged: "경고 확인",
    warning_ignored: "경고에 기한까지 답이 없음",
    repeated_after_warning: "경고 확인 뒤 되풀이됨",
    timed_out: "재확인 기한이 지남",
    control_failures: "통제권 확인 실패",
    "cluster.members": "함께 움직이는 키",
    cause: "추정 원인",
    family: (name: string) => `‘${name}’ 근거`,
    days: (name: string) => `‘${name}’ 근거가 관찰된 날`,
    repeats: (name: string) => `이전의 ${name} 이상 조치`,
    over: (points: string) => `${points}점 이상인 근거`,
    seen: (name: string) => `‘${name}’ 신호`,
    daysOf: (name: string) => `‘${name}’ 신호가 관찰된 날`,
    causedBy: (name: string) => `원인이 “${name}”인 근거`,
    points: (n: string) => `${n}점`,
    dayCount: (n: string) => `${n}일`,
    times: (n: string) => `${n}번`,
    kinds: (n: string) => `${n}가지`,
    keys: (n: string) => `${n}개`,
    true: "예",
    false: "아니요",
    none: "없음",
  },
  {
    "sharing.points": "sharing risk",
    "market.points": "market risk",
    "sharing.days": "days with evidence of sharing",
    "market.days": "days with evidence of market abuse",
    "hard.any": "hard evidence",
    segment: "segment",
    purpose: "purpose",
    measure: "measure now",
    in_measure_s: "time under the measure",
    acknowledged: "warning acknowledged",
    warning_ignored: "warning not answered in time",
    repeated_after_warning: "repeated after the warning",
    timed_out: "time for re-verification ran out",
    control_failures: "failed control tests",
    "cluster.members": "keys that act together",
    cause: "most believed",
    family: (name: string) => `evidence of “${name}”`,
    days: (name: string) => `days with “${name}”`,
    repeats: (name: string) => `earlier measures of “${name}” or more`,
    over: (points: string) => `kinds of evidence with ${points} points or more`,
    seen: (name: string) => `signal “${name}”`,
    daysOf: (name: string) => `days with the signal “${name}”`,
    causedBy: (name: string) => `evidence of “${name}”`,
    points: (n: string) => `${n} points`,
    dayCount: (n: string) => n,
    times: (n: string) => n,
    kinds: (n: string) => n,
    keys: (n: string) => n,
    true: "yes",
    false: "no",
    none: "none",
  },
);

type Known = (typeof readingWords)["ko"];

/** Name and value of one reading, such as `family.origin` and `97`. */
export function readingSaid(lang: Lang, name: string, value: string): [string, string] {
  const w: Known = readingWords[lang];
  const own = w as unknown as Record<string, unknown>;
  const of = (table: { ko: unknown; en: unknown }, one: string) => word(table[lang] as Record<string, unknown>, one);
  const n = Number.parseInt(value, 10);
  const number = (shape: (text: string) => string) => (Number.isNaN(n) ? value : shape(count(lang, n)));
  const call = /^([a-z_.]+)\((.*)\)$/.exec(name);
  if (call !== null) {
    const [, which = "", argument = ""] = call;
    const text = argument.replaceAll('"', "");
    if (which.endsWith("families_over")) return [w.over(count(lang, Number.parseInt(text, 10) || 0)), number(w.kinds)];
    if (which === "seen") return [w.seen(signalName(lang, text) ?? text), number(w.points)];
    if (which === "days_of") return [w.daysOf(signalName(lang, text) ?? text), number(w.dayCount)];
    if (which === "caused_by") return [w.causedBy(of(causeWords, text)), number(w.points)];
    return [name, value];
  }
  const [head = "", tail = ""] = name.split(".");
  if (head === "family") return [w.family(of(familyWords, tail)), number(w.points)];
  if (head === "days") return [w.days(of(familyWords, tail)), number(w.dayCount)];
  if (head === "repeats") return [w.repeats(of(measureWords, tail)), number(w.times)];
  const yes = value === "true" ? w.true : value === "false" ? w.false : value;
  if (head === "hard" && tail !== "any") return [of(hardWords, tail), yes];
  const known = own[name];
  const said = typeof known === "string" ? known : name;
  switch (name) {
    case "sharing.points":
    case "market.points":
      return [said, number(w.points)];
    case "sharing.days":
    case "market.days":
      return [said, number(w.dayCount)];
    case "measure":
      return [said, value === "none" ? w.none : of(measureWords, value)];
    case "segment":
      return [said, of(segmentWords, value)];
    case "purpose":
      return [said, of(purposeWords, value)];
    case "cause":
      return [said, of(causeWords, value)];
    case "in_measure_s":
      return [said, Number.isNaN(n) ? value : duration(lang, n * 1_000)];
    case "control_failures":
      return [said, number(w.times)];
    case "cluster.members":
      return [said, number(w.keys)];
    default:
      return [said, yes];
  }
}
