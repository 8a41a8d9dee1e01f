// What an entry says: who, why, the facts as recorded, and the whole of it.
import type { ReactNode } from "react";
import { Link } from "react-router";
import type { Schemas } from "../../../api/client";
import { count } from "../../../i18n/format";
import { useLang, useWords } from "../../../i18n/lang";
import { Card, Id, Pairs, Time } from "../../../ui/basics";
import { classText } from "../../../ui/classes";
import { Raw } from "../../../ui/raw";
import { entryWords } from "./words";

type Payload = {
  facts?: Record<string, unknown>;
  feed?: { key?: string }[];
  rows?: { table?: string }[];
};

/** Where an id of the facts can be looked at. */
const PLACES: Record<string, string> = {
  key: "/keys/",
  keys: "/keys/",
  case: "/cases/",
  cases: "/cases/",
  approval: "/approvals/",
  approvals: "/approvals/",
  opened: "/approvals/",
  gate: "/gates/",
  policy: "/policy/",
  entry: "/ledger/",
};

function Value({ name, value }: { name: string; value: unknown }): ReactNode {
  const place = PLACES[name];
  if (place !== undefined && (typeof value === "string" || typeof value === "number")) {
    return <Link to={`${place}${encodeURIComponent(String(value))}`}>{String(value)}</Link>;
  }
  if (Array.isArray(value) && value.length > 0 && value.every((one) => typeof one === "string")) {
    return (
      <span className="row">
        {value.map((one: string) => (
          <span key={one} className="mono">
            <Value name={name} value={one} />
          </span>
        ))}
      </span>
    );
  }
  if (typeof value === "string") return <span className="preline">{value}</span>;
  return <code>{JSON.stringify(value)}</code>;
}

export function Said({ entry }: { entry: Schemas["LedgerEntry"] }) {
  const w = useWords(entryWords);
  const { lang } = useLang();
  const payload = (entry.payload ?? null) as Payload | null;
  const facts = payload?.facts ?? {};
  const { actor, reason, ...rest } = facts;
  const told = payload?.feed ?? [];
  const rows = payload?.rows ?? [];
  return (
    <>
      <Card>
        <Pairs
          of={[
            [
              w.what,
              <span>
                <strong>{classText(lang, entry.class)}</strong> <code className="muted">{entry.class}</code>
              </span>,
            ],
            [w.who, typeof actor === "string" ? <span className="mono">{actor}</span> : null],
            [w.why, typeof reason === "string" ? <span className="preline">{reason}</span> : null],
            [
              w.when,
              <span>
                <Time at={entry.sequenced} full /> <code className="muted">{entry.sequenced}</code>
              </span>,
            ],
            [w.commitment, <Id id={entry.commitment} label={entry.commitment} />],
          ]}
        />
      </Card>
      {payload === null ? (
        <p className="notice">{w.erased}</p>
      ) : (
        <Card title={w.facts}>
          <div className="stack">
            <Pairs
              of={Object.entries(rest).map(([name, value]) => [
                name,
                value === null ? null : <Value key={name} name={name} value={value} />,
              ])}
            />
            {told.length === 0 ? null : (
              <p className="notice monitor">
                <strong>{w.feed}.</strong> {w.feedText(count(lang, told.length))}
              </p>
            )}
            {rows.length === 0 ? null : (
              <p className="muted">
                {w.rows(count(lang, rows.length))} <code>{[...new Set(rows.map((row) => row.table ?? "?"))].join(", ")}</code>
              </p>
            )}
            <details>
              <summary>{w.raw}</summary>
              <Raw text={JSON.stringify(entry.payload, null, 2)} />
            </details>
            <details>
              <summary>{w.leaf}</summary>
              <Raw text={entry.leaf} />
            </details>
          </div>
        </Card>
      )}
    </>
  );
}
