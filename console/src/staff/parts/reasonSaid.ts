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
  "nobody decided about it in time": ["정해진 기한까지 아무도 결정하지 않았습니다", "Nobody decided about it in time"],
  "its customer was closed": ["고객의 계정이 해지되었습니다", "Its customer was closed"],
  "it is dead at the exchange": ["거래소에서 이미 종료된 키입니다", "It has ended at the exchange"],
  "it lapsed": ["기한이 되어 풀렸습니다", "It lapsed"],
  due: ["정해진 기한이 되었습니다", "Its due time was reached"],
  rule: ["정책의 규칙에 따른 것입니다", "By a rule of the policy"],
  rule_jump: ["정책의 규칙에 따른 것입니다", "By a rule of the policy"],
  "ladder.approved": ["정책의 제안을 사람이 승인했습니다", "People approved what policy proposed"],
  "ladder.after_proof": ["확인을 마친 키를 한동안 지켜봅니다", "It is watched for a while after its owner proved what was asked"],
  "ladder.follows": [
    "같은 고객의 다른 키에 대한 조치가 이 키에도 이어집니다",
    "A measure on another key of the same customer goes on with this one",
  ],
  "a machine's token": ["시스템 토큰입니다", "A machine's token"],
  "other facts of the venue": ["거래소 설정의 다른 내용입니다", "Other facts of the venue"],
};

/** Two languages in one text, as the record itself writes what it knows: English, then Korean. */
const BOTH = " · ";
/** What the record says of what people did, in words for whoever it was. */
const NEUTRAL: readonly [string, string][] = [
  ["its owner said that it was not him", "its owner said that somebody else had made them"],
];
const HANGUL = /[\uac00-\ud7af]/;

/** A reason as it stands, or in the reader's language where the server wrote it. */
export function reasonSaid(lang: Lang, reason: string): string {
  const own = OWN_REASONS[reason];
  if (own !== undefined) return own[lang === "ko" ? 0 : 1];
  const [en, ko, ...more] = reason.split(BOTH);
  if (en === undefined || ko === undefined || more.length > 0) return reason;
  if (!en.startsWith("on record: ") || !HANGUL.test(ko) || HANGUL.test(en)) return reason;
  if (lang === "ko") return ko;
  return NEUTRAL.reduce((said, [from, to]) => said.replace(from, to), `O${en.slice(1)}`);
}

/** What a policy calls a rule, as the sentence of a measure has it: `{title}. Rule `id` is met: …`. */
export function ruleTitle(because: string, rule: string): string | null {
  const at = Math.max(because.indexOf(` Rule \`${rule}\``), because.indexOf(` 규칙 \`${rule}\``));
  return at > 0 ? because.slice(0, at).replace(/\.$/, "") : null;
}

/** A sentence of the server without the codes in it: the rule that a policy calls so is found by its words, and by its title where it stands. */
export function withoutCodes(lang: Lang, said: string): string {
  const rules = lang === "ko" ? said.replaceAll(/규칙 `[\w-]+`/g, "규칙") : said.replaceAll(/\b(R|r)ule `[\w-]+`/g, "$1ule");
  return (
    lang === "ko" ? rules : rules.replaceAll("Rule is met", "Its rule is met").replaceAll("of rule", "of its rule")
  ).replaceAll(/`([a-z]+(?:_[a-z0-9]+)+)`/g, (_, code: string) => `‘${code.replaceAll("_", " ")}’`);
}
