// One approval: what is asked, on what grounds, by whom, who must agree, and the decision. How long somebody looked goes with it.
import { useQuery } from "@tanstack/react-query";
import { useRef, useState } from "react";
import { Link, useParams } from "react-router";
import { api, good } from "../../../api/client";
import { useMe } from "../../../api/session";
import { duration } from "../../../i18n/format";
import { useLang, useWords } from "../../../i18n/lang";
import { Badge, Button, Card, Id, LinkButton, Pairs, Time, useNow } from "../../../ui/basics";
import { Raw } from "../../../ui/raw";
import { roleText, roleWords } from "../../../ui/roles";
import { Page } from "../../../ui/shell";
import { Read } from "../../../ui/states";
import { useSay } from "../../../ui/toasts";
import { ActDialog } from "../../parts/act";
import { keptBy, ReasonField } from "../../parts/actFields";
import { Subject } from "../../parts/effects";
import { Ladder, Terms } from "../../parts/ladder";
import { type Approval as ApprovalOf, type CaseBody, explanationOf, loose } from "../../parts/shapes";
import { Signals } from "../../parts/signals";
import { useWho } from "../../parts/who";
import { approvalStateWords, purposeWords, scopeWords, segmentWords, word } from "../../parts/words";
import { type Asked, agreed, useAskedSentence, useNoDecision } from "./asked";
import { approvalWords } from "./words";

/** When the page was opened, by the server's clock as far as it is known: this browser's may be wrong. */
function useOpened(requested: string | undefined): { at: string | undefined; localMs: number } {
  const [localMs] = useState(() => Date.now());
  const facts = useQuery({ queryKey: ["overview"], queryFn: () => good(api.GET("/v1/overview")), staleTime: 60_000 });
  if (facts.data === undefined || requested === undefined) return { at: undefined, localMs };
  const ahead = Date.parse(facts.data.at) - facts.dataUpdatedAt;
  const at = Math.max(Math.ceil(localMs + Math.min(ahead, 0)), Date.parse(requested) + 1);
  return { at: new Date(at).toISOString(), localMs };
}

function DecideDialog({
  of,
  decision,
  lookedAt,
  onClose,
}: {
  of: ApprovalOf;
  decision: "approve" | "refuse";
  lookedAt: string | undefined;
  onClose: () => void;
}) {
  const w = useWords(approvalWords);
  const say = useSay();
  const [reason, setReason] = useState("");
  // As it was when he began: what is sent again must be the same request.
  const looked = useRef(lookedAt);
  looked.current ??= lookedAt;
  const left = of.needed.reduce((sum, needed) => sum + needed.count - agreed(of, needed.role), 0);
  const approve = decision === "approve";
  return (
    <ActDialog
      title={approve ? w.approveTitle : w.refuseTitle}
      intro={<p>{approve ? w.approveIntro : w.refuseIntro}</p>}
      body={{ decision, reason, ...(looked.current === undefined ? {} : { looked_at: looked.current }) }}
      missing={keptBy(reason)}
      send={(body, how) =>
        good(api.POST("/v1/approvals/{approval}/decide", { params: { path: { approval: of.approval }, ...how }, body }))
      }
      go={approve ? w.approve : w.refuse}
      danger={approve && of.action === "key.expire"}
      touches={[
        ["approvals"],
        ["keys"],
        ["cases"],
        ["measures"],
        ["notices"],
        ["policies"],
        ["users"],
        ["tokens"],
        ["venue"],
        ["overview"],
      ]}
      basis={left}
      consequences={<p>{approve ? (left <= 1 ? w.executes : w.more) : w.refuseIntro}</p>}
      onDone={() => say(w.decided)}
      onClose={onClose}
    >
      <ReasonField label={approve ? w.reasonApprove : w.reason} hint={w.reasonHint} value={reason} onChange={setReason} />
    </ActDialog>
  );
}

function WithdrawDialog({ of, onClose }: { of: ApprovalOf; onClose: () => void }) {
  const w = useWords(approvalWords);
  const say = useSay();
  return (
    <ActDialog
      title={w.withdraw}
      intro={<p>{w.withdrawIntro}</p>}
      body={of.approval}
      missing={null}
      send={(approval, how) => good(api.POST("/v1/approvals/{approval}/withdraw", { params: { path: { approval }, ...how } }))}
      go={w.withdraw}
      touches={[["approvals"], ["keys"], ["cases"], ["overview"]]}
      onDone={() => say(w.withdrawn)}
      onClose={onClose}
    />
  );
}

function Decision({
  of,
  lookedAt,
  openedMs,
  worksCase,
}: {
  of: ApprovalOf;
  lookedAt: string | undefined;
  openedMs: number;
  worksCase: boolean;
}) {
  const w = useWords(approvalWords);
  const { lang } = useLang();
  const { session } = useMe();
  const now = useNow(1_000);
  const no = useNoDecision()(of, now, worksCase);
  const [doing, setDoing] = useState<"approve" | "refuse" | "withdraw" | null>(null);
  const own = of.requested_by === session.principal;
  const done = () => setDoing(null);
  return (
    <Card title={w.decide}>
      <div className="stack">
        <div className="row">
          <Button look="primary" isDisabled={no !== undefined} onPress={() => setDoing("approve")}>
            {w.approve}
          </Button>
          <Button look="danger" isDisabled={no !== undefined} onPress={() => setDoing("refuse")}>
            {w.refuse}
          </Button>
        </div>
        <p className="muted">{no ?? w.youLook(duration(lang, now - openedMs))}</p>
        <Button
          look="quiet"
          why={of.state !== "open" ? w.wClosed : !own ? w.wNotAsker : of.action === "key.grant" ? w.wGrant : undefined}
          onPress={() => setDoing("withdraw")}
        >
          {w.withdraw}
        </Button>
      </div>
      {doing === "approve" || doing === "refuse" ? (
        <DecideDialog of={of} decision={doing} lookedAt={lookedAt} onClose={done} />
      ) : null}
      {doing === "withdraw" ? <WithdrawDialog of={of} onClose={done} /> : null}
    </Card>
  );
}

