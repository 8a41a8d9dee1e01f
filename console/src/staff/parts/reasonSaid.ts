// Reasons that stand in records, as people read them.
import type { Lang } from "../../i18n/words";

/** Reasons that the server itself writes, in Korean. What people wrote is shown as they wrote it. */
const OWN_REASONS: Record<string, string> = {
  "its owner says that it was not him": "소유자가 본인이 사용한 것이 아니라고 답했습니다",
  "its secret was exposed": "시크릿 키가 공개된 것으로 확인되었습니다",
  "the key was ended": "키가 종료되었습니다",
  "it lapsed": "기한이 되어 풀렸습니다",
  due: "정해진 기한이 되었습니다",
  rule: "정책의 규칙에 따른 것입니다",
};

/** A reason as it stands, or in Korean where the server wrote it. */
export function reasonSaid(lang: Lang, reason: string): string {
  if (OWN_REASONS[reason] === undefined) return reason;
  return lang === "ko" ? OWN_REASONS[reason] : `${reason.charAt(0).toUpperCase()}${reason.slice(1)}`;
}
