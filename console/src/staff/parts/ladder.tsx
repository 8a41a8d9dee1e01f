// Why a key stands where it stands: the total term by term, and every rule of the policy, met or not, with what it still needs. The terms
// are the policy's own and sum to the total; nothing is computed here.

import { count } from "../../i18n/format";
import { useLang, useWords } from "../../i18n/lang";
import { words } from "../../i18n/words";
import { Badge, Time } from "../../ui/basics";
import { MEASURES, MeasureBadge } from "../../ui/measure";
import { readingSaid } from "./readings";
import type { Explanation, Part, Rule, Signal, Term } from "./shapes";
import { signalName } from "./signalNames";
import { added, asked, inPoints } from "./sums";
import "./terms.css";
import { useSaid } from "./who";
import { familyWords, hardWords, word } from "./words";

const ladderWords = words(
  {
    sharing: "공유 위험 합계",
    market: "시장 위험 합계",
    total: "합계",
    points: (n: string) => `${n}점`,
    nothing: "더해진 근거가 없습니다.",
    kind: "갈래",
    sum: "점수",
    pointsAre: "점수는 근거의 무게이고 확률이 아닙니다. 규칙이 정한 점수에 이르면 그 조치가 시작됩니다.",
    fullTotal: "막대는 합계에서 차지하는 몫입니다.",
    fullAt: (points: string, reached: boolean) =>
      reached ? `막대는 ${points}점에서 가득 찹니다.` : `막대는 규칙이 다음으로 요구하는 합계 ${points}점에서 가득 찹니다.`,
    pieces: "근거별 계산",
    found: "근거",
    worth: "지금 점수",
    counts: "반영",
    adds: "더해진 점수",
    piecesText:
      "신호의 점수는 시간이 지나면 줄어듭니다. 같은 갈래에서는 가장 강한 근거는 전부, 두 번째는 일부만 반영하고 나머지는 더하지 않습니다.",
    whole: "전부",
    part: (percent: string) => `${percent}%`,
    not: "없음",
    cap: "한 갈래에 정해진 상한",
    of: (family: string) => `‘${family}’ 소계`,
    lowered: "낮아지려면",
    ofTheCluster: (what: string) => `함께 움직이는 키들에서 탐지됨: ${what}`,
    otherOfTheCluster: (family: string) => `함께 움직이는 키들에서 탐지된 신호(${family})`,
    hard: "확증",
    either: "다음 가운데 하나면 됩니다:",
    rulesMet: "충족한 규칙",
    rulesNot: "충족하지 않은 규칙: 무엇이 더 있었어야 했는지",
    noneMet: "지금 충족하는 규칙이 없습니다.",
    met: "충족",
    not_met: "충족하지 않음",
    unknown: "알 수 없음",
    machine: "정책이 바로 시행",
    propose: "사람이 결정",
    passed: "이미 이 단계 이상입니다",
    now: "현재 값",
    policy: (name: string) =>
      `정책 ${name} 기준으로 지금 다시 계산했습니다. 점수는 근거의 무게이고 확률이 아니며, 규칙이 정한 점수에 이르면 그 조치가 시작됩니다. 확률은 실제 결과로 보정한 뒤에만 보입니다.`,
    cleared: (n: string) => `해명되어 더 이상 반영하지 않는 신호: ${n}건`,
    noPolicy: "시행 중인 정책이 없어 설명할 수 없습니다.",
  },
  {
    sharing: "Sharing risk",
    market: "Market risk",
    total: "Total",
    points: (n: string) => `${n} points`,
    nothing: "No evidence adds to it.",
    kind: "Kind",
    sum: "Points",
    pointsAre: "Points are the weight of the evidence, not a probability. A rule acts once they reach what it asks.",
    fullTotal: "Bars show the share of the total.",
    fullAt: (points: string, reached: boolean) =>
      reached ? `A bar is full at ${points} points.` : `A bar is full at ${points} points, the next total that a rule asks for.`,
    pieces: "How the evidence adds up",
    found: "Evidence",
    worth: "Worth now",
    counts: "Counts",
    adds: "Adds",
    piecesText:
      "A signal’s points fade with time. Of each kind of evidence the strongest counts whole, the second in part, and the others add nothing.",
    whole: "whole",
    part: (percent: string) => `${percent}%`,
    not: "not",
    cap: "The most that one kind may weigh",
    of: (family: string) => `“${family}” together`,
    lowered: "Would be lowered by",
    ofTheCluster: (what: string) => `Found about the keys that act together: ${what}`,
    otherOfTheCluster: (family: string) => `A signal about the keys that act together (${family})`,
    hard: "Hard evidence",
    either: "One of these is enough:",
    rulesMet: "Rules met",
    rulesNot: "Rules not met: what it would have taken",
    noneMet: "No rule is met now.",
    met: "met",
    not_met: "not met",
    unknown: "not known",
    machine: "Policy acts by itself",
    propose: "People decide",
    passed: "Already there or beyond",
    now: "now",
    policy: (name: string) =>
      `By policy ${name}, computed anew at this moment. Points are the weight of the evidence, not a probability: a rule acts once they reach what it asks. No probability is shown before it is calibrated on real outcomes.`,
    cleared: (n: string) => `Signals cleared, which no longer count: ${n}`,
    noPolicy: "No policy is in force, so nothing can be explained.",
  },
);

