// Up to which version each gate has signed that it obeys.
import { useQueries, useQuery } from "@tanstack/react-query";
import { Link } from "react-router";
import { api, good } from "../../../api/client";
import { count } from "../../../i18n/format";
import { useLang, useWords } from "../../../i18n/lang";
import { Card, Time } from "../../../ui/basics";
import { Table } from "../../../ui/lists";
import { Empty, Read } from "../../../ui/states";
import { ledgerWords } from "./words";

export function Receipts() {
  const w = useWords(ledgerWords);
  const { lang } = useLang();
  const gates = useQuery({
    queryKey: ["gates"],
    queryFn: () => good(api.GET("/v1/gates", { params: { query: { limit: 100 } } })),
  });
  const enrolled = (gates.data?.items ?? []).filter((gate) => gate.state === "enrolled");
  const last = useQueries({
    queries: enrolled.map(({ gate }) => ({
      queryKey: ["gates", gate, "receipts", "last"],
      queryFn: () => good(api.GET("/v1/gates/{gate}/receipts", { params: { path: { gate }, query: { limit: 1 } } })),
    })),
  });
  return (
    <Card title={w.receipts}>
      <div className="stack">
        <p className="muted">{w.receiptsText}</p>
        <Read query={gates}>
          {() =>
            enrolled.length === 0 ? (
              <Empty title={w.noGates} />
            ) : (
              <Table
                caption={w.receipts}
                rows={enrolled.map((gate, index) => ({ gate: gate.gate, receipt: last[index]?.data?.items[0] }))}
                id={(row) => row.gate}
                columns={[
                  { head: w.gate, cell: (row) => <Link to={`/gates/${row.gate}`}>{row.gate}</Link> },
                  { head: w.upTo, cell: (row) => (row.receipt ? count(lang, row.receipt.to_version) : "–"), number: true },
                  {
                    head: w.received,
                    cell: (row) =>
                      row.receipt ? <Time at={row.receipt.received} /> : <span className="muted">{w.noReceipt}</span>,
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
