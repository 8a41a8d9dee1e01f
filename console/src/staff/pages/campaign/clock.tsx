// The clock of a campaign: every step with its day, reminders between, and which comes next.
import { duration } from "../../../i18n/format";
import { useLang, useWords } from "../../../i18n/lang";
import { Badge, Card, Time, useNow } from "../../../ui/basics";
import { clockOf, clockWords, type StepName, spanMs } from "../../parts/campaignText";
import type { CampaignOf } from "./index";
import { campaignWords } from "./words";

/** As the measure that it resembles: what limits a key, and what ends it. */
const MARKS: Partial<Record<StepName, string>> = { read_only: "hold", ends: "expire", opens: "good" };

export function Clock({ of }: { of: CampaignOf }) {
  const w = useWords(campaignWords);
  const c = useWords(clockWords);
  const { lang } = useLang();
  const now = useNow(60_000);
  const steps = clockOf(of.plan);
  const next = of.state === "stopped" ? undefined : steps.find((one) => Date.parse(one.at) > now);
  const ahead = spanMs(of.ahead);
  return (
    <Card title={c.clock}>
      <div className="stack">
        <ol className="timeline">
          {steps.map((one) => (
            <li key={`${one.step} ${one.at}`} className={MARKS[one.step] ?? ""} aria-current={one === next ? "step" : undefined}>
              <div className="row">
                {one === next ? <strong>{c[one.step]}</strong> : <span>{c[one.step]}</span>}
                {one === next ? (
                  <Badge tone="monitor">{w.next}</Badge>
                ) : Date.parse(one.at) <= now ? (
                  <Badge>{w.done}</Badge>
                ) : null}
              </div>
              <p className="muted">
                <Time at={one.at} full /> (<Time at={one.at} />)
              </p>
            </li>
          ))}
        </ol>
        {of.state === "paused" ? <p>{w.clockStands}</p> : null}
        <p className="muted">{w.earliest(ahead === null ? of.ahead : duration(lang, ahead))}</p>
      </div>
    </Card>
  );
}
