// Receipts of one gate, the newest first.
import { useQuery } from "@tanstack/react-query";
import { Link } from "react-router";
import { api, good } from "../../../api/client";
import { both, count, duration } from "../../../i18n/format";
import { useLang, useWords } from "../../../i18n/lang";
import { Button, Card, Time } from "../../../ui/basics";
import { save } from "../../../ui/download";
import { shortId } from "../../../ui/ids";
import { Pages, Table, useFilter } from "../../../ui/lists";
import { Empty, Read } from "../../../ui/states";
import { readAcknowledgement } from "./acknowledgement";
import { gateWords } from "./words";

/** How long after, with the instant itself in the title. */
function After({ from, to }: { from: string | null; to: string | null }) {
  const { lang } = useLang();
  const ms = from === null || to === null ? Number.NaN : Date.parse(to) - Date.parse(from);
  if (to === null || Number.isNaN(ms)) return <Time at={to} full />;
  return <time dateTime={to} title={both(lang, to)}>{`+${duration(lang, Math.max(0, ms))}`}</time>;
}

export function Receipts({ gate }: { gate: string }) {
  const w = useWords(gateWords);
  const { lang } = useLang();
  const [after] = useFilter("after");
  const query = useQuery({
    queryKey: ["gates", gate, "receipts", after],
    queryFn: () =>
      good(
        api.GET("/v1/gates/{gate}/receipts", {
          params: { path: { gate }, query: { limit: 25, ...(after === "" ? {} : { after }) } },
        }),
      ),
  });
  return (
    <Card title={w.receipts}>
      <div className="stack">
        <p className="muted">{w.receiptsText}</p>
        <Read query={query}>
          {(page) =>
            page.items.length === 0 ? (
              <Empty title={w.noReceipts} />
            ) : (
              <>
                <Table
                  caption={w.receipts}
                  rows={page.items.map((receipt) => ({ receipt, said: readAcknowledgement(receipt.acknowledgement) }))}
                  id={(row) => row.receipt.receipt}
                  columns={[
                    {
                      head: w.versions,
                      cell: ({ receipt }) =>
                        receipt.from_version === receipt.to_version
                          ? count(lang, receipt.to_version)
                          : `${count(lang, receipt.from_version)}–${count(lang, receipt.to_version)}`,
                      number: true,
                    },
                    { head: w.applied, cell: ({ said }) => <Time at={said.applied} full /> },
                    { head: w.signed, cell: ({ said }) => <After from={said.applied} to={said.signed} />, number: true },
                    {
                      head: w.received,
                      cell: ({ receipt, said }) => <After from={said.applied} to={receipt.received} />,
                      number: true,
                    },
                    {
                      head: w.streams,
                      cell: ({ said }) => (said.streams === null ? "–" : count(lang, said.streams)),
                      number: true,
                    },
                    {
                      head: w.keys,
                      cell: ({ said }) =>
                        // What is only issued was served nowhere before: there is nothing that could have been let pass last.
                        said.keys.length === 0
                          ? w.keysNone
                          : said.keys.slice(0, 5).map((key) => (
                              <div key={key}>
                                <Link className="mono" to={`/keys/${encodeURIComponent(key)}`}>
                                  {shortId(key)}
                                </Link>
                              </div>
                            )),
                    },
                    {
                      head: w.save,
                      cell: ({ receipt }) => (
                        <Button
                          small
                          aria-label={`${w.save} ${receipt.receipt}`}
                          onPress={() => save(`${receipt.receipt.replace(":", "-")}.jws`, receipt.acknowledgement)}
                        >
                          {w.save}
                        </Button>
                      ),
                    },
                  ]}
                />
                <Pages next={page.next} />
              </>
            )
          }
        </Read>
      </div>
    </Card>
  );
}
