// What gates answered lately: how many passed and were refused, over time, and why. Beside it how many requests only the exchange's own
// logs told of: where nothing but taps watches, no gate decides anything, and that is no silence.
import { count, percent } from "../../../i18n/format";
import { useLang, useWords } from "../../../i18n/lang";
import { Card, Stat, Time } from "../../../ui/basics";
import { Verdicts } from "../../../ui/chart";
import { Table } from "../../../ui/lists";
import { reasonText } from "../../../ui/reasons";
import type { Facts } from "./index";
import { overviewWords } from "./words";

export function Requests({ verdicts }: { verdicts: Facts["verdicts"] }) {
  const w = useWords(overviewWords);
  const { lang } = useLang();
  const all = verdicts.allowed + verdicts.refused;
  return (
    <Card
      title={w.verdicts}
      aside={
        <span className="muted">
          {w.since} <Time at={verdicts.since} />
        </span>
      }
    >
      <div className="verdicts">
        <div className="stack">
          <div className="row stats">
            <Stat label={w.allowed} figure={count(lang, verdicts.allowed)} />
            <Stat
              label={w.refused}
              figure={count(lang, verdicts.refused)}
              {...(all === 0 ? {} : { hint: w.share(percent(lang, verdicts.refused / all)) })}
            />
            {verdicts.elsewhere === 0 ? null : <Stat label={w.elsewhere} figure={count(lang, verdicts.elsewhere)} />}
          </div>
          {verdicts.elsewhere === 0 ? null : <p className="muted">{w.countedElsewhere}</p>}
          {all === 0 ? <p className="muted">{w.noneAtGates}</p> : <Verdicts title={w.chart} buckets={verdicts.buckets} />}
        </div>
        <div className="stack tight">
          <h3>{w.reasons}</h3>
          {verdicts.reasons.length === 0 ? (
            <p className="muted">{w.noReasons}</p>
          ) : (
            <Table
              caption={w.reasons}
              rows={verdicts.reasons}
              id={(row) => row.reason}
              columns={[
                { head: w.reason, cell: (row) => <span title={row.reason}>{reasonText(lang, row.reason)}</span> },
                { head: w.times, cell: (row) => count(lang, row.count), number: true },
              ]}
            />
          )}
        </div>
      </div>
    </Card>
  );
}
