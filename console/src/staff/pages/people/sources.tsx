// Who sends events, and what never came.
import { useQuery } from "@tanstack/react-query";
import { api, good, type Schemas } from "../../../api/client";
import { count, duration } from "../../../i18n/format";
import { useLang, useWords } from "../../../i18n/lang";
import { sourceText } from "../../../ui/actors";
import { Badge, Card, Time } from "../../../ui/basics";
import { type Column, Table } from "../../../ui/lists";
import { Empty, Read } from "../../../ui/states";
import { peopleWords } from "./words";

/** Later than this is worth a look. */
const LATE_MS = 60_000;

export function Sources() {
  const w = useWords(peopleWords);
  const { lang } = useLang();
  const query = useQuery({
    queryKey: ["gates", "sources"],
    queryFn: () => good(api.GET("/v1/events/sources")),
    refetchInterval: 10_000,
  });
  const gap = (value: number) => (value === 0 ? count(lang, 0) : <Badge tone="warn">{count(lang, value)}</Badge>);
  const kib = (bytes: number) => `${count(lang, Math.ceil(bytes / 1024))} KiB`;
  // Of sources that follow log files: what was cut before it was read, what was put aside, what is still to be read.
  const ofFiles: Column<Schemas["SourceView"]>[] = [
    {
      head: w.holes,
      cell: (row) => (row.files ? <span title={kib(row.files.bytes_lost)}>{gap(row.files.holes)}</span> : "–"),
      number: true,
    },
    { head: w.putAside, cell: (row) => (row.files ? gap(row.files.lines_refused) : "–"), number: true },
    { head: w.toRead, cell: (row) => (row.files ? kib(row.files.bytes_behind) : "–"), number: true },
  ];
  return (
    <Card title={w.sources}>
      <div className="stack">
        <p className="muted">{w.sourcesAbout}</p>
        <Read query={query}>
          {(page) =>
            page.items.length === 0 ? (
              <Empty title={w.noSources} text={w.noSourcesText} />
            ) : (
              <Table
                caption={w.sources}
                rows={page.items}
                id={(row) => row.source}
                columns={[
                  { head: w.source, cell: (row) => <span title={row.source}>{sourceText(lang, row.source)}</span> },
                  { head: w.heard, cell: (row) => <Time at={row.heard} /> },
                  { head: w.lines, cell: (row) => count(lang, row.lines), number: true },
                  { head: w.missing, cell: (row) => gap(row.missing), number: true },
                  // The control plane's own positions are not numbered one by one: what it passes over was never an event.
                  {
                    head: w.passedOver,
                    cell: (row) => (row.source === "govern" ? "–" : gap(row.passed_over)),
                    number: true,
                  },
                  ...(page.items.some((row) => row.files) ? ofFiles : []),
                  { head: w.repeated, cell: (row) => count(lang, row.repeated), number: true },
                  {
                    head: w.lag,
                    cell: (row) =>
                      row.lag_ms > LATE_MS ? <Badge tone="warn">{duration(lang, row.lag_ms)}</Badge> : duration(lang, row.lag_ms),
                    number: true,
                  },
                ]}
              />
            )
          }
        </Read>
      </div>
    </Card>
  );
}
