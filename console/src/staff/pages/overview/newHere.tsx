// A new install: what stands, and what comes next.
import { Link } from "react-router";
import { useMe } from "../../../api/session";
import { useWords } from "../../../i18n/lang";
import { Card } from "../../../ui/basics";
import type { Facts } from "./index";
import { overviewWords } from "./words";

export function NewHere({ facts }: { facts: Facts }) {
  const w = useWords(overviewWords);
  const { has } = useMe();
  const people = has("security_admin", "auditor", "compliance_lead");
  return (
    <Card title={w.newTitle}>
      <div className="stack tight">
        <p>{w.newText}</p>
        <ol className="steps">
          <li>
            {facts.gates.length > 0 ? `✓ ${w.newGateDone}` : people ? <Link to="/people?tab=gates">{w.newGate}</Link> : w.newGate}
          </li>
          <li>{people ? <Link to="/people">{w.newSecond}</Link> : w.newSecond}</li>
          <li>
            <Link to="/policy">{w.newPolicy}</Link>
          </li>
          <li>
            <Link to="/keys">{w.newKey}</Link>
          </li>
          <li>{w.newTraffic}</li>
        </ol>
      </div>
    </Card>
  );
}
