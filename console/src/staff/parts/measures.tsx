// Measures of a key or a case: what, since when, who decided, why, why nothing lesser, when each gate obeyed.

import { duration } from "../../i18n/format";
import { useLang, useWords } from "../../i18n/lang";
import { words } from "../../i18n/words";
import { Id, Pairs, Time } from "../../ui/basics";
import { MeasureBadge } from "../../ui/measure";
import { Terms } from "./ladder";
import { type Bilingual, loose, type MeasureBody, type Measured } from "./shapes";
import { useSaid, useWho } from "./who";
import { measureStateWords, word } from "./words";

const measuresWords = words(
  {
    none: "조치가 없었습니다. 정책이나 직원이 조치를 하면 이유와 기한, 게이트별 시행이 여기에 보입니다.",
    noneNow: "지금 시행 중인 조치가 없습니다.",
    earlier: (n: number) => `이전 조치 ${n}건`,
    by: "결정",
    why: "이유",
    lesser: "더 가벼운 조치로 부족한 이유",
    began: "시작",
    until: "조치 기한",
    wasUntil: "조치 기한(지남)",
    ended: "종료",
    gates: "게이트 시행",
    gate: (name: string, took: string) => `${name}: 결정된 뒤 ${took} 만에 시행`,
    fromSuspicion: "의심부터 모든 게이트까지",
    fromDecision: "결정부터 모든 게이트까지",
    waiting: "아직 확인된 게이트가 없습니다",
    spared: "그대로 두는 것",
    sparedText: "고객의 다른 키, 앱과 웹에서의 직접 이용, 출금은 그대로입니다.",
    key: "키",
    case: "케이스",
    approval: "승인",
    policy: "정책",
    rule: "규칙",
    total: "당시 합계",
    proposed: "사람의 결정을 요청함",
    endedIt: "이 조치로 키가 종료되었습니다",
    expireSaid: "‘강제 만료’는 조치의 이름입니다. 강제 만료가 시행되면 키는 ‘종료’ 상태가 됩니다.",
    endedWith: "키가 종료되어 더 이상 시행되지 않습니다",
  },
  {
    none: "No measure was taken. When policy or staff take one, its reason, its time and what each gate did will stand here.",
    noneNow: "None is in force now.",
    earlier: (n: number) => (n === 1 ? "One earlier measure" : `${n} earlier measures`),
    by: "Decided by",
    why: "Why",
    lesser: "Why nothing lesser",
    began: "Since",
    until: "Ends by",
    wasUntil: "Was due",
    ended: "Ended",
    gates: "At the gates",
    gate: (name: string, took: string) => `${name}: obeyed ${took} after the decision`,
    fromSuspicion: "From suspicion to every gate",
    fromDecision: "From decision to every gate",
    waiting: "no gate has confirmed it yet",
    spared: "What is spared",
    sparedText: "The owner's other keys, use of app and web in person, and withdrawals stay as they are.",
    key: "Key",
    case: "Case",
    approval: "Approval",
    policy: "Policy",
    rule: "Rule",
    total: "Total then",
    proposed: "People were asked to decide",
    endedIt: "It ended the key",
    expireSaid: "“Forced end” is the measure; once it is in force, the key is “ended”.",
    endedWith: "Over with the key's end",
  },
);

const ENGLISH_OF_STAFF = "a suspension is staff's own act";

/** Since the decision, for each gate. */
export function Obeyed({ of }: { of: Measured }) {
  const w = useWords(measuresWords);
  const { lang } = useLang();
  const body = loose<MeasureBody>(of.body);
  const obeyed = body.obeyed ?? [];
  if (obeyed.length === 0) return <span className="muted">{w.waiting}</span>;
  const since = Date.parse(body.decided ?? of.began);
  return (
    <ul className="pieces">
      {obeyed.map((one) => (
        <li key={one.gate}>
          {w.gate(one.gate, duration(lang, Math.max(0, Date.parse(one.at) - since)))} · <Time at={one.at} full />
        </li>
      ))}
    </ul>
  );
}

