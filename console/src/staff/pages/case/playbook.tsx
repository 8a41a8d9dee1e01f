// Steps of the playbook and tasks: done, or waived by agreement of another person. Nothing is skipped silently.
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { api, good } from "../../../api/client";
import { useMe } from "../../../api/session";
import { useLang, useWords } from "../../../i18n/lang";
import { Badge, Button, Card, Id, Time } from "../../../ui/basics";
import { Read } from "../../../ui/states";
import { useSay } from "../../../ui/toasts";
import { ActDialog } from "../../parts/act";
import { keptBy, ReasonField } from "../../parts/actFields";
import { reasonSaid } from "../../parts/reasonSaid";
import { type CaseBody, loose, type Step, textOf } from "../../parts/shapes";
import { useWho } from "../../parts/who";
import { stepWords, word } from "../../parts/words";
import type { PageOf } from "./index";
import { useOnRecord } from "./onRecord";
import { caseWordsOfPage } from "./words";

type Doing = { step: string; how: "done" | "ask" | "agree" } | null;

function StepDialog({ of, doing, onClose }: { of: string; doing: NonNullable<Doing>; onClose: () => void }) {
  const w = useWords(caseWordsOfPage);
  const steps = useWords(stepWords) as Record<string, unknown>;
  const say = useSay();
  const [text, setText] = useState("");
  const [go, said] = {
    done: [w.stepDo, w.stepDid],
    ask: [w.askWaiver, w.askedWaiver],
    agree: [w.agreeWaiver, w.agreedWaiver],
  }[doing.how] as [string, string];
  return (
    <ActDialog
      title={`${go}: ${word(steps, doing.step)}`}
      body={text}
      missing={keptBy(text)}
      send={(input, how) => {
        const params = { path: { case: of, step: doing.step }, ...how };
        if (doing.how === "done")
          return good(api.POST("/v1/cases/{case}/steps/{step}/done", { params, body: { result: input } }));
        if (doing.how === "ask")
          return good(api.POST("/v1/cases/{case}/steps/{step}/ask-waiver", { params, body: { reason: input } }));
        return good(api.POST("/v1/cases/{case}/steps/{step}/waive", { params, body: { reason: input } }));
      }}
      go={go}
      touches={[["cases"]]}
      onDone={() => say(said)}
      onClose={onClose}
    >
      {doing.how === "done" ? (
        <ReasonField label={w.stepResult} hint={w.stepResultHint} value={text} onChange={setText} />
      ) : (
        <ReasonField value={text} onChange={setText} />
      )}
    </ActDialog>
  );
}

function StepItem({ step, page, onDo }: { step: Step; page: PageOf; onDo: (doing: Doing) => void }) {
  const w = useWords(caseWordsOfPage);
  const steps = useWords(stepWords) as Record<string, unknown>;
  const { lang } = useLang();
  const who = useWho();
  const onRecord = useOnRecord();
  const { session, has } = useMe();
  const [tone, state] = {
    open: ["plain", w.stepOpen],
    done: ["good", w.stepDone],
    waiver_asked: ["warn", w.stepAsked],
    waived: ["good", w.stepWaived],
  }[step.state] as ["plain" | "good" | "warn", string];
  const open = step.state === "open" || step.state === "waiver_asked";
  const noAgree =
    page.no ?? (!has("approver", "compliance_lead") ? w.notWaiver : step.by === session.principal ? w.ownWaiver : undefined);
  return (
    <li className="stack tight">
      <div className="row step">
        <Badge tone={tone}>{state}</Badge>
        <span>{word(steps, step.step)}</span>
      </div>
      {step.result ? (
        <p className="preline">{step.by?.startsWith("user:") ? step.result : reasonSaid(lang, step.result)}</p>
      ) : null}
      {step.on_record ? (
        <p>
          {onRecord(step.on_record)} · <Time at={step.at} full />
        </p>
      ) : null}
      {step.by ? (
        <p className="muted">
          {w.by(who(step.by))} · <Time at={step.at} full />
          {step.approver ? ` · ${w.agreedBy(who(step.approver))}` : ""}
        </p>
      ) : null}
      {open ? (
        <div className="row">
          <Button small why={page.no} onPress={() => onDo({ step: step.step, how: "done" })}>
            {w.stepDo}
          </Button>
          {step.state === "open" ? (
            <Button small look="quiet" isDisabled={page.no !== undefined} onPress={() => onDo({ step: step.step, how: "ask" })}>
              {w.askWaiver}
            </Button>
          ) : (
            <Button small why={noAgree} onPress={() => onDo({ step: step.step, how: "agree" })}>
              {w.agreeWaiver}
            </Button>
          )}
        </div>
      ) : null}
    </li>
  );
}

