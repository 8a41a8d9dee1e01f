// Reasons that stand in records, as people read them.
import type { Lang } from "../../i18n/words";

/** Reasons that the server itself writes, in Korean and in English. What people wrote is shown as they wrote it. */
export const OWN_REASONS: Record<string, readonly [ko: string, en: string]> = {
  "its owner says that it was not him": [
    "소유자가 본인이 사용한 것이 아니라고 답했습니다",
    "Its owner says that somebody else used it",
  ],
  "its secret was exposed": ["시크릿 키가 공개된 것으로 확인되었습니다", "Its secret was exposed"],
  "the key was ended": ["키가 종료되었습니다", "The key was ended"],
  "it lapsed": ["기한이 되어 풀렸습니다", "It lapsed"],
  due: ["정해진 기한이 되었습니다", "Its time had come"],
  rule: ["정책의 규칙에 따른 것입니다", "By a rule of the policy"],
  "a machine's token": ["시스템 토큰입니다", "A machine's token"],
  "other facts of the venue": ["거래소 설정의 다른 내용입니다", "Other facts of the venue"],
};

/** Two languages in one text, as the record itself writes what it knows: English, then Korean. */
const BOTH = " · ";
const HANGUL = /[\uac00-\ud7af]/;

/** A reason as it stands, or in the reader's language where the server wrote it. */
export function reasonSaid(lang: Lang, reason: string): string {
  const own = OWN_REASONS[reason];
  if (own !== undefined) return own[lang === "ko" ? 0 : 1];
  const [en, ko, ...more] = reason.split(BOTH);
  const both = en?.startsWith("on record: ") && ko !== undefined && more.length === 0 && HANGUL.test(ko) && !HANGUL.test(en);
  return both ? ((lang === "ko" ? ko : en) ?? reason) : reason;
}
