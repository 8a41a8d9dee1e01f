// Texts of parts that keep theirs to themselves. Whoever changes them there finds out here.
import type { Lang } from "../../src/i18n/words";

const SAID = {
  look: { ko: "어떻게 되는지 보기", en: "See what will happen" },
  happens: { ko: "확인하면 다음과 같이 됩니다", en: "Once you confirm, this happens" },
  reason: { ko: "사유", en: "Reason" },
  signOut: { ko: "로그아웃", en: "Sign out" },
  skip: { ko: "본문으로 건너뛰기", en: "Skip to content" },
  other: { ko: "English", en: "한국어" },
  dark: { ko: "어둡게", en: "Dark" },
  light: { ko: "밝게", en: "Light" },
} as const;

export const said = (what: keyof typeof SAID, lang: Lang): string => SAID[what][lang];
