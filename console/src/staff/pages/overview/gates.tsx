// Whether every gate obeys what was decided last.
import { Link } from "react-router";
import { count } from "../../../i18n/format";
import { useLang, useWords } from "../../../i18n/lang";
import { Card } from "../../../ui/basics";
import { Table } from "../../../ui/lists";
import { Empty } from "../../../ui/states";
import { Heard, Standing } from "../gate/standing";
import type { Facts } from "./index";
import { overviewWords } from "./words";

export function Gates({ gates }: { gates: Facts["gates"] }) {
  const w = useWords(overviewWords);
  const { lang } = useLang();
  const stale = gates.filter((gate) => gate.stale).length;
  return (
    <Card title={w.gates}>
      <div className="stack">
        {stale > 0 ? <p className="notice expire">{w.staleOne(count(lang, stale))}</p> : null}
        {gates.length === 0 ? (
          <Empty title={w.noGates} />
        ) : (
          <Table
            caption={w.gates}
            rows={gates}
            id={(row) => row.gate}
            columns={[
              { head: w.gate, cell: (row) => <Link to={`/gates/${encodeURIComponent(row.gate)}`}>{row.gate}</Link> },
              { head: w.state, cell: (row) => <Standing gate={row} /> },
              { head: w.version, cell: (row) => count(lang, row.version), number: true },
              { head: w.heard, cell: (row) => <Heard gate={row} /> },
            ]}
          />
        )}
      </div>
    </Card>
  );
}