function MeasureFacts({ of, inCase, named, over }: { of: Measured; inCase: boolean; named: boolean; over: boolean }) {
  const w = useWords(measuresWords);
  const said = useSaid();
  const who = useWho();
  const { lang } = useLang();
  const took = (ms: number | null | undefined) => (ms == null ? null : duration(lang, Math.max(0, ms)));
  const states = useWords(measureStateWords) as Record<string, unknown>;
  const body = loose<MeasureBody>(of.body);
  const terms = body.terms ?? [];
  const ruleSaid = said(loose<{ rule_said: Bilingual }>(of).rule_said);
  const lesser = said(of.lesser);
  return (
    <div className="stack tight">
      <div className="row">
        <MeasureBadge measure={of.measure} />
        <span>{!over ? word(states, of.state) : of.measure === "expire" ? w.endedIt : w.endedWith}</span>
        <Time at={of.began} full />
      </div>
      <Pairs
        of={[
          [
            w.why,
            <span key="why" className="preline">
              {said(of.because)}
            </span>,
          ],
          [
            w.lesser,
            lesser === "" || lesser.toLowerCase() === ENGLISH_OF_STAFF ? null : (
              <span key="lesser" className="preline">
                {lesser}
              </span>
            ),
          ],
          [w.by, of.mode === "propose" ? `${who(of.by)} · ${w.proposed}` : who(of.by)],
          [
            w.rule,
            ruleSaid === "" ? null : (
              <span key="rule" title={body.rule ?? undefined}>
                {ruleSaid}
              </span>
            ),
          ],
          [w.policy, body.policy ? <Id key="policy" id={body.policy} to={`/policy/${encodeURIComponent(body.policy)}`} /> : null],
          [
            of.until && Date.parse(of.until) < Date.now() ? w.wasUntil : w.until,
            of.until && !over ? <Time key="until" at={of.until} full /> : null,
          ],
          [
            w.ended,
            of.ended ? (
              <span key="ended" className="preline">
                <Time at={of.ended} full /> · {said(of.ended_because)}
              </span>
            ) : null,
          ],
          [w.gates, of.state === "in_force" || of.state === "ended" ? <Obeyed key="gates" of={of} /> : null],
          [w.fromSuspicion, took(of.suspicion_to_effect_ms)],
          [w.fromDecision, took(of.decision_to_effect_ms)],
          [
            w.approval,
            of.approval ? <Id key="approval" id={of.approval} to={`/approvals/${encodeURIComponent(of.approval)}`} /> : null,
          ],
          [w.key, named ? <Id key="key" id={of.key} to={`/keys/${encodeURIComponent(of.key)}`} /> : null],
          [w.case, inCase ? null : <Id key="case" id={of.case_id} to={`/cases/${encodeURIComponent(of.case_id)}`} />],
          [w.spared, of.state === "in_force" && !over && of.measure !== "monitor" && of.measure !== "warn" ? w.sparedText : null],
        ]}
      />
      {terms.length === 0 ? null : (
        <Terms of={terms} total={body.points ?? terms.reduce((sum, term) => sum + term.points, 0)} label={w.total} />
      )}
    </div>
  );
}

/** `ended`: keys that have ended; of them nothing is in force any more, whatever the row of a measure still says. */
export function Measures({
  of,
  inCase = false,
  ended,
}: {
  of: readonly Measured[];
  inCase?: boolean;
  ended: ReadonlySet<string>;
}) {
  const w = useWords(measuresWords);
  if (of.length === 0) return <p className="muted">{w.none}</p>;
  const newest = [...of].sort((one, other) => other.began.localeCompare(one.began));
  // Where it is not plain which key a measure is about.
  const named = new Set(of.map((one) => one.key)).size > 1;
  const over = (one: Measured) =>
    one.state === "in_force" && (ended.has(one.key) || Boolean(loose<{ key_ended: string | null }>(one).key_ended));
  const now = newest.filter((one) => (one.state === "in_force" && !over(one)) || one.state === "proposed");
  const past = newest.filter((one) => !now.includes(one));
  const list = (measures: readonly Measured[]) => (
    <ol className="timeline">
      {measures.map((measure) => (
        <li key={measure.measure_id} className={measure.state === "in_force" ? measure.measure : ""}>
          <MeasureFacts of={measure} inCase={inCase} named={named} over={over(measure)} />
        </li>
      ))}
    </ol>
  );
  // What ended a key is the answer that is looked for: it is not folded away.
  const last = past.filter((one) => over(one) && one.measure === "expire");
  const earlier = past.filter((one) => !last.includes(one));
  return (
    <div className="stack">
      {of.some((one) => one.measure === "expire") ? <p className="muted">{w.expireSaid}</p> : null}
      {now.length === 0 ? <p className="muted">{w.noneNow}</p> : list(now)}
      {last.length === 0 ? null : list(last)}
      {earlier.length === 0 ? null : (
        <details>
          <summary>{w.earlier(earlier.length)}</summary>
          {list(earlier)}
        </details>
      )}
    </div>
  );
}
