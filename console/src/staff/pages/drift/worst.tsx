// Keys that have ended here and are still served there: above everything, and loud.
import { useQuery } from "@tanstack/react-query";
import { api, good } from "../../../api/client";
import { count } from "../../../i18n/format";
import { useLang, useWords } from "../../../i18n/lang";
import { Id, Time } from "../../../ui/basics";
import { Table } from "../../../ui/lists";
import { Read } from "../../../ui/states";
import { RENEWED_MS } from "./index";
import { Side } from "./said";
import { driftWords } from "./words";

/** More than this are told to be more. */
const MOST = 50;

export function Worst({ told }: { told: boolean }) {
  const w = useWords(driftWords);
  const { lang } = useLang();
  const query = useQuery({
    queryKey: ["tasks", "drift", "worst"],
    queryFn: () => good(api.GET("/v1/drift", { params: { query: { kind: "dead_here_alive_there", limit: MOST } } })),
    refetchInterval: RENEWED_MS,
  });
  return (
    <Read query={query}>
      {({ items, next }) =>
        items.length === 0 ? (
          <p className={told ? "notice good" : "notice"} role="status">
            {told ? w.worstNone : w.worstNoneUntold}
          </p>
        ) : (
          <section className="notice expire stack" role="alert" aria-label={w.worst}>
            <h2>{w.worstCount(next ? w.more(count(lang, items.length)) : count(lang, items.length))}</h2>
            <p>{w.worstDo}</p>
            <Table
              caption={w.worst}
              rows={items}
              id={({ drift }) => drift}
              columns={[
                { head: w.key, cell: ({ key }) => <Id id={key} to={`/keys/${encodeURIComponent(key)}`} /> },
                { head: w.here, cell: (item) => <Side of={item} /> },
                { head: w.there, cell: (item) => <Side of={item} there /> },
                { head: w.source, cell: ({ source }) => source ?? "–" },
                { head: w.since, cell: ({ since }) => <Time at={since} full /> },
              ]}
            />
            {next ? <p>{w.worstMore(count(lang, items.length))}</p> : null}
          </section>
        )
      }
    </Read>
  );
}
