// What a key usually does beside what it does now, differences in words; from where, with what, at which hours.
import type { ReactNode } from "react";
import type { Schemas } from "../../../api/client";
import { count, instant } from "../../../i18n/format";
import { useLang, useWords } from "../../../i18n/lang";
import { Badge, Card, Time } from "../../../ui/basics";
import { Hours } from "../../../ui/hours";
import { Table } from "../../../ui/lists";
import { Read } from "../../../ui/states";
import type { KeyReads } from "./reads";
import { keyWords } from "./words";

type Activity = Schemas["ActivityView"];
/** So many times as many, or so small a share, before it is called a difference. */
const CLEARLY = 2;
const DAY_S = 86_400;

type Line = { name: string; usually: string; now: string; differs: string | null };

/** The lines of the comparison. Only words are made here; the figures are the server's. */
function useLines(of: Activity, over: boolean): Line[] {
  const w = useWords(keyWords);
  const { lang } = useLang();
  const { recent, baseline } = of;
  const list = (texts: readonly string[]) => (texts.length === 0 ? w.none : texts.join(", "));
  const fresh = (now: readonly string[], before: readonly string[]) => {
    const added = now.filter((one) => !before.includes(one));
    return added.length === 0 ? null : w.fresh(added.join(", "));
  };
  const times = baseline.uses_day > 0 ? recent.uses / baseline.uses_day : 0;
  return [
    {
      name: w.usesDay,
      usually: w.times(count(lang, baseline.uses_day)),
      now: w.times(count(lang, recent.uses)),
      differs:
        times >= CLEARLY
          ? w.more(count(lang, Math.round(times * 10) / 10))
          : !over && baseline.uses_day > 0 && times <= 1 / (CLEARLY * 2)
            ? w.less
            : null,
    },
    {
      name: w.sources,
      usually: count(lang, baseline.sources),
      now: count(lang, recent.sources),
      differs: recent.sources > baseline.sources ? w.moreSources : null,
    },
    {
      name: w.networks,
      usually: list(baseline.networks),
      now: list(recent.networks),
      differs: fresh(recent.networks, baseline.networks),
    },
    {
      name: w.clients,
      usually: list(baseline.clients),
      now: list(recent.clients),
      differs: fresh(recent.clients, baseline.clients),
    },
  ];
}

function Compare({ of, over }: { of: Activity; over: boolean }) {
  const w = useWords(keyWords);
  const { lang } = useLang();
  const lines = useLines(of, over);
  if (!of.baseline.since) {
    return (
      <div className="stack tight">
        <p>{of.history ? w.noBaselineHere : w.noBaseline}</p>
        <ul className="pieces">
          {lines.map((line) => (
            <li key={line.name}>
              {line.name}: {line.now}
            </li>
          ))}
        </ul>
      </div>
    );
  }
  const columns: { head: string; cell: (line: Line) => ReactNode }[] = [
    { head: "", cell: (line) => <strong className="nowrap">{line.name}</strong> },
    { head: w.usually, cell: (line) => line.usually },
    {
      head: over ? w.lastDay : w.now,
      cell: (line) => (
        <div>
          {line.now}
          {over && line.differs === null ? null : (
            <div className={line.differs === null ? "muted" : "differs"}>{line.differs ?? w.same}</div>
          )}
        </div>
      ),
    },
  ];
  return (
    <div className="stack tight">
      <Table caption={over ? w.compareEnded : w.compare} rows={lines} id={(line) => line.name} columns={columns} />
      {of.day_s === DAY_S ? null : <p className="muted">{w.shortDay(count(lang, of.day_s))}</p>}
    </div>
  );
}

/** No use, as far as anything is listed here: what stood in past logs is not. */
function NoUse({ of }: { of: Activity }) {
  const w = useWords(keyWords);
  return <p className="muted">{of.history ? w.noUseHere : w.noUse}</p>;
}

/** `over`: the key has ended, and all is as of then; that it was used less at last is no difference worth a word. */
export function ActivityCards({ reads, over }: { reads: KeyReads; over: boolean }) {
  const w = useWords(keyWords);
  const { lang } = useLang();
  const effects: Record<string, string> = { read: w.read, cancel: w.cancel, order: w.order, transfer: w.transfer };
  return (
    <>
      <Card title={over ? w.compareEnded : w.compare}>
        <Read query={reads.activity}>
          {(activity) => (
            <div className="stack tight">
              {activity.history ? <p>{w.history(instant(lang, activity.history.to))}</p> : null}
              {activity.uses + activity.refused === 0 ? <NoUse of={activity} /> : <Compare of={activity} over={over} />}
            </div>
          )}
        </Read>
      </Card>
      <Card title={w.seen}>
        <Read query={reads.activity}>
          {(activity) =>
            activity.sources.length === 0 ? (
              <NoUse of={activity} />
            ) : (
              <div className="stack">
                <Table
                  caption={w.seen}
                  rows={activity.sources}
                  id={(source) => source.address}
                  columns={[
                    {
                      head: w.address,
                      cell: (source) => (
                        <div>
                          <span className="mono">{source.address}</span>
                          <div>
                            {source.registered ? (
                              <Badge tone="good">{w.registered}</Badge>
                            ) : (
                              <Badge tone="expire">{w.notRegistered}</Badge>
                            )}
                          </div>
                        </div>
                      ),
                    },
                    {
                      head: w.network,
                      cell: (source) => `${source.network ?? w.unknown}${source.country ? ` · ${source.country}` : ""}`,
                    },
                    { head: w.uses, number: true, cell: (source) => count(lang, source.uses) },
                    { head: w.refused, number: true, cell: (source) => count(lang, source.refused) },
                    {
                      head: w.last,
                      cell: (source) => (
                        <span className="nowrap">
                          <Time at={source.last} />
                        </span>
                      ),
                    },
                  ]}
                />
                <Hours of={activity.hours} />
                <details>
                  <summary>{w.routes}</summary>
                  <Table
                    caption={w.routes}
                    rows={activity.routes}
                    id={(route) => route.route}
                    columns={[
                      { head: w.route, cell: (route) => <span className="mono">{route.route}</span> },
                      { head: w.effect, cell: (route) => (route.effect ? (effects[route.effect] ?? route.effect) : w.unknown) },
                      { head: w.uses, number: true, cell: (route) => count(lang, route.uses) },
                      { head: w.last, cell: (route) => <Time at={route.last} /> },
                    ]}
                  />
                </details>
              </div>
            )
          }
        </Read>
      </Card>
    </>
  );
}
