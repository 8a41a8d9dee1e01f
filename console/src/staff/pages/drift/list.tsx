// All that stands apart, by kind: both values, whose word counts, since when, and what follows.
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { api, good } from "../../../api/client";
import { useWords } from "../../../i18n/lang";
import { Badge, Card, Id, Time } from "../../../ui/basics";
import { Choice } from "../../../ui/forms";
import { Pages, Table, useFilter } from "../../../ui/lists";
import { Empty, Read } from "../../../ui/states";
import { RENEWED_MS } from "./index";
import { KINDS, Side, useDriftNames } from "./said";
import { driftWords } from "./words";

const PAGE = 100;

export function Apart() {
  const w = useWords(driftWords);
  const names = useDriftNames();
  const todo = w as unknown as Record<string, string>;
  const [asked, ask] = useFilter("kind");
  const [after] = useFilter("after");
  const kind = KINDS.find((one) => one === asked);
  const query = useQuery({
    queryKey: ["tasks", "drift", "all", kind ?? "", after],
    queryFn: () =>
      good(
        api.GET("/v1/drift", {
          params: { query: { limit: PAGE, ...(kind === undefined ? {} : { kind }), ...(after === "" ? {} : { after }) } },
        }),
      ),
    refetchInterval: RENEWED_MS,
    placeholderData: keepPreviousData,
  });
  return (
    <Card title={w.all}>
      <div className="stack">
        <Choice
          label={w.kind}
          value={kind ?? ""}
          of={[["", w.anyKind], ...KINDS.map((one) => [one, names.kind(one)] as const)]}
          onChange={ask}
        />
        <Read query={query}>
          {(page) =>
            page.items.length === 0 ? (
              kind === undefined && after === "" ? (
                <Empty title={w.none} text={w.noneText} />
              ) : (
                <Empty title={w.noneKind} />
              )
            ) : (
              <Table
                caption={w.all}
                rows={page.items}
                id={({ drift }) => drift}
                columns={[
                  { head: w.key, cell: ({ key }) => <Id id={key} to={`/keys/${encodeURIComponent(key)}`} /> },
                  {
                    head: w.kind,
                    cell: (item) => (
                      <div>
                        <Badge
                          tone={item.kind === "dead_here_alive_there" ? "expire" : item.kind === "differs" ? "monitor" : "warn"}
                        >
                          {names.kind(item.kind)}
                        </Badge>
                        <div className="muted">{todo[`t_${item.kind}`] ?? ""}</div>
                      </div>
                    ),
                  },
                  { head: w.attribute, cell: ({ attribute }) => names.attribute(attribute) },
                  { head: w.here, cell: (item) => <Side of={item} /> },
                  { head: w.there, cell: (item) => <Side of={item} there /> },
                  { head: w.authority, cell: ({ authority }) => names.authority(authority) },
                  { head: w.source, cell: ({ source }) => source ?? "–" },
                  { head: w.since, cell: ({ since }) => <Time at={since} full /> },
                ]}
              />
            )
          }
        </Read>
        <Pages next={query.data?.next} />
      </div>
    </Card>
  );
}
