// The ramp in force, rule by rule, with who set it and why.
import { Link } from "react-router";
import type { Schemas } from "../../../api/client";
import { useLang, useWords } from "../../../i18n/lang";
import { Badge, Card, Pairs, Time, type Tone } from "../../../ui/basics";
import { Table } from "../../../ui/lists";
import { endsSaid, type Ramp, rampLines, refusesAny, type Stage, stageWords, whoSaid } from "../../parts/rampText";
import { Who } from "../../parts/who";
import { rampWords } from "./words";

export type RampOf = Schemas["RampView"];

const TONES: Record<Stage, Tone> = { tap: "plain", shadow: "monitor", allowlist: "warn", ladder: "good" };

export function StageBadge({ stage }: { stage: Stage }) {
  const stages = useWords(stageWords);
  return <Badge tone={TONES[stage]}>{stages[stage]}</Badge>;
}

/** The rules as they are asked, and last what holds where none fits. */
function Rules({ of, caption }: { of: Ramp; caption: string }) {
  const w = useWords(rampWords);
  const { lang } = useLang();
  const rules = of.rules ?? [];
  const rows = [
    ...rules.map((rule, index) => ({ order: String(index + 1), who: whoSaid(lang, rule), stage: rule.stage })),
    { order: rules.length === 0 ? "" : "–", who: rules.length === 0 ? w.all : w.rest, stage: of.default },
  ];
  return (
    <Table
      caption={caption}
      rows={rows}
      id={(row) => row.order}
      columns={[
        ...(rules.length === 0 ? [] : [{ head: w.order, cell: (row: (typeof rows)[number]) => row.order }]),
        { head: w.who, cell: (row) => row.who },
        { head: w.stage, cell: (row) => <StageBadge stage={row.stage} /> },
      ]}
    />
  );
}

export function InForce({ of }: { of: RampOf }) {
  const w = useWords(rampWords);
  const { lang } = useLang();
  return (
    <Card title={w.now}>
      <div className="stack">
        {of.waits_for == null ? null : (
          <p className="notice monitor">
            {w.waits} <Link to={`/approvals/${encodeURIComponent(of.waits_for)}`}>{w.toApproval}</Link>
          </p>
        )}
        {refusesAny(of.ramp) ? null : (
          <p className="notice warn">{of.ramp.ends === "recorded" ? w.nothingAtAll : w.nothingRefused}</p>
        )}
        <Rules of={of.ramp} caption={w.now} />
        {(of.ramp.rules ?? []).length > 1 ? <p className="muted">{w.first}</p> : null}
        <Pairs
          of={[
            [w.ends, endsSaid(lang, of.ramp)],
            [w.by, of.by == null ? null : <Who key="by" by={of.by} />],
            [w.at, of.at == null ? null : <Time key="at" at={of.at} full />],
            [
              w.reason,
              of.reason == null ? null : (
                <span key="reason" className="preline">
                  {of.reason}
                </span>
              ),
            ],
          ]}
        />
        {of.version === 0 ? <p className="muted">{w.neverSet}</p> : null}
        {of.before == null ? null : (
          <details>
            <summary>{w.before}</summary>
            <ul className="pieces lines">
              {rampLines(lang, of.before).map((line) => (
                <li key={line}>{line}</li>
              ))}
            </ul>
          </details>
        )}
      </div>
    </Card>
  );
}
