import { duration } from "../../../i18n/format";
import { type Lang, words } from "../../../i18n/words";
import { spanMs } from "../../parts/campaignText";

/** Texts of the list of keys that are not registered. */
export const memberWords = words(
  {
    title: "미등록 키 목록",
    text: "아직 등록할 수 있는 키입니다. 소유자가 누구를 적었는지는 소유자 자신만 봅니다.",
    all: "모두",
    none: "해당하는 키가 없습니다.",
    next: "다음 단계",
    readOnly: "조회·취소만:",
    ends: "종료:",
    afterReached: "소유자에게 알린 뒤 정해집니다",
    nothing: "없음",
    letters: "안내",
    noLetter: "아직 없음",
    unknown: "확인할 수 없음",
    lastUsed: "마지막 이용",
    never: "이용 기록 없음",
    l_announced: "캠페인 안내",
    l_opened: "등록 기간 안내",
    l_read_only: "제한 안내",
    l_before_read_only: (span: string) => `제한 ${span} 전 안내`,
    l_before_end: (span: string) => `종료 ${span} 전 안내`,
  },
  {
    title: "Keys not registered, one by one",
    text: "These can still be registered. Whom an owner named is shown to the owner alone.",
    all: "All",
    none: "There is no such key.",
    next: "What comes next",
    readOnly: "Read and cancel only:",
    ends: "Ends:",
    afterReached: "Once its owner is reached",
    nothing: "Nothing",
    letters: "Letters",
    noLetter: "None yet",
    unknown: "Cannot be read",
    lastUsed: "Last used",
    never: "No use on record",
    l_announced: "Announced",
    l_opened: "Registration open",
    l_read_only: "Limited",
    l_before_read_only: (span: string) => `${span} before the limit`,
    l_before_end: (span: string) => `${span} before the end`,
  },
);

/** A letter's name in the record, such as `read_only-14d`, in words; what is not known stands as it is. */
export function letterText(lang: Lang, letter: string): string {
  const w = memberWords[lang];
  const fixed: Record<string, string> = { announced: w.l_announced, opened: w.l_opened, read_only: w.l_read_only };
  const known = fixed[letter];
  if (known !== undefined) return known;
  const [, step, span = ""] = /^(read_only|end)-(.+)$/.exec(letter) ?? [];
  const ms = spanMs(span);
  if (step === undefined || ms === null) return letter;
  return (step === "end" ? w.l_before_end : w.l_before_read_only)(duration(lang, ms));
}
