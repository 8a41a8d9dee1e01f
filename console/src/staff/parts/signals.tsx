// What detection found, each with its sentence, when, by which detector, and what it was compared with.

import { count, day } from "../../i18n/format";
import { useLang, useWords } from "../../i18n/lang";
import { words } from "../../i18n/words";
import { Id, Time } from "../../ui/basics";
import { DemoDays } from "./demoDays";
import { detectorName } from "./detectorNames";
import { loose, type Signal } from "./shapes";
import { signalName } from "./signalNames";
import { useSaid } from "./who";
import { causeWords, word } from "./words";

const signalWords = words(
  {
    none: "탐지된 신호가 없습니다. 사람이 직접 요청하거나 취한 조치는 신호 없이도 있을 수 있습니다. 탐지되면 무엇을 보았는지 여기에 보입니다.",
    detector: "탐지기",
    earlier: (n: string) => `같은 종류의 이전 신호 ${n}건`,
    points: (n: string) => `발견 당시 ${n}점`,
    own: "신호의 점수는 발견된 때의 값입니다. 시간이 지나면 줄고, 같은 갈래에서는 가장 강한 것만 모두 반영되므로 더해도 합계와 같지 않습니다.",
    baseline: (from: string, to: string, sessions: string) => `비교 기준: ${from} ~ ${to}의 이용 ${sessions}회`,
    noBaseline: "비교할 이전 이용이 없었습니다",
    believed: "추정",
    unknown: "원인: 아직 알 수 없음",
    about: "대상",
    members: (n: string) => `키 ${n}개에 공통`,
    baselineDay: (day: string, sessions: string) => `비교 기준: ${day}의 이용 ${sessions}회`,
    evidence: (n: string) => `근거 이벤트 ${n}건`,
  },
  {
    none: "No signals: nothing was detected. What people ask for or do by themselves may stand without any. Whatever is found will be told here.",
    detector: "Detector",
    earlier: (n: string) => `${n} earlier of this kind`,
    points: (n: string) => `${n} points when found`,
    own: "A signal’s points are what it was worth when it was found. They fade, and of each kind of evidence only the strongest counts whole: they do not add up to the total.",
    baseline: (from: string, to: string, sessions: string) => `Compared with ${sessions} sessions from ${from} to ${to}`,
    noBaseline: "There was no earlier use to compare with",
    believed: "Believed",
    unknown: "Cause: not known yet",
    about: "About",
    members: (n: string) => `common to ${n} keys`,
    baselineDay: (day: string, sessions: string) => `Compared with ${sessions} sessions of ${day}`,
    evidence: (n: string) => (n === "1" ? "1 causing event" : `${n} causing events`),
  },
);

type Baseline = { from: string; to: string; sessions: number };

/** The latest of each kind about each subject, with how often it was said before. */
function grouped(of: readonly Signal[]): { latest: Signal; earlier: Signal[] }[] {
  const groups = new Map<string, Signal[]>();
  for (const signal of [...of].sort((one, other) => other.ts.localeCompare(one.ts))) {
    const about = `${signal.detector} ${signal.code} ${JSON.stringify(loose<{ key: string }>(signal.subject).key ?? null)}`;
    groups.set(about, [...(groups.get(about) ?? []), signal]);
  }
  return [...groups.values()].flatMap(([latest, ...earlier]) => (latest === undefined ? [] : [{ latest, earlier }]));
}

function One({ of, about }: { of: Signal; about: string | undefined }) {
  const w = useWords(signalWords);
  const { lang } = useLang();
  const said = useSaid();
  const causes = useWords(causeWords) as Record<string, unknown>;
  const subject = loose<{ key: string; members: string[] }>(of.subject);
  const baseline = loose<Baseline>(of.baseline);
  const compared = ({ from, to, sessions = 0 }: Partial<Baseline>) => {
    if (from === undefined || to === undefined || sessions === 0) return w.noBaseline;
    const [first, last] = [day(lang, from), day(lang, to)];
    return first === last ? w.baselineDay(first, count(lang, sessions)) : w.baseline(first, last, count(lang, sessions));
  };
  return (
    <>
      <p>
        <strong>{said(of.said) || (signalName(lang, of.code) ?? word({}, of.code))}</strong>
      </p>
      <p className="muted row facts">
        <Time at={of.ts} full />
        <span>{w.points(count(lang, of.points))}</span>
        <span>
          {w.detector}: <span title={of.detector}>{detectorName(lang, of.detector)}</span>
        </span>
        {subject.key === undefined || subject.key === about ? null : (
          <Id id={subject.key} to={`/keys/${encodeURIComponent(subject.key)}`} />
        )}
        {subject.members === undefined ? null : <span>{w.members(count(lang, subject.members.length))}</span>}
      </p>
      <p className="muted">
        {of.cause === "unknown" ? w.unknown : `${w.believed}: ${word(causes, of.cause)}`}
        {" · "}
        {compared(baseline)}
        {" · "}
        {w.evidence(count(lang, of.evidence.length))}
      </p>
      <DemoDays of={of} />
    </>
  );
}

/** `about`: the key that the page is about, which need not be named at each. */
export function Signals({ of, about }: { of: readonly Signal[]; about?: string | undefined }) {
  const w = useWords(signalWords);
  const { lang } = useLang();
  if (of.length === 0) return <p className="muted">{w.none}</p>;
  return (
    <div className="stack">
      {of.some((one) => one.points > 0) ? <p className="muted">{w.own}</p> : null}
      <ol className="timeline">
        {grouped(of).map(({ latest, earlier }) => (
          <li key={latest.id} className={latest.points > 0 ? "warn" : ""}>
            <One of={latest} about={about} />
            {earlier.length === 0 ? null : (
              <details>
                <summary className="muted">{w.earlier(count(lang, earlier.length))}</summary>
                <div className="stack">
                  {earlier.map((signal) => (
                    <div key={signal.id}>
                      <One of={signal} about={about} />
                    </div>
                  ))}
                </div>
              </details>
            )}
          </li>
        ))}
      </ol>
    </div>
  );
}
