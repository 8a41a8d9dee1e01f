// One case: the one file on a suspicion. What is suspected, what stands and happens to whom, why, what was done, what is left to do.
import { useQueries, useQuery } from "@tanstack/react-query";
import { Link, useParams } from "react-router";
import { api, good } from "../../../api/client";
import { useMe } from "../../../api/session";
import { count } from "../../../i18n/format";
import { useLang, useWords } from "../../../i18n/lang";
import { Badge, Card, Id, Pairs, Time, useNow } from "../../../ui/basics";
import { Page } from "../../../ui/shell";
import { Read } from "../../../ui/states";
import { Measures } from "../../parts/measures";
import { Notices } from "../../parts/notices";
import { Objections, objectionsOf } from "../../parts/objections";
import { type CaseBody, type Case as CaseOf, loose } from "../../parts/shapes";
import { Signals } from "../../parts/signals";
import { useSuspicion } from "../../parts/suspicion";
import { useWho } from "../../parts/who";
import { caseWords, word } from "../../parts/words";
import { Acts } from "./acts";
import "./case.css";
import { Members, Whys } from "./members";
import { Playbook, Tasks } from "./playbook";
import { Timeline } from "./timeline";
import { caseWordsOfPage } from "./words";

/** What the parts of the page need to know. `no`: why nothing may be done in it; undefined where something may. */
export type PageOf = { case: CaseOf; missing: readonly string[]; no: string | undefined };

function Head({ page }: { page: PageOf }) {
  const w = useWords(caseWordsOfPage);
  const { lang } = useLang();
  const cases = useWords(caseWords) as Record<string, unknown>;
  const suspicion = useSuspicion();
  const who = useWho();
  const now = useNow();
  const one = page.case;
  const body = loose<CaseBody>(one.body);
  const due = suspicion.due(one, now);
  const priority = suspicion.priority(one);
  return (
    <div className="stack">
      <Pairs
        of={[
          [
            w.state,
            <Badge key="state" tone={one.state === "open" ? "warn" : "plain"}>
              {word(cases, one.state)}
            </Badge>,
          ],
          [
            w.due,
            one.state === "open" ? (
              due.overdue ? (
                <Badge key="due" tone="expire">
                  {due.text}
                </Badge>
              ) : (
                <span key="due">
                  {due.text} · <Time at={one.due} full />
                </span>
              )
            ) : null,
          ],
          [w.assignee, who(one.assignee)],
          [w.priority, `${priority.word} · ${priority.why}`],
          [w.opened, <Time key="opened" at={one.opened} full />],
          [w.alerts, body.alerts === undefined ? null : w.alertsLine(count(lang, body.alerts))],
          [
            w.outcome,
            one.outcome ? (
              <span key="outcome" className="preline">{`${word(cases, one.outcome)} · ${body.reason ?? ""}`}</span>
            ) : null,
          ],
          [
            w.closedBy,
            one.closed && body.closed_by ? (
              <span key="closed">
                {who(body.closed_by)} · <Time at={one.closed} full />
              </span>
            ) : null,
          ],
          [
            w.merged,
            body.merged_into ? (
              <Id key="merged" id={body.merged_into} to={`/cases/${encodeURIComponent(body.merged_into)}`} />
            ) : null,
          ],
        ]}
      />
      <p className="muted">{w.preserved}</p>
    </div>
  );
}

/** Notices to the owners of its keys since it was opened. */
function Told({ page }: { page: PageOf }) {
  const w = useWords(caseWordsOfPage);
  const found = useQueries({
    queries: page.case.members.slice(0, 50).map((member) => ({
      queryKey: ["notices", { key: member.key }],
      queryFn: () => good(api.GET("/v1/notices", { params: { query: { key: member.key, limit: 100 } } })),
    })),
  });
  const all = found.flatMap((query) => query.data?.items ?? []).filter((notice) => notice.created >= page.case.opened);
  return (
    <Card title={w.notices}>
      <Notices of={all} />
    </Card>
  );
}

export function Case() {
  const w = useWords(caseWordsOfPage);
  const suspicion = useSuspicion();
  const { has } = useMe();
  const { case: id = "" } = useParams();
  const shown = useQuery({
    queryKey: ["cases", id],
    queryFn: () => good(api.GET("/v1/cases/{case}", { params: { path: { case: id } } })),
  });
  const plan = useQuery({
    queryKey: ["cases", id, "plan"],
    queryFn: () => good(api.GET("/v1/cases/{case}/plan", { params: { path: { case: id } } })),
  });
  const signals = useQuery({
    queryKey: ["signals", { case: id }],
    queryFn: () => good(api.GET("/v1/signals", { params: { query: { case: id, limit: 200 } } })),
  });
  const measures = useQuery({
    queryKey: ["measures", { case: id }],
    queryFn: () => good(api.GET("/v1/measures", { params: { query: { case: id, limit: 200 } } })),
  });
  const ended = new Set((plan.data?.members ?? []).filter((one) => one.state === "expired").map((one) => one.key));
  const title = shown.data === undefined ? w.title : suspicion.sentence(shown.data.case);
  return (
    <Page title={title} aside={<Link to="/cases">{w.back}</Link>}>
      <Read query={shown}>
        {({ case: one, missing, timeline }) => {
          const no = one.state !== "open" ? w.isClosed : has("analyst", "approver", "compliance_lead") ? undefined : w.notWorker;
          const page: PageOf = { case: one, missing, no };
          return (
            <div className="stack">
              <div className="row">
                <Id id={one.case_id} />
              </div>
              <Acts page={page} plan={plan.data?.members} />
              <div className="two">
                <div className="stack">
                  <Objections of={objectionsOf(timeline)} />
                  <Read query={plan}>{({ members }) => <Members page={page} plan={members} />}</Read>
                  <Card title={w.evidence}>
                    <Read query={signals}>{({ items }) => <Signals of={items} />}</Read>
                  </Card>
                  {plan.data === undefined ? null : <Whys plan={plan.data.members} signals={signals.data?.items ?? []} />}
                  <Card title={w.measures}>
                    <Read query={measures}>{({ items }) => <Measures of={items} inCase ended={ended} />}</Read>
                  </Card>
                  <Timeline of={timeline} measures={measures.data?.items ?? []} />
                </div>
                <div className="stack">
                  <Card title={w.suspected}>
                    <Head page={page} />
                  </Card>
                  <Playbook page={page} />
                  <Tasks page={page} />
                  <Told page={page} />
                </div>
              </div>
            </div>
          );
        }}
      </Read>
    </Page>
  );
}
