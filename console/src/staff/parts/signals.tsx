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
    earlier: (n: string) => `같은 종류의 이전 신호 ${n}건`,
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
    earlier: (n: string) => `${n} earlier of this kind`,
    points: (n: string) => `${n} points`,
    baseline: (from: string, to: string, sessions: string) => `Compared with ${sessions} sessions from ${from} to ${to}`,
    noBaseline: "There was no earlier use to compare with",
    believed: "Believed",
    about: "About",
    members: (n: string) => `common to ${n} keys`,
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

function One({ of }: { of: Signal }) {
  const w = useWords(signalWords);
  const { lang } = useLang();
  const said = useSaid();
  const causes = useWords(causeWords) as Record<string, unknown>;
  const subject = loose<{ key: string; members: string[] }>(of.subject);
  const baseline = loose<Baseline>(of.baseline);
  return (
    <>
      <p>
        <strong>{said(of.said) || of.code}</strong>
      </p>
      <p className="muted row">
        <Time at={of.ts} full />
        <span>{w.points(count(lang, of.points))}</span>
        <span>
          {w.detector} <span className="mono">{of.detector}</span>
        </span>
        {subject.key === undefined ? null : <Id id={subject.key} to={`/keys/${encodeURIComponent(subject.key)}`} />}
        {subject.members === undefined ? null : <span>{w.members(count(lang, subject.members.length))}</span>}
      </p>
      <p className="muted">
        {w.believed}: {word(causes, of.cause)} {" · "}
        {baseline.from !== undefined && baseline.to !== undefined
          ? w.baseline(day(lang, baseline.from), day(lang, baseline.to), count(lang, baseline.sessions ?? 0))
          : w.noBaseline}
        {" · "}
        {w.evidence(count(lang, of.evidence.length))}
      </p>
    </>
  );
}

export function Signals({ of }: { of: readonly Signal[] }) {
  const w = useWords(signalWords);
  const { lang } = useLang();
  if (of.length === 0) return <p className="muted">{w.none}</p>;
  return (
    <ol className="timeline">
      {grouped(of).map(({ latest, earlier }) => (
        <li key={latest.id} className={latest.points > 0 ? "warn" : ""}>
          <One of={latest} />
          {earlier.length === 0 ? null : (
            <details>
              <summary className="muted">{w.earlier(count(lang, earlier.length))}</summary>
              <div className="stack">
                {earlier.map((signal) => (
                  <div key={signal.id}>
                    <One of={signal} />
                  </div>
                ))}
              </div>
            </details>
          )}
        </li>
      ))}
    </ol>
  );
}
