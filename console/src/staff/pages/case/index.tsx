// One case: the one file on a suspicion. What is suspected, what stands and happens to whom, why, what was done, what is left to do.
import { useQueries, useQuery } from "@tanstack/react-query";
import { Link, useParams } from "react-router";
import { api, good, type Schemas } from "../../../api/client";
import { useMe } from "../../../api/session";
import { count } from "../../../i18n/format";
import { useLang, useWords } from "../../../i18n/lang";
import { Badge, Card, Id, Pairs, Time, useNow } from "../../../ui/basics";
import { measureWords } from "../../../ui/measure";
import { Page } from "../../../ui/shell";
import { Read } from "../../../ui/states";
import { Measures } from "../../parts/measures";
import { isMissing, Missing } from "../../parts/missing";
import { Notices } from "../../parts/notices";
import { Objections, objectionsOf } from "../../parts/objections";
import { reasonSaid } from "../../parts/reasonSaid";
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

type Planned = Schemas["PlannedMemberView"];

/** Whose time a case's due time is: that of a measure in it, or what the venue gives a case. */
function useDueOf(plan: readonly Planned[] | undefined): (due: string | null | undefined) => string | null {
  const w = useWords(caseWordsOfPage);
  const measures = useWords(measureWords) as Record<string, unknown>;
  return (due) => {
    if (!due || plan === undefined) return null;
    const own = plan.flatMap((member) => member.measures).find((one) => one.until === due);
    return own === undefined ? w.dueOfVenue : w.dueOfMeasure(word(measures, own.measure));
  };
}

function Head({ page, plan, over }: { page: PageOf; plan: readonly Planned[] | undefined; over: boolean }) {
  const w = useWords(caseWordsOfPage);
  const { lang } = useLang();
  const cases = useWords(caseWords) as Record<string, unknown>;
  const suspicion = useSuspicion();
  const who = useWho();
  const now = useNow();
  const one = page.case;
  const body = loose<CaseBody>(one.body);
  const due = suspicion.due(one, now);
  const priority = suspicion.priority(one, over);
  const dueOf = useDueOf(plan)(one.due);
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
              <div key="due">
                {due.overdue ? (
                  <>
                    <Badge tone="expire">{suspicion.late}</Badge> <Time at={one.due} />
                  </>
                ) : (
                  <>
                    {due.text} · <Time at={one.due} full />
                  </>
                )}
                {dueOf === null ? null : <div className="muted">{dueOf}</div>}
              </div>
            ) : null,
          ],
          [w.assignee, who(one.assignee)],
          [w.priority, `${priority.word} · ${priority.why}`],
          [w.opened, <Time key="opened" at={one.opened} full />],
          [w.alerts, body.alerts === undefined ? null : w.alertsLine(count(lang, body.alerts))],
          [
            w.outcome,
            one.outcome ? (
              <span
                key="outcome"
                className="preline"
              >{`${word(cases, one.outcome)} · ${reasonSaid(lang, body.reason ?? "")}`}</span>
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
  const members = plan.data?.members ?? [];
  const over = members.length > 0 && members.every((one) => one.state === "expired" || one.state === "rejected");
  if (isMissing(shown.error)) {
    return (
      <Page title={w.missing} aside={<Link to="/cases">{w.back}</Link>}>
        <Missing
          text={w.missingText(id)}
          hint={w.missingHint}
          to={[
            [w.missingAll, "/cases?view=all"],
            [w.missingQueue, "/cases"],
          ]}
        />
      </Page>
    );
  }
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
              {over && one.state === "open" ? (
                <div className="notice monitor stack tight" role="status">
                  <strong>{w.allEnded}</strong>
                  <p>{missing.length === 0 ? w.allEndedClose : w.allEndedSteps(missing.length)}</p>
                </div>
              ) : null}
              <Acts page={page} plan={plan.data?.members} over={over} />
              <Objections of={objectionsOf(timeline)} />
              <Read query={plan}>{({ members }) => <Members page={page} plan={members} />}</Read>
              <div className="two">
                <div className="stack">
                  <Card title={w.evidence}>
                    <Read query={signals}>
                      {({ items }) => <Signals of={items} about={members.length === 1 ? members[0]?.key : undefined} />}
                    </Read>
                  </Card>
                  {plan.data === undefined ? null : <Whys plan={plan.data.members} signals={signals.data?.items ?? []} />}
                  <Card title={w.measures}>
                    <Read query={measures}>{({ items }) => <Measures of={items} inCase ended={ended} />}</Read>
                  </Card>
                  <Timeline of={timeline} measures={measures.data?.items ?? []} />
                </div>
                <div className="stack">
                  <Card title={w.suspected}>
                    <Head page={page} plan={plan.data?.members} over={over} />
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