function Asks({ of }: { of: ApprovalOf }) {
  const w = useWords(approvalWords);
  const who = useWho();
  const scopes = useWords(scopeWords) as Record<string, unknown>;
  const purposes = useWords(purposeWords) as Record<string, unknown>;
  const segments = useWords(segmentWords) as Record<string, unknown>;
  const states = useWords(approvalStateWords) as Record<string, unknown>;
  const asked = loose<Asked>(of.request);
  const shown = asked.shown ?? {};
  const allow = asked.allowlist ?? null;
  const terms = asked.body?.terms ?? [];
  return (
    <Card
      title={w.asks}
      aside={
        <Badge tone={of.state === "open" ? "warn" : of.state === "granted" ? "good" : "plain"}>{word(states, of.state)}</Badge>
      }
    >
      <div className="stack">
        <Pairs
          of={[
            [w.about, <Subject key="about" of={of.subject} />],
            [
              w.reason,
              asked.reason ? (
                <span key="reason" className="preline">
                  {asked.reason}
                </span>
              ) : null,
            ],
            [
              w.lesser,
              asked.lesser ? (
                <span key="lesser" className="preline">
                  {asked.lesser}
                </span>
              ) : null,
            ],
            [
              w.case,
              asked.case_id ? <Id key="case" id={asked.case_id} to={`/cases/${encodeURIComponent(asked.case_id)}`} /> : null,
            ],
            [w.step, asked.step ?? null],
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
            [w.operator, shown.operator ?? null],
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

function WhoDecides({ of }: { of: ApprovalOf }) {
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
              <strong>{w.got(agreed(of, needed.role), needed.count, roleText(roles, needed.role))}</strong>
            </li>
          ))}
        </ul>
        <p className="muted">
          {w.rules} {of.action === "key.measure" ? w.caseRule : ""}
        </p>
        {of.decisions.length === 0 ? <p className="muted">{w.noDecisions}</p> : null}
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
                {typeof one.looked_us === "number" ? w.looked(duration(lang, one.looked_us / 1000)) : w.notLooked}
              </p>
            </li>
          ))}
        </ol>
      </div>
    </Card>
  );
}

/** The grounds, for what is about a key. */
function Evidence({ keyId, asked }: { keyId: string; asked: string | null }) {
  const w = useWords(approvalWords);
  const signals = useQuery({
    queryKey: ["signals", { key: keyId }],
    queryFn: () => good(api.GET("/v1/signals", { params: { query: { key: keyId, limit: 200 } } })),
  });
  const standing = useQuery({
    queryKey: ["keys", keyId, "standing"],
    queryFn: () => good(api.GET("/v1/keys/{key}/standing", { params: { path: { key: keyId } } })),
  });
  const measures = useQuery({
    queryKey: ["measures", { key: keyId }],
    queryFn: () => good(api.GET("/v1/measures", { params: { query: { key: keyId, limit: 200 } } })),
    enabled: asked === null,
  });
  // What staff propose names no case; the key's latest one is where it is looked into.
  const latest = [...(measures.data?.items ?? [])].sort((one, other) => other.began.localeCompare(one.began))[0];
  const caseId = asked ?? latest?.case_id ?? null;
  return (
    <Card
      title={w.evidence}
      aside={
        <span className="row">
          <LinkButton small to={`/keys/${encodeURIComponent(keyId)}`}>
            {w.openKey}
          </LinkButton>
          {caseId === null ? null : (
            <LinkButton small to={`/cases/${encodeURIComponent(caseId)}`}>
              {w.openCase}
            </LinkButton>
          )}
        </span>
      }
    >
      <div className="stack">
        <p className="muted">{w.evidenceText}</p>
        <h3>{w.signals}</h3>
        <Read query={signals}>{({ items }) => <Signals of={items} />}</Read>
        <h3>{w.why}</h3>
        <Read query={standing}>
          {(data) => <Ladder of={explanationOf(data.explained)} signals={signals.data?.items ?? []} />}
        </Read>
      </div>
    </Card>
  );
}

export function Approval() {
  const { approval = "" } = useParams();
  // Another approval is looked at anew: how long somebody looked goes with his decision.
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
  const opened = useOpened(shown.data?.requested);
  const key = shown.data?.subject.startsWith("key:") ? shown.data.subject.slice(4) : null;
  return (
    <Page title={shown.data === undefined ? w.title : sentence(shown.data)} aside={<Link to="/approvals">{w.back}</Link>}>
      <Read query={shown}>
        {(approval) => (
          <div className="stack">
            <div className="row">
              <Id id={approval.approval} />
            </div>
            <div className="two">
              <div className="stack">
                <Asks of={approval} />
                {key === null ? null : <Evidence keyId={key} asked={caseId} />}
              </div>
              <div className="stack">
                <Decision of={approval} lookedAt={opened.at} openedMs={opened.localMs} worksCase={worksCase} />
                <WhoDecides of={approval} />
              </div>
            </div>
          </div>
        )}
      </Read>
    </Page>
  );
}
