// What is asked, as it was frozen when it was asked.
import { Link } from "react-router";
import { count } from "../../../i18n/format";
import { useLang, useWords } from "../../../i18n/lang";
import { Badge, Card, Id, Pairs, Time } from "../../../ui/basics";
import { Raw } from "../../../ui/raw";
import { clockOf, clockWords, isCampaignPlan } from "../../parts/campaignText";
import { Subject } from "../../parts/effects";
import { groundReadOf, groundWords, useGroundSaid } from "../../parts/ground";
import { Terms } from "../../parts/ladder";
import { Operator, Vendor } from "../../parts/named";
import { isRamp, rampLines } from "../../parts/rampText";
import { reasonSaid } from "../../parts/reasonSaid";
import { type Approval as ApprovalOf, type Bilingual, loose } from "../../parts/shapes";
import { useSaid, useWho } from "../../parts/who";
import { approvalStateWords, purposeWords, scopeWords, segmentWords, word } from "../../parts/words";
import type { Asked } from "./asked";
import { groundsOf } from "./grounds";
import { approvalWords } from "./words";

type TakenBack = { by: string; because: Bilingual; reason?: string | null; entry: number };

/** By whom and why it was withdrawn, as far as the server tells. */
function Withdrawn({ of }: { of: ApprovalOf }) {
  const w = useWords(approvalWords);
  const { lang } = useLang();
  const who = useWho();
  const said = useSaid();
  const found = loose<{ withdrawn: TakenBack | null }>(of).withdrawn;
  if (!found) return null;
  return (
    <div className="notice stack tight" role="status">
      <strong>{w.takenBack(who(found.by))}</strong>
      <p className="preline">{said(found.because)}</p>
      {found.reason ? <p className="preline">{found.reason}</p> : null}
      <p className="muted">
        {of.decided ? (
          <>
            <Time at={of.decided} full />
            {" · "}
          </>
        ) : null}
        <Link to={`/ledger/${found.entry}`}>{w.takenBackEntry(count(lang, found.entry))}</Link>
      </p>
    </div>
  );
}

export function Asks({ of }: { of: ApprovalOf }) {
  const w = useWords(approvalWords);
  const { lang } = useLang();
  const who = useWho();
  const scopes = useWords(scopeWords) as Record<string, unknown>;
  const purposes = useWords(purposeWords) as Record<string, unknown>;
  const segments = useWords(segmentWords) as Record<string, unknown>;
  const states = useWords(approvalStateWords) as Record<string, unknown>;
  const told = useWords(groundWords);
  const clock = useWords(clockWords);
  const groundSaid = useGroundSaid();
  const steps: Record<string, string> = { read: w.stepRead, trade: w.stepTrade, transfer: w.stepTransfer };
  const asked = loose<Asked>(of.request);
  const campaign = isCampaignPlan(asked.plan) ? asked.plan : null;
  // What a person wrote stands as it was written.
  const own = (reason: string) => (of.requested_by.startsWith("user:") ? reason : reasonSaid(lang, reason));
  const shown = asked.shown ?? {};
  const allow = asked.allowlist ?? null;
  // Where the server tells on what it rests, that stands above.
  const above = groundsOf(of).because !== undefined;
  const terms = asked.body?.terms ?? [];
  return (
    <Card
      title={w.asks}
      aside={
        <Badge tone={of.state === "open" ? "warn" : of.state === "granted" ? "good" : "plain"}>{word(states, of.state)}</Badge>
      }
    >
      <div className="stack">
        <Withdrawn of={of} />
        <Pairs
          of={[
            [w.about, <Subject key="about" of={of.subject} />],
            [
              w.reason,
              asked.reason && !above ? (
                <span key="reason" className="preline">
                  {own(asked.reason)}
                </span>
              ) : null,
            ],
            [
              w.lesser,
              asked.lesser && !above ? (
                <span key="lesser" className="preline">
                  {own(asked.lesser)}
                </span>
              ) : null,
            ],
            // Whoever agrees agrees to what the owner is told, too.
            [
              told.label,
              of.action === "key.expire" ? (
                <span key="told">
                  {groundSaid(asked.ground) ?? told.noneSaid}
                  {groundReadOf(lang, asked.ground) === null ? null : (
                    <>
                      {": "}
                      <q>{groundReadOf(lang, asked.ground)}</q>
                    </>
                  )}
                </span>
              ) : null,
            ],
            [
              w.case,
              asked.case_id ? <Id key="case" id={asked.case_id} to={`/cases/${encodeURIComponent(asked.case_id)}`} /> : null,
            ],
            [w.step, asked.step ? (steps[asked.step] ?? word({}, asked.step)) : null],
            [
              w.ramp,
              isRamp(asked.ramp) ? (
                <ul key="ramp" className="pieces lines">
                  {rampLines(lang, asked.ramp).map((line) => (
                    <li key={line}>{line}</li>
                  ))}
                </ul>
              ) : null,
            ],
            [clock.name, campaign === null ? null : campaign.name],
            [clock.terms, campaign === null ? null : campaign.terms],
            [
              clock.segments,
              campaign === null
                ? null
                : campaign.segments.length === 0
                  ? clock.all
                  : campaign.segments.map((one) => word(segments, one)).join(", "),
            ],
            [
              clock.clock,
              campaign === null ? null : (
                <ul key="clock" className="pieces lines">
                  {asked.resume === true ? <li>{clock.resumes}</li> : null}
                  {clockOf(campaign).map((one) => (
                    <li key={`${one.step} ${one.at}`}>
                      {clock[one.step]}: <Time at={one.at} full />
                    </li>
                  ))}
                </ul>
              ),
            ],
            [w.scopes, asked.scopes ? asked.scopes.map((scope) => word(scopes, scope)).join(", ") : null],
            [
              w.allowlist,
              allow ? (
                <span key="allow" className="mono">
                  {allow.map((one) => (typeof one === "string" ? one : one.prefix)).join(", ")}
                </span>
              ) : null,
            ],
            [
              w.account,
              shown.account ? (
                <Link key="account" to={`/keys?account=${encodeURIComponent(shown.account)}`}>
                  {shown.account}
                </Link>
              ) : null,
            ],
            [w.segment, shown.segment ? word(segments, shown.segment) : null],
            [w.application, shown.application ?? null],
            [w.purpose, shown.purpose ? word(purposes, shown.purpose) : null],
            [w.operator, shown.operator ? <Operator key="operator" id={shown.operator} /> : null],
            [w.vendor, shown.vendor ? <Vendor key="vendor" id={shown.vendor} /> : null],
            [w.expires, shown.expires ? <Time key="expires" at={shown.expires} full /> : null],
            [w.by, who(of.requested_by)],
            [w.asked, <Time key="asked" at={of.requested} full />],
            [w.due, <Time key="due" at={of.due} full />],
          ]}
        />
        {terms.length === 0 ? null : (
          <Terms
            of={terms}
            total={asked.body?.points ?? terms.reduce((sum, term) => sum + term.points, 0)}
            label={w.measureThen}
          />
        )}
        <details>
          <summary className="muted">{w.frozen}</summary>
          <div className="stack tight">
            <Raw look="command" text={JSON.stringify(of.request, null, 2)} />
            <p className="muted">
              {w.digest}: <span className="mono">{of.digest}</span>
            </p>
          </div>
        </details>
      </div>
    </Card>
  );
}
