// Who tells of keys and when last, how keys come in, and where refused lines are named. The server keeps no list of past imports: what it refused
// it told to whoever sent it, and keeps as what only the exchange has.
import { useQuery } from "@tanstack/react-query";
import { Link } from "react-router";
import { api, good, type Schemas } from "../../../api/client";
import { count } from "../../../i18n/format";
import { useLang, useWords } from "../../../i18n/lang";
import { Card, Command, Time } from "../../../ui/basics";
import { Table } from "../../../ui/lists";
import { Empty } from "../../../ui/states";
import { useProgram } from "../../parts/vkey";
import { CheckFile } from "./check";
import { RENEWED_MS } from "./index";
import { driftWords } from "./words";

const MOST = 100;

export function Sources({ of }: { of: readonly Schemas["MirrorView"][] }) {
  const w = useWords(driftWords);
  const { lang } = useLang();
  const program = useProgram();
  const kind = (kind: string) => `${program} import --kind ${kind} ${kind}.csv --set as_of=2026-11-20T00:00:00Z`;
  return (
    <Card title={w.sources}>
      <div className="stack">
        {of.length === 0 ? (
          <Empty title={w.unconnected} text={w.unconnectedText} />
        ) : (
          <>
            <p className="muted">{w.sourcesText}</p>
            <Table
              caption={w.sources}
              rows={of}
              id={({ source }) => source}
              columns={[
                { head: w.source, cell: ({ source }) => source },
                { head: w.heard, cell: ({ heard }) => <Time at={heard} full /> },
                { head: w.snapshot, cell: ({ snapshot }) => (snapshot ? <Time at={snapshot} full /> : w.noSnapshot) },
                { head: w.rounds, cell: ({ round }) => count(lang, round), number: true },
                { head: w.seq, cell: ({ seq }) => count(lang, seq), number: true },
              ]}
            />
          </>
        )}
        <h3>{w.import}</h3>
        <p>{w.importText}</p>
        <Command text={`${kind("accounts")} --dry-run`} />
        <Command text={`${kind("accounts")} --refused accounts.refused.csv`} />
        <Command text={`${kind("keys")} --refused keys.refused.csv`} />
        <h3>{w.refused}</h3>
        <p>{w.refusedText}</p>
        <CheckFile />
        {of.length === 0 ? null : <OnlyThere />}
      </div>
    </Card>
  );
}

/** What was refused, or never imported, is what only the exchange has. */
function OnlyThere() {
  const w = useWords(driftWords);
  const { lang } = useLang();
  const query = useQuery({
    queryKey: ["tasks", "drift", "unknown"],
    queryFn: () => good(api.GET("/v1/drift", { params: { query: { kind: "unknown_here", limit: MOST } } })),
    refetchInterval: RENEWED_MS,
  });
  if (query.data === undefined) return null;
  const { items, next } = query.data;
  return (
    <p>
      {w.refusedNow(next ? w.more(count(lang, items.length)) : count(lang, items.length))}
      {items.length === 0 ? null : (
        <>
          {" · "}
          <Link to="/drift?kind=unknown_here">{w.refusedSee}</Link>
        </>
      )}
    </p>
  );
}
