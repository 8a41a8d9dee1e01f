// How far a campaign is, segment by segment.
import type { Schemas } from "../../../api/client";
import { count, percent } from "../../../i18n/format";
import { useLang, useWords } from "../../../i18n/lang";
import { Card, Stat, Time } from "../../../ui/basics";
import { Table } from "../../../ui/lists";
import { Empty } from "../../../ui/states";
import { segmentWords } from "../../parts/words";
import { type Covered, share, of as sumOf, together } from "./sums";
import { campaignWords } from "./words";

export function Coverage({ of }: { of: Schemas["CoverageView"] }) {
  const w = useWords(campaignWords);
  const segments = useWords(segmentWords);
  const { lang } = useLang();
  const all = together(of);
  const told = (covered: Covered) => {
    const part = share(covered);
    return part === null ? "–" : percent(lang, part);
  };
  if (of.keys === 0) {
    return (
      <Card title={w.coverage}>
        <Empty title={w.noKeys} text={w.noKeysText} />
      </Card>
    );
  }
  const some = of.segments.filter(({ keys }) => keys > 0);
  const rows: (Covered & { name: string })[] = [
    ...some.map((one) => ({ ...one, name: segments[one.segment] })),
    ...(some.length > 1 ? [{ ...all, name: w.total }] : []),
  ];
  const column = (head: string, ...states: string[]) => ({
    head,
    cell: (row: Covered) => count(lang, sumOf(row, ...states)),
    number: true,
  });
  return (
    <Card title={w.coverage}>
      <div className="stack">
        <div className="row stats">
          <Stat label={w.share} figure={told(all)} />
          <Stat label={w.m_waiting} figure={count(lang, sumOf(all, "not_told", "told", "window"))} />
          <Stat label={w.m_read_only} figure={count(lang, sumOf(all, "read_only"))} />
          <Stat label={w.m_unreachable} figure={count(lang, sumOf(all, "unreachable"))} />
        </div>
        <Table
          caption={w.coverage}
          rows={rows}
          id={(row) => row.name}
          columns={[
            { head: w.segment, cell: (row) => row.name },
            { head: w.h_share, cell: told, number: true },
            { head: w.h_keys, cell: (row) => count(lang, row.keys), number: true },
            column(w.m_enrolled, "enrolled"),
            column(w.m_waiting, "not_told", "told", "window"),
            column(w.m_unreachable, "unreachable"),
            column(w.h_read_only, "read_only"),
            column(w.h_ended, "ended"),
            column(w.h_gone, "gone"),
          ]}
        />
        <p className="muted">
          {w.coverageText} {w.asOf}: <Time at={of.at} full />
        </p>
      </div>
    </Card>
  );
}
