// Who must agree, and who did or did not.
import { duration } from "../../../i18n/format";
import { useLang, useWords } from "../../../i18n/lang";
import { Card, Time } from "../../../ui/basics";
import { rolesText, roleText, roleWords } from "../../../ui/roles";
import type { Approval as ApprovalOf } from "../../parts/shapes";
import { useWho } from "../../parts/who";
import { agreed } from "./asked";
import { approvalWords } from "./words";

export function WhoDecides({ of }: { of: ApprovalOf }) {
  const w = useWords(approvalWords);
  const { lang } = useLang();
  const who = useWho();
  const roles = useWords(roleWords);
  return (
    <Card title={w.who}>
      <div className="stack tight">
        <ul className="pieces">
          {of.needed.map((needed) => (
            <li key={needed.role}>
              <strong>{w.got(agreed(of, needed.role), needed.count, rolesText(lang, needed.role, needed.count))}</strong>
            </li>
          ))}
        </ul>
        <p className="muted">
          {w.rules} {of.action === "key.measure" ? w.caseRule : ""}
        </p>
        {of.decisions.length === 0 ? <p className="muted">{of.state === "open" ? w.noDecisions : w.closedUndecided}</p> : null}
        <ol className="timeline">
          {of.decisions.map((one) => (
            <li key={one.by} className={one.decision === "approve" ? "good" : "expire"}>
              <div>
                <strong>{one.decision === "approve" ? w.approved : w.refused}</strong> · {who(one.by)} (
                {roleText(roles, one.role)})
              </div>
              {one.reason ? <p className="preline">{one.reason}</p> : null}
              <p className="muted">
                <Time at={one.at} full /> ·{" "}
                {typeof one.looked_us === "number"
                  ? w.looked(duration(lang, Math.max(1_000, Math.round(one.looked_us / 1_000_000) * 1_000)))
                  : w.notLooked}
              </p>
            </li>
          ))}
        </ol>
      </div>
    </Card>
  );
}
