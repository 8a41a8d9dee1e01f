// The keys of a case: where each stands, what happens to each, how each is judged, and why it stands there term by term.
import { useQueries, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { Link } from "react-router";
import { api, good, type Schemas } from "../../../api/client";
import { instant } from "../../../i18n/format";
import { useLang, useWords } from "../../../i18n/lang";
import { Badge, Button, Card, Id } from "../../../ui/basics";
import { Dialog } from "../../../ui/forms";
import { Table } from "../../../ui/lists";
import { KeyStanding, measureWords } from "../../../ui/measure";
import { Read } from "../../../ui/states";
import { KeyActs } from "../../parts/keyActs";
import { Ladder } from "../../parts/ladder";
import { explanationOf, type Signal } from "../../parts/shapes";
import { useSaid, useWho } from "../../parts/who";
import { memberWords, word } from "../../parts/words";
import type { PageOf } from "./index";
import { caseWordsOfPage } from "./words";

type Planned = Schemas["PlannedMemberView"];

const over = (member: Planned) => member.state === "expired" || member.state === "rejected";

/** Approvals of a forced end that wait, by key. */
function useEnds(keys: readonly string[]): Map<string, string> {
  const found = useQueries({
    queries: keys.slice(0, 50).map((key) => ({
      queryKey: ["approvals", { subject: `key:${key}`, state: "open" }],
      queryFn: () =>
        good(api.GET("/v1/approvals", { params: { query: { subject: `key:${key}`, state: "open" as const, limit: 50 } } })),
    })),
  });
  const ends = new Map<string, string>();
  found.forEach((query, index) => {
    const key = keys[index];
    const open = query.data?.items.find((one) => one.action === "key.expire");
    if (key !== undefined && open !== undefined) ends.set(key, open.approval);
  });
  return ends;
}

function PlanOf({ of, end }: { of: Planned; end: string | undefined }) {
  const w = useWords(caseWordsOfPage);
  const { lang } = useLang();
  const measures = useWords(measureWords) as Record<string, unknown>;
  if (over(of)) return <span className="muted">{w.planOver}</span>;
  if (of.measures.length === 0 && end === undefined) return <span className="muted">{w.planNothing}</span>;
  return (
    <ul className="pieces lines">
      {of.measures.map((one) => {
        const name = word(measures, one.measure);
        if (one.state === "proposed") {
          return (
            <li key={one.measure_id}>
              {one.approval ? (
                <Link to={`/approvals/${encodeURIComponent(one.approval)}`}>{w.planWaits(name)}</Link>
              ) : (
                w.planWaits(name)
              )}
            </li>
          );
        }
        return <li key={one.measure_id}>{one.until ? w.planUntil(name, instant(lang, one.until)) : w.planInForce(name)}</li>;
      })}
      {end === undefined ? null : (
        <li>
          <Link to={`/approvals/${encodeURIComponent(end)}`}>{w.planEnds}</Link>
        </li>
      )}
    </ul>
  );
}

export function Members({ page, plan }: { page: PageOf; plan: readonly Planned[] }) {
  const w = useWords(caseWordsOfPage);
  const thought = useWords(memberWords) as Record<string, unknown>;
  const who = useWho();
  const ends = useEnds(plan.map((member) => member.key));
  const [acting, setActing] = useState<Planned | null>(null);
  const present = plan.find((member) => member.key === acting?.key) ?? null;
  return (
    <Card title={w.members(plan.length)}>
      <Table
        caption={w.members(plan.length)}
        rows={plan}
        id={(member) => member.key}
        columns={[
          { head: w.key, cell: (member) => <Id id={member.key} to={`/keys/${encodeURIComponent(member.key)}`} /> },
          {
            head: w.account,
            cell: (member) => (
              <Link className="nowrap" to={`/keys?account=${encodeURIComponent(member.account)}`}>
                {member.account}
              </Link>
            ),
          },
          {
            head: w.stands,
            cell: (member) => <KeyStanding state={member.state} measure={member.measure} />,
          },
          { head: w.plan, cell: (member) => <PlanOf of={member} end={ends.get(member.key)} /> },
          {
            head: w.thought,
            cell: (member) => {
              const known = page.case.members.find((one) => one.key === member.key);
              return (
                <span title={known?.reason ?? undefined}>
                  <Badge tone={member.member === "confirmed" ? "expire" : member.member === "exonerated" ? "good" : "plain"}>
                    {word(thought, member.member)}
                  </Badge>
                  {known?.by ? <div className="muted">{w.decidedBy(who(known.by))}</div> : null}
                </span>
              );
            },
          },
          {
            head: w.acts,
            // Nothing can be done to a key that has ended.
            cell: (member) =>
              over(member) ? (
                <span className="muted">{w.actsNone}</span>
              ) : (
                <Button small onPress={() => setActing(member)}>
                  {w.acts}
                </Button>
              ),
          },
        ]}
      />
      <Dialog title={w.actsTitle(present?.key ?? "")} open={present !== null} onClose={() => setActing(null)}>
        {present === null ? null : <KeyActs of={present} waiting={ends.get(present.key) ?? null} />}
      </Dialog>
    </Card>
  );
}

/** Why one member stands where it stands. Opened one at a time: each is a question of its own to the server. */
function Why({ of, signals, open }: { of: Planned; signals: readonly Signal[]; open: boolean }) {
  const w = useWords(caseWordsOfPage);
  const said = useSaid();
  const measures = useWords(measureWords) as Record<string, unknown>;
  const [shown, setShown] = useState(open);
  const standing = useQuery({
    queryKey: ["keys", of.key, "standing"],
    queryFn: () => good(api.GET("/v1/keys/{key}/standing", { params: { path: { key: of.key } } })),
    enabled: shown && !over(of),
  });
  const lesser = of.measures.filter((one) => said(one.lesser) !== "");
  return (
    <details open={shown} onToggle={(event) => setShown(event.currentTarget.open)}>
      <summary>
        <span className="mono">{of.key}</span> <KeyStanding state={of.state} measure={of.measure} />
      </summary>
      {shown ? (
        <div className="stack">
          {lesser.length === 0 ? null : (
            <div className="stack tight">
              {lesser.map((one) => (
                <div key={one.measure_id}>
                  <h3>{w.lesser(word(measures, one.measure))}</h3>
                  <p className="preline">{said(one.lesser)}</p>
                </div>
              ))}
            </div>
          )}
          {over(of) ? (
            <p className="muted">{w.whyOver}</p>
          ) : (
            <Read query={standing}>{(data) => <Ladder of={explanationOf(data.explained)} signals={signals} />}</Read>
          )}
        </div>
      ) : null}
    </details>
  );
}

export function Whys({ plan, signals }: { plan: readonly Planned[]; signals: readonly Signal[] }) {
  const w = useWords(caseWordsOfPage);
  return (
    <Card title={w.why}>
      <div className="stack">
        <p className="muted">{w.whyText}</p>
        {plan.map((member, index) => (
          <Why key={member.key} of={member} signals={signals} open={index === 0} />
        ))}
      </div>
    </Card>
  );
}
