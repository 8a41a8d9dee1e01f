// One approval: what is asked, on what grounds, by whom, who must agree, and the decision. How long somebody looked goes with it.
import { useQuery } from "@tanstack/react-query";
import { Link, useParams } from "react-router";
import { api, good } from "../../../api/client";
import { useMe } from "../../../api/session";
import { useWords } from "../../../i18n/lang";
import { Id } from "../../../ui/basics";
import { Page } from "../../../ui/shell";
import { Read } from "../../../ui/states";
import { isMissing, Missing } from "../../parts/missing";
import { type CaseBody, loose } from "../../parts/shapes";
import { type Asked, useAskedSentence } from "./asked";
import { Asks } from "./asks";
import { Decision } from "./decision";
import { Evidence } from "./evidence";
import { Grounds, Objected } from "./grounds";
import { lookedSince, useLooked } from "./looked";
import { WhoDecides } from "./whoDecides";
import { approvalWords } from "./words";

/** Since when it is looked at, by the server's clock as far as it is known: this browser's may be wrong. */
function useSince(lookedMs: number, requested: string | undefined): string | undefined {
  const facts = useQuery({ queryKey: ["overview"], queryFn: () => good(api.GET("/v1/overview")), staleTime: 60_000 });
  if (facts.data === undefined || requested === undefined) return undefined;
  return lookedSince(lookedMs, Date.now(), facts.data.at, facts.dataUpdatedAt, requested);
}

export function Approval() {
  const { approval = "" } = useParams();
  // Another approval is looked at anew: how long somebody looked goes with the decision.
  return <One key={approval} id={approval} />;
}

function One({ id }: { id: string }) {
  const w = useWords(approvalWords);
  const { session } = useMe();
  const sentence = useAskedSentence();
  const shown = useQuery({
    queryKey: ["approvals", id],
    queryFn: () => good(api.GET("/v1/approvals/{approval}", { params: { path: { approval: id } } })),
  });
  const asked = loose<Asked>(shown.data?.request);
  const caseId = asked.case_id ?? null;
  const aCase = useQuery({
    queryKey: ["cases", caseId],
    queryFn: () => good(api.GET("/v1/cases/{case}", { params: { path: { case: caseId ?? "" } } })),
    enabled: caseId !== null,
  });
  const one = aCase.data?.case;
  const worksCase =
    shown.data?.action === "key.measure" &&
    one !== undefined &&
    (one.assignee === session.principal ||
      (loose<CaseBody>(one.body).playbook ?? []).some((step) => step.state === "done" && step.by === session.principal));
  const lookedMs = useLooked(session.principal, id);
  const since = useSince(lookedMs, shown.data?.requested);
  const key = shown.data?.subject.startsWith("key:") ? shown.data.subject.slice(4) : null;
  if (isMissing(shown.error)) {
    return (
      <Page title={w.missing} aside={<Link to="/approvals">{w.back}</Link>}>
        <Missing text={w.missingText(id)} hint={w.missingHint} to={[[w.back, "/approvals"]]} />
      </Page>
    );
  }
  return (
    <Page title={shown.data === undefined ? w.title : sentence(shown.data)} aside={<Link to="/approvals">{w.back}</Link>}>
      <Read query={shown}>
        {(approval) => (
          <div className="stack">
            <div className="row">
              <Id id={approval.approval} />
            </div>
            {key === null ? null : <Objected of={approval} keyId={key} />}
            <div className="two">
              <div className="stack">
                {key === null ? null : <Grounds of={approval} keyId={key} />}
                <Asks of={approval} />
                {key === null ? null : <Evidence of={approval} keyId={key} asked={caseId} />}
              </div>
              <div className="stack">
                <Decision of={approval} lookedAt={since} lookedMs={lookedMs} worksCase={worksCase} />
                <WhoDecides of={approval} />
              </div>
            </div>
          </div>
        )}
      </Read>
    </Page>
  );
}
