// How many keys stand under each measure, from the mildest to the end.
import { Link } from "react-router";
import { count } from "../../../i18n/format";
import { useLang, useWords } from "../../../i18n/lang";
import { Card } from "../../../ui/basics";
import { MEASURES, MeasureBadge } from "../../../ui/measure";
import type { Facts } from "./index";
import { overviewWords } from "./words";

export function Ladder({ ladder }: { ladder: Facts["ladder"] }) {
  const w = useWords(overviewWords);
  const { lang } = useLang();
  const most = Math.max(1, ...ladder.map((rung) => rung.in_force));
  return (
    <Card title={w.ladder}>
      <div className="stack tight">
        <p className="muted">{w.ladderText}</p>
        <ul className="funnel">
          {ladder.map((rung) => {
            const known = MEASURES.find((one) => one === rung.measure);
            // A key that ended under a measure keeps its word on record; it is counted under none but the end.
            return (
              <li key={rung.measure}>
                <Link
                  to={`/keys?state=${rung.measure === "expire" ? "expired" : "active"}&measure=${encodeURIComponent(rung.measure)}`}
                >
                  <MeasureBadge measure={rung.measure} />
                  <svg viewBox="0 0 100 12" preserveAspectRatio="none" aria-hidden="true">
                    <rect className="track" width={100} height={12} />
                    <rect className={known ?? "track"} width={(100 * rung.in_force) / most} height={12} />
                  </svg>
                  <strong className="number">{count(lang, rung.in_force)}</strong>
                  <span className="muted beside">
                    {rung.measure === "expire" ? w.ended : w.inForce} · {w.entered(count(lang, rung.entered_day))} ·{" "}
                    {w.proposed(count(lang, rung.proposed))}
                  </span>
                </Link>
              </li>
            );
          })}
        </ul>
        <p className="muted">
          {w.byMeasure} <Link to="/keys?state=expired">{w.allEnded}</Link>
        </p>
      </div>
    </Card>
  );
}
