// Uses by the hour of the venue's day: bars with an axis, its zone named. The same figures stand in a table under it, so that nobody depends on
// seeing the bars.
import { count } from "../i18n/format";
import { useLang, useWords } from "../i18n/lang";
import { words } from "../i18n/words";
import "./chart.css";
import { Table } from "./lists";

const hoursWords = words(
  {
    title: "시간대별 사용(한국 시간, KST)",
    axis: (hour: number) => `${hour}시`,
    span: (from: number, to: number) => `${from}–${to}시`,
    bar: (span: string, n: string) => `${span}: ${n}회`,
    most: (span: string, n: string) => `가장 많은 때: ${span}, ${n}회`,
    times: "횟수",
    at: "시간(KST)",
    table: "표로 보기",
  },
  {
    title: "Uses by hour of the day (Korean time, KST)",
    axis: (hour: number) => `${hour} h`,
    span: (from: number, to: number) => `${from}–${to} h`,
    bar: (span: string, n: string) => `${span}: ${n}`,
    most: (span: string, n: string) => `Busiest: ${span}, ${n} uses`,
    times: "Uses",
    at: "Hour (KST)",
    table: "As a table",
  },
);

const MARKS = [0, 6, 12, 18, 24] as const;

/** `of`: 24 counts, from midnight on. */
export function Hours({ of }: { of: readonly number[] }) {
  const w = useWords(hoursWords);
  const { lang } = useLang();
  const most = Math.max(1, ...of);
  const busiest = of.indexOf(Math.max(...of));
  const span = (hour: number) => w.span(hour, hour + 1);
  const summary = w.most(span(busiest), count(lang, of[busiest] ?? 0));
  return (
    <figure className="chart">
      <figcaption className="row spread">
        <span>{w.title}</span>
        <span className="muted">{summary}</span>
      </figcaption>
      <div className="hours" role="img" aria-label={`${w.title}. ${summary}`}>
        {of.map((uses, hour) => (
          <span
            // biome-ignore lint/suspicious/noArrayIndexKey: the place is the hour
            key={hour}
            style={{ height: `${(uses / most) * 100}%` }}
            title={w.bar(span(hour), count(lang, uses))}
          />
        ))}
      </div>
      <div className="hours-axis muted" aria-hidden="true">
        {MARKS.map((hour) => (
          <span key={hour}>{w.axis(hour)}</span>
        ))}
      </div>
      <details>
        <summary>{w.table}</summary>
        <div className="chart-table">
          <Table
            caption={w.title}
            rows={of.map((uses, hour) => ({ uses, hour }))}
            id={(row) => String(row.hour)}
            columns={[
              { head: w.at, cell: (row) => span(row.hour) },
              { head: w.times, cell: (row) => count(lang, row.uses), number: true },
            ]}
          />
        </div>
      </details>
    </figure>
  );
}
