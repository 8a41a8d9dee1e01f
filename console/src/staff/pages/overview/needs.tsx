// What needs somebody now, the gravest first; a figure of nought stays, quietly, so that the places never move.
import { Link } from "react-router";
import { count } from "../../../i18n/format";
import { useLang, useWords } from "../../../i18n/lang";
import type { Facts } from "./index";
import { overviewWords } from "./words";

export function Needs({ facts }: { facts: Facts }) {
  const w = useWords(overviewWords);
  const { lang } = useLang();
  const { queue, approvals } = facts;
  const tiles: { label: string; value: number; to: string; tone: "expire" | "warn" | "" }[] = [
    { label: w.overdue, value: queue.overdue, to: "/cases", tone: "expire" },
    { label: w.mine, value: approvals.mine, to: "/approvals", tone: "warn" },
    { label: w.unassigned, value: queue.unassigned, to: "/cases", tone: "warn" },
    { label: w.open, value: queue.open, to: "/cases?view=all&state=open", tone: "" },
    { label: w.waiting, value: approvals.waiting, to: "/approvals", tone: "" },
  ];
  const calm = queue.overdue + queue.unassigned + queue.open + approvals.waiting === 0;
  const raised = count(lang, queue.raised_day);
  return (
    <section className="stack tight" aria-label={w.needs}>
      <div className="row spread">
        <h2>{w.needs}</h2>
        <span className="muted">
          {w.budget}: {queue.budget_day === 0 ? w.budgetNone(raised) : w.budgetOf(raised, count(lang, queue.budget_day))}
        </span>
      </div>
      {calm ? <p className="notice good">{w.calm}</p> : null}
      <div className="needs">
        {tiles.map((tile) => (
          <Link key={tile.label} to={tile.to} className={`tile ${tile.value > 0 ? tile.tone : ""}`}>
            <span>{tile.label}</span>
            <span className="figure">{count(lang, tile.value)}</span>
          </Link>
        ))}
      </div>
    </section>
  );
}
