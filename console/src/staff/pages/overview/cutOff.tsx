// How long it took from a suspicion until every gate had signed that the key is cut off.
import { count, duration } from "../../../i18n/format";
import { useLang, useWords } from "../../../i18n/lang";
import { Card, Id, Stat, Time } from "../../../ui/basics";
import { Table } from "../../../ui/lists";
import { MeasureBadge } from "../../../ui/measure";
import type { Facts } from "./index";
import { overviewWords } from "./words";

/** Of fewer measurements no share of a hundred is told. */
const ENOUGH = 20;

export function CutOff({ cutoff }: { cutoff: Facts["cutoff"] }) {
  const w = useWords(overviewWords);
  const { lang } = useLang();
  // Of so few the highest is what 99 of 100 is computed as; the latest ten may lack it.
  const slowest = Math.max(cutoff.p99_ms ?? 0, ...cutoff.recent.map((one) => one.ms));
  const said = (ms: number | null) => (ms === null ? "–" : duration(lang, ms));
  return (
    <Card title={w.cutoff}>
      <div className="stack">
        <p className="muted">{w.cutoffText}</p>
        {cutoff.count === 0 ? (
          <p>{w.noCutoff}</p>
        ) : (
          <>
            <div className="row stats">
              {cutoff.count < ENOUGH ? (
                <Stat label={w.slowest} figure={said(slowest)} />
              ) : (
                <>
                  <Stat label={w.half} figure={said(cutoff.p50_ms)} />
                  <Stat label={w.most} figure={said(cutoff.p99_ms)} />
                </>
              )}
              <Stat label={w.counted} figure={count(lang, cutoff.count)} />
            </div>
            {cutoff.count < ENOUGH ? <p className="muted">{w.fewCutoffs(count(lang, ENOUGH))}</p> : null}
            <Table
              caption={w.cutoff}
              rows={cutoff.recent}
              id={(row) => `${row.key} ${row.effect}`}
              columns={[
                {
                  // Together, so that both times have their place beside them in half a page.
                  head: w.keyAndEffect,
                  cell: (row) => (
                    <>
                      <Id id={row.key} to={`/keys/${encodeURIComponent(row.key)}`} />
                      <div className="muted">
                        <Time at={row.effect} />
                      </div>
                    </>
                  ),
                },
                { head: w.measure, cell: (row) => <MeasureBadge measure={row.measure} /> },
                { head: w.fromSuspicion, cell: (row) => said(row.suspicion_ms ?? null), number: true },
                { head: w.fromDecision, cell: (row) => said(row.decision_ms), number: true },
              ]}
            />
          </>
        )}
      </div>
    </Card>
  );
}
