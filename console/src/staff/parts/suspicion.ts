// What a case suspects, in one plain sentence, and how pressing it is, in words.

import { relative } from "../../i18n/format";
import { useLang, useWords } from "../../i18n/lang";
import { words } from "../../i18n/words";
import { shortId } from "../../ui/ids";
import { MEASURES } from "../../ui/measure";
import { type Case, type CaseBody, loose } from "./shapes";
import { causeWords, word } from "./words";

const suspicionWords = words(
  {
    one: (key: string, account: string, cause: string) => `계정 ${account}의 키 ${key}: ${cause}`,
    many: (n: number, accounts: number, cause: string) => `계정 ${accounts}개의 키 ${n}개: ${cause}`,
    m_lent: "키들을 한 사람에게 빌려주었을 가능성",
    m_sold: "키들을 판매했을 가능성",
    m_leaked: "시크릿 키들이 소유자 모르게 유출되었을 가능성",
    m_over_delegated: "등록된 위임 범위를 넘은 사용",
    m_copied_code: "공개된 같은 코드를 쓰는 사용",
    m_market_abuse: "시장 교란이 의심되는 거래",
    m_documented_delegation: "등록된 위임으로 설명되는 사용",
    m_coordinated: "한 운용자가 함께 움직였을 가능성",
    m_unknown: "원인은 아직 알 수 없음",
    staff: (key: string) => `키 ${key}: 담당자가 직접 조치했습니다. 탐지된 신호는 없습니다`,
    top: "매우 높음",
    high: "높음",
    middle: "보통",
    low: "낮음",
    rank: (step: number) => `5단계 중 ${step}단계`,
    noRank: "조치 없음",
    over: "키 종료됨",
    overWhy: "종결만 남음",
    stepsLeft: (n: number) => `절차 ${n}개 남음`,
    overdue: (text: string) => `기한이 지났습니다(${text})`,
    late: "기한 지남",
    due: (text: string) => `${text}까지`,
    noDue: "기한 없음",
    unassigned: "담당자 없음",
  },
  {
    one: (key: string, account: string, cause: string) => `Key ${key} of account ${account}: ${cause}`,
    many: (n: number, accounts: number, cause: string) =>
      `${n} keys of ${accounts === 1 ? "one account" : `${accounts} accounts`}: ${cause}`,
    m_lent: "they may have been lent to one operator",
    m_sold: "they may have been sold",
    m_leaked: "their secrets may have leaked without the owners' knowledge",
    m_over_delegated: "they were used beyond their recorded delegations",
    m_copied_code: "they run the same published code",
    m_market_abuse: "their trading may harm a market",
    m_documented_delegation: "recorded delegations explain the use",
    m_coordinated: "one operator may drive them together",
    m_unknown: "the cause is not known yet",
    staff: (key: string) => `Key ${key}: staff acted by themselves; nothing was detected`,
    top: "Very high",
    high: "High",
    middle: "Medium",
    low: "Low",
    rank: (step: number) => `step ${step} of 5`,
    noRank: "no measure",
    over: "Keys ended",
    overWhy: "only closing is left",
    stepsLeft: (n: number) => (n === 1 ? "1 step left" : `${n} steps left`),
    overdue: (text: string) => `Overdue (${text})`,
    late: "Overdue",
    due: (text: string) => `Due ${text}`,
    noDue: "No due time",
    unassigned: "No assignee",
  },
);

export function useSuspicion() {
  const w = useWords(suspicionWords);
  const { lang } = useLang();
  const causes = useWords(causeWords) as Record<string, unknown>;
  const many = (cause: string) => {
    const found = (w as unknown as Record<string, unknown>)[`m_${cause}`];
    return typeof found === "string" ? found : cause;
  };
  return {
    sentence(of: Case): string {
      const body = loose<CaseBody>(of.body);
      // What only took another's place, and its measure, is suspected of nothing itself.
      const own = of.members.filter((member) => member.state !== "follow_on");
      const members = own.length > 0 ? own : of.members;
      const [first] = members;
      if (members.length === 1 && first !== undefined) {
        if (of.cause === "unknown" && (body.signals ?? []).length === 0) return w.staff(shortId(first.key));
        return w.one(shortId(first.key), first.account, word(causes, of.cause));
      }
      return w.many(members.length, new Set(members.map((member) => member.account)).size, many(of.cause));
    },
    /** The server ranks by the strictest measure, taken or proposed, then by risk. No risk is shown as a number before calibration. `over`: all
     * its keys have ended, so that nothing presses any more. */
    priority(of: Case, over = false): { word: string; why: string; tone: "expire" | "hold" | "warn" | "monitor" | "plain" } {
      const body = loose<CaseBody>(of.body);
      if (over) {
        const left = (body.playbook ?? []).filter((step) => step.state === "open" || step.state === "waiver_asked").length;
        return { word: w.over, why: left === 0 ? w.overWhy : w.stepsLeft(left), tone: "plain" };
      }
      const measure = body.measure ?? null;
      const rank = (MEASURES as readonly string[]).indexOf(measure ?? "") + 1;
      const why = rank === 0 ? w.noRank : w.rank(rank);
      if (measure === "expire" || measure === "reverify") return { word: w.top, why, tone: "expire" };
      if (measure === "hold") return { word: w.high, why, tone: "hold" };
      if (measure === "warn") return { word: w.middle, why, tone: "warn" };
      return { word: w.low, why, tone: "monitor" };
    },
    /** `text` says all of it; `when` only when. */
    due(of: Case, now: number): { text: string; when: string; overdue: boolean } {
      if (!of.due) return { text: w.noDue, when: w.noDue, overdue: false };
      const overdue = of.state === "open" && Date.parse(of.due) < now;
      const when = relative(lang, of.due, now);
      return { text: overdue ? w.overdue(when) : when, when, overdue };
    },
    late: w.late,
    unassigned: w.unassigned,
  };
}