export function Playbook({ page }: { page: PageOf }) {
  const w = useWords(caseWordsOfPage);
  const [doing, setDoing] = useState<Doing>(null);
  const steps = loose<CaseBody>(page.case.body).playbook ?? [];
  return (
    <Card title={w.playbook}>
      <div className="stack">
        <p className="muted">{w.playbookText}</p>
        <ol className="stack bare">
          {steps.map((step) => (
            <StepItem key={step.step} step={step} page={page} onDo={setDoing} />
          ))}
        </ol>
      </div>
      {doing === null ? null : <StepDialog of={page.case.case_id} doing={doing} onClose={() => setDoing(null)} />}
    </Card>
  );
}

function FinishDialog({ task, onClose }: { task: string; onClose: () => void }) {
  const w = useWords(caseWordsOfPage);
  const say = useSay();
  const [text, setText] = useState("");
  return (
    <ActDialog
      title={w.finish}
      body={text}
      missing={keptBy(text)}
      send={(result, how) => good(api.POST("/v1/tasks/{task}/finish", { params: { path: { task }, ...how }, body: { result } }))}
      go={w.finish}
      touches={[["tasks"], ["cases"]]}
      onDone={() => say(w.finished)}
      onClose={onClose}
    >
      <ReasonField label={w.stepResult} hint={w.stepResultHint} value={text} onChange={setText} />
    </ActDialog>
  );
}

/** The key a task is about, if it is about one. */
function KeyOf({ id }: { id: string | null }) {
  return id === null ? null : <Id id={id} to={`/keys/${encodeURIComponent(id)}`} />;
}

export function Tasks({ page }: { page: PageOf }) {
  const w = useWords(caseWordsOfPage);
  const own = w as unknown as Record<string, unknown>;
  const who = useWho();
  const id = page.case.case_id;
  const [finishing, setFinishing] = useState<string | null>(null);
  const tasks = useQuery({
    queryKey: ["tasks", { case: id }],
    queryFn: () => good(api.GET("/v1/tasks", { params: { query: { case: id, limit: 100 } } })),
  });
  return (
    <Card title={w.tasks}>
      <Read query={tasks}>
        {({ items }) => {
          const left = items.filter((task) => task.state === "open");
          if (left.length === 0) return <p className="muted">{w.noTasks}</p>;
          return (
            <ul className="stack bare">
              {left.map((task) => (
                <li key={task.task} className="stack tight">
                  <span>
                    {word(own, task.kind)} <KeyOf id={textOf(task.body, "key")} />
                  </span>
                  <span className="muted">
                    {who(task.assignee)}
                    {task.due ? (
                      <>
                        {" · "}
                        {w.due} <Time at={task.due} />
                      </>
                    ) : null}
                  </span>
                  <div>
                    <Button small isDisabled={page.no !== undefined} onPress={() => setFinishing(task.task)}>
                      {w.finish}
                    </Button>
                  </div>
                </li>
              ))}
            </ul>
          );
        }}
      </Read>
      {finishing === null ? null : <FinishDialog task={finishing} onClose={() => setFinishing(null)} />}
    </Card>
  );
}