/** Terms by family with bars, one line each, and the total they add up to. */
/** `full`: so many points fill a bar, where a rule asks for them; else the total does. What fills it is said beside it. */
export function Terms({
  of,
  total,
  label,
  full = null,
}: {
  of: readonly Term[];
  total: number;
  label: string;
  full?: number | null;
}) {
  const w = useWords(ladderWords);
  const { lang } = useLang();
  const families = useWords(familyWords) as Record<string, unknown>;
  const sum = of.reduce((all, term) => all + Math.abs(term.points), 0);
  const largest = Math.max(1, ...(full === null ? [sum] : [full, ...of.map((term) => Math.abs(term.points))]));
  return (
    <table className="sums">
      <caption className="visually-hidden">{label}</caption>
      <thead className="visually-hidden">
        <tr>
          <th scope="col">{w.kind}</th>
          <th scope="col" colSpan={2}>
            {w.sum}
          </th>
        </tr>
      </thead>
      <tbody>
        {of.map((term, index) => (
          <tr key={term.family}>
            <th scope="row">{word(families, term.family)}</th>
            <td className="wide">
              <span className="bar" aria-hidden="true">
                <span
                  className={term.points < 0 ? "down" : ""}
                  style={{ width: `${(Math.abs(term.points) / largest) * 100}%` }}
                />
              </span>
            </td>
            <td className="number">
              {index > 0 && term.points >= 0 ? "+ " : ""}
              {count(lang, term.points)}
            </td>
          </tr>
        ))}
      </tbody>
      <tfoot>
        <tr>
          <th scope="row">{label}</th>
          <td className="wide scale">
            {of.length === 0 ? w.nothing : full === null ? w.fullTotal : w.fullAt(count(lang, largest), total >= full)}
          </td>
          <td className="number" title={w.pointsAre}>
            {of.length === 0 ? "" : "= "}
            {w.points(count(lang, total))}
          </td>
        </tr>
      </tfoot>
    </table>
  );
}

type Scored = Explanation["scores"][number];

/** Every piece of evidence with what it adds, and each kind's sum: what stands in `Terms`, one step further in. */
function Pieces({ of, sentence }: { of: Scored; sentence: (id: string, family: string, code: string) => string }) {
  const w = useWords(ladderWords);
  const { lang } = useLang();
  const said = useSaid();
  const families = useWords(familyWords) as Record<string, unknown>;
  const counted = (milli: number) => (milli >= 1000 ? w.whole : milli > 0 ? w.part(count(lang, Math.round(milli / 10))) : w.not);
  return (
    <div className="stack tight">
      <p className="muted">{w.piecesText}</p>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a table wider than the window is scrolled by keyboard too */}
      <section className="table-scroll" tabIndex={0} aria-label={w.pieces}>
        <table className="table sums-of">
          <caption className="visually-hidden">{w.pieces}</caption>
          <thead>
            <tr>
              <th scope="col">{w.found}</th>
              <th scope="col" className="number">
                {w.worth}
              </th>
              <th scope="col" className="number">
                {w.counts}
              </th>
              <th scope="col" className="number">
                {w.adds}
              </th>
            </tr>
          </thead>
          {of.terms.map((term) => {
            const { adds, rest } = added(term.pieces, term.points);
            return (
              <tbody key={term.family}>
                {term.pieces.map((piece, index) => (
                  <tr key={`${piece.detector} ${piece.code}`}>
                    <td className="found">
                      {sentence(piece.signal, term.family, piece.code)}
                      <div className="muted">
                        <Time at={piece.at} />
                        {piece.lowered_by ? ` · ${w.lowered}: ${said(piece.lowered_by)}` : ""}
                      </div>
                    </td>
                    <td className="number">{count(lang, piece.points)}</td>
                    <td className="number">{counted(piece.counts_milli)}</td>
                    <td className="number">{count(lang, adds[index] ?? 0)}</td>
                  </tr>
                ))}
                {rest === 0 ? null : (
                  <tr>
                    <td colSpan={3}>{w.cap}</td>
                    <td className="number">{count(lang, rest)}</td>
                  </tr>
                )}
                <tr className="sum">
                  <th scope="row" colSpan={3}>
                    {w.of(word(families, term.family))}
                  </th>
                  <td className="number">= {count(lang, term.points)}</td>
                </tr>
              </tbody>
            );
          })}
        </table>
      </section>
    </div>
  );
}

