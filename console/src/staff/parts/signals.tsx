// What detection found, each with its sentence, when, by which detector, and what it was compared with.

import { count, day } from "../../i18n/format";
import { useLang, useWords } from "../../i18n/lang";
import { words } from "../../i18n/words";
import { Id, Time } from "../../ui/basics";
import { loose, type Signal } from "./shapes";
import { useSaid } from "./who";
import { causeWords, word } from "./words";

const signalWords = words(
  {
    none: "신호가 없습니다. 사람이 직접 취한 조치이거나, 아직 탐지된 것이 없습니다.",
    detector: "탐지기",
    points: (n: string) => `${n}점`,
    baseline: (from: string, to: string, sessions: string) => `비교 기준: ${from} ~ ${to}의 이용 ${sessions}회`,
    noBaseline: "비교할 이전 이용이 없었습니다",
    believed: "추정",
    about: "대상",
    members: (n: string) => `키 ${n}개에 공통`,
    evidence: (n: string) => `근거 이벤트 ${n}건`,
  },
  {
    none: "No signals. People acted by themselves, or nothing was found yet.",
    detector: "Detector",
    points: (n: string) => `${n} points`,
    baseline: (from: string, to: string, sessions: string) => `Compared with ${sessions} sessions from ${from} to ${to}`,
    noBaseline: "There was no earlier use to compare with",
    believed: "Believed",
    about: "About",
    members: (n: string) => `common to ${n} keys`,
    evidence: (n: string) => `${n} causing events`,
  },
);

type Baseline = { from: string; to: string; sessions: number };

export function Signals({ of }: { of: readonly Signal[] }) {
  const w = useWords(signalWords);
  const { lang } = useLang();
  const said = useSaid();
  const causes = useWords(causeWords) as Record<string, unknown>;
  if (of.length === 0) return <p className="muted">{w.none}</p>;
  const newest = [...of].sort((one, other) => other.ts.localeCompare(one.ts));
  return (
    <ol className="timeline">
      {newest.map((signal) => {
        const subject = loose<{ key: string; members: string[] }>(signal.subject);
        const baseline = loose<Baseline>(signal.baseline);
        return (
          <li key={signal.id} className="warn" id={`signal-${signal.id}`}>
            <p>
              <strong>{said(signal.said) || signal.code}</strong>
            </p>
            <p className="muted row">
              <Time at={signal.ts} full />
              <span>{w.points(count(lang, signal.points))}</span>
              <span>
                {w.detector} <span className="mono">{signal.detector}</span>
              </span>
              {subject.key === undefined ? null : <Id id={subject.key} to={`/keys/${encodeURIComponent(subject.key)}`} />}
              {subject.members === undefined ? null : <span>{w.members(count(lang, subject.members.length))}</span>}
              <span>
                {w.believed}: {word(causes, signal.cause)}
              </span>
            </p>
            <p className="muted">
              {baseline.from !== undefined && baseline.to !== undefined
                ? w.baseline(day(lang, baseline.from), day(lang, baseline.to), count(lang, baseline.sessions ?? 0))
                : w.noBaseline}
              {" · "}
              {w.evidence(count(lang, signal.evidence.length))}
            </p>
          </li>
        );
      })}
    </ol>
  );
}
