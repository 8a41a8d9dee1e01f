// Bars over time without a library: allowed above the line, refused below it, on one scale. The same figures stand in a table under it, so
// that nobody depends on seeing the bars; refused ones are hatched, so that nobody depends on colour.
import { useId } from "react";
import { both, clock, count, instant } from "../i18n/format";
import { useLang, useWords } from "../i18n/lang";
import { words } from "../i18n/words";
import "./chart.css";
import { Table } from "./lists";

const chartWords = words(
  {
    allowed: "허용",
    refused: "거절",
    at: "시각",
    table: "표로 보기",
    none: "이 기간에 요청이 없었습니다.",
    bar: (at: string, allowed: string, refused: string) => `${at}: 허용 ${allowed}, 거절 ${refused}`,
  },
  {
    allowed: "Allowed",
    refused: "Refused",
    at: "From",
    table: "As a table",
    none: "No request came in this time.",
    bar: (at: string, allowed: string, refused: string) => `${at}: ${allowed} allowed, ${refused} refused`,
  },
);

export type Bucket = { at: string; allowed: number; refused: number };

const WIDTH = 720;
const HEIGHT = 168;
const PAD = 2;
/** Something is never drawn as nothing. */
const LEAST = 3;

/** Where each bar stands, in the chart's own units. Apart, so that it can be tested without a page. */
export function bars(buckets: readonly Bucket[]): { x: number; width: number; up: number; down: number }[] {
  const top = Math.max(0, ...buckets.map((one) => one.allowed));
  const bottom = Math.max(0, ...buckets.map((one) => one.refused));
  const unit = top + bottom === 0 ? 0 : (HEIGHT - 2 * LEAST) / (top + bottom);
  const high = (value: number) => (value === 0 ? 0 : Math.max(LEAST, value * unit));
  const step = WIDTH / Math.max(1, buckets.length);
  return buckets.map((one, index) => ({
    x: index * step + PAD / 2,
    width: Math.max(1, step - PAD),
    up: high(one.allowed),
    down: high(one.refused),
  }));
}

export function Verdicts({ title, buckets }: { title: string; buckets: readonly Bucket[] }) {
  const w = useWords(chartWords);
  const { lang } = useLang();
  const hatch = useId();
  const drawn = bars(buckets);
  const line = Math.max(0, ...drawn.map((bar) => bar.up));
  const some = buckets.some((one) => one.allowed + one.refused > 0);
  const first = buckets[0];
  const last = buckets.at(-1);
  if (!some || first === undefined || last === undefined) return <p className="muted">{w.none}</p>;
  return (
    // A few bars are not drawn as wide as many.
    <figure className="chart" style={{ maxWidth: Math.max(320, buckets.length * 44) }}>
      <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} role="img" aria-label={title} preserveAspectRatio="none">
        <title>{title}</title>
        <defs>
          <pattern id={hatch} width="5" height="5" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
            <rect className="hatch-ground" width="5" height="5" />
            <rect className="hatch-line" width="2.5" height="5" />
          </pattern>
        </defs>
        {drawn.map((bar, index) => {
          const one = buckets[index];
          return one === undefined ? null : (
            <g key={one.at}>
              <title>{w.bar(both(lang, one.at), count(lang, one.allowed), count(lang, one.refused))}</title>
              <rect className="reach" x={bar.x} y={0} width={bar.width} height={HEIGHT} />
              <rect className="allowed" x={bar.x} y={line - bar.up} width={bar.width} height={bar.up} />
              <rect fill={`url(#${hatch})`} x={bar.x} y={line} width={bar.width} height={bar.down} />
            </g>
          );
        })}
        <line className="axis" x1={0} x2={WIDTH} y1={line} y2={line} />
      </svg>
      <div className="row spread muted chart-times">
        <time dateTime={first.at} title={both(lang, first.at)}>
          {clock(first.at)}
        </time>
        <span className="row">
          <span className="key allowed" aria-hidden="true" /> {w.allowed}
          <span className="key refused" aria-hidden="true" /> {w.refused}
        </span>
        <time dateTime={last.at} title={both(lang, last.at)}>
          {clock(last.at)}
        </time>
      </div>
      <details>
        <summary>{w.table}</summary>
        <div className="chart-table">
          <Table
            caption={title}
            rows={buckets}
            id={(row) => row.at}
            columns={[
              { head: w.at, cell: (row) => instant(lang, row.at) },
              { head: w.allowed, cell: (row) => count(lang, row.allowed), number: true },
              { head: w.refused, cell: (row) => count(lang, row.refused), number: true },
            ]}
          />
        </div>
      </details>
    </figure>
  );
}