/** What was met stands first: a rule may name five ways of which one held. */
const metFirst = (parts: readonly Part[]): Part[] =>
  [...parts].sort((one, other) => Number(other.reading === "met") - Number(one.reading === "met"));

function PartLine({ part }: { part: Part }) {
  const w = useWords(ladderWords);
  const said = useSaid();
  const { lang } = useLang();
  const either = part.either ?? [];
  // Told beside each of them, where there are several.
  const own = either.length === 0 ? part.values : [];
  const values = own.flatMap(([name, value]) => (value === null ? [] : [readingSaid(lang, name, value).join(": ")]));
  return (
    <li>
      {part.reading === "met" ? "✓ " : part.reading === "not_met" ? "✗ " : "? "}
      {inPoints(lang, said(part.said))}: {w[part.reading]}
      {values.length === 0 ? null : (
        <span className="muted">
          {" "}
          ({w.now}: {values.join(", ")})
        </span>
      )}
      {either.length === 0 ? null : (
        <>
          <p className="muted">{w.either}</p>
          <ul>
            {metFirst(either).map((one) => (
              <PartLine key={one.condition} part={one} />
            ))}
          </ul>
        </>
      )}
    </li>
  );
}

function RuleItem({ rule }: { rule: Rule }) {
  const w = useWords(ladderWords);
  const said = useSaid();
  return (
    <li className={rule.reading === "met" ? "met" : ""}>
      <div className="row">
        <MeasureBadge measure={rule.measure} />
        <strong title={rule.rule}>{said(rule.reason)}</strong>
        <span className="muted">
          {rule.act === "machine" ? w.machine : w.propose}
          {rule.passed ? ` · ${w.passed}` : ""}
        </span>
      </div>
      <ul>
        {metFirst(rule.parts).map((part) => (
          <PartLine key={part.condition} part={part} />
        ))}
      </ul>
    </li>
  );
}

/** So many pieces of evidence are shown at once; more are folded. */
const FEW = 6;

/** Kinds of evidence about several keys at once. */
const OF_CLUSTERS: ReadonlySet<string> = new Set(["operator", "coordination"]);

const rank = (measure: string) => (MEASURES as readonly string[]).indexOf(measure);

/** A whole explanation. `signals` lend their sentences to pieces of evidence. */
export function Ladder({ of, signals }: { of: Explanation | null; signals: readonly Signal[] }) {
  const w = useWords(ladderWords);
  const { lang } = useLang();
  const said = useSaid();
  const hards = useWords(hardWords) as Record<string, unknown>;
  const families = useWords(familyWords) as Record<string, unknown>;
  if (of === null) return <p className="muted">{w.noPolicy}</p>;
  // A signal of the cluster is on the cluster, and may not be among those of the key; one that is newer than those read is told by its name.
  const sentence = (id: string, family: string, code: string) => {
    const found = signals.find((signal) => signal.id === id);
    if (found) return said(found.said);
    const name = signalName(lang, code);
    if (!OF_CLUSTERS.has(family)) return name ?? word(families, family);
    return name === undefined ? w.otherOfTheCluster(word(families, family)) : w.ofTheCluster(name);
  };
  const met = of.rules.filter((rule) => rule.reading === "met");
  const not = of.rules.filter((rule) => rule.reading !== "met").sort((one, other) => rank(one.measure) - rank(other.measure));
  return (
    <div className="stack">
      <p className="muted">{w.policy(of.policy)}</p>
      {Object.keys(of.hard).length === 0 ? null : (
        <p className="row">
          <Badge tone="expire">{w.hard}</Badge>{" "}
          {Object.keys(of.hard)
            .map((name) => word(hards, name))
            .join(", ")}
        </p>
      )}
      {of.scores
        .filter((score) => score.terms.length > 0 || score.score === "sharing")
        .map((score) => (
          <div key={score.score} className="stack tight">
            <Terms
              of={score.terms}
              total={score.points}
              label={score.score === "market" ? w.market : w.sharing}
              full={asked(of.rules, score.score, score.points)}
            />
            {score.terms.length === 0 ? null : (
              <details open={score.terms.flatMap((term) => term.pieces).length <= FEW}>
                <summary>{w.pieces}</summary>
                <Pieces of={score} sentence={sentence} />
              </details>
            )}
          </div>
        ))}
      {of.cleared.length === 0 ? null : <p className="muted">{w.cleared(count(lang, of.cleared.length))}</p>}
      <h3>{w.rulesMet}</h3>
      {met.length === 0 ? <p className="muted">{w.noneMet}</p> : null}
      <ul className="rules">
        {met.map((rule) => (
          <RuleItem key={rule.rule} rule={rule} />
        ))}
      </ul>
      {not.length === 0 ? null : (
        <details>
          <summary>
            {w.rulesNot} ({count(lang, not.length)})
          </summary>
          <ul className="rules">
            {not.map((rule) => (
              <RuleItem key={rule.rule} rule={rule} />
            ))}
          </ul>
        </details>
      )}
    </div>
  );
}
