// A new version: pasted whole, checked and tried first, then proposed. It is in force nowhere by that.
import { useRef, useState } from "react";
import { useNavigate } from "react-router";
import { api, good, Problem } from "../../../api/client";
import { useMe } from "../../../api/session";
import { useWords } from "../../../i18n/lang";
import { Button, Card } from "../../../ui/basics";
import { roleText, roleWords } from "../../../ui/roles";
import { Refused } from "../../../ui/states";
import { useSay } from "../../../ui/toasts";
import { ActDialog } from "../../parts/act";
import { Outcome, Problems, useTrial } from "./trial";
import { policyWords } from "./words";

/** Where a line and column (from 1) begin in a text. */
export function offsetOf(text: string, line: number, column: number): number {
  const lines = text.split("\n");
  const before = lines.slice(0, Math.max(0, line - 1)).reduce((sum, one) => sum + one.length + 1, 0);
  return Math.min(text.length, before + Math.max(0, column - 1));
}

/** For who may propose. Others are told who may: a form that they cannot send is none. */
export function Propose({ active }: { active: string | undefined }) {
  const w = useWords(policyWords);
  const r = useWords(roleWords);
  const { has } = useMe();
  if (has("compliance_lead")) return <Form active={active} />;
  return (
    <Card title={w.propose}>
      <p className="muted">{w.proposeOnly(roleText(r, "compliance_lead"))}</p>
    </Card>
  );
}

function Form({ active }: { active: string | undefined }) {
  const w = useWords(policyWords);
  const say = useSay();
  const go = useNavigate();
  const area = useRef<HTMLTextAreaElement>(null);
  const [text, setText] = useState("");
  const [asking, setAsking] = useState(false);
  const [failed, setFailed] = useState<Problem | null>(null);
  const trial = useTrial();
  const grave = trial.tried?.problems.some((one) => one.severity === "error") ?? false;
  const why = trial.tried === null ? w.checkFirst : grave ? w.hasErrors : undefined;

  async function start() {
    if (active === undefined) return;
    setFailed(null);
    try {
      const { policy } = await good(api.GET("/v1/policies/{policy}", { params: { path: { policy: active } } }));
      setText(policy.text);
      trial.forget();
    } catch (caught) {
      if (!(caught instanceof Problem)) throw caught;
      setFailed(caught);
    }
  }
  function show(line: number, column: number) {
    const field = area.current;
    if (field === null) return;
    const from = offsetOf(text, line, column);
    const end = text.indexOf("\n", from);
    field.focus();
    field.setSelectionRange(from, end === -1 ? text.length : end);
    // Browsers do not scroll to a selection by themselves; lines of a text area are all of one height.
    field.scrollTop = (field.scrollHeight / Math.max(1, text.split("\n").length)) * Math.max(0, line - 4);
  }
  return (
    <Card title={w.propose}>
      <div className="stack">
        <p className="muted">{w.proposeText}</p>
        {active === undefined ? null : (
          <div>
            <Button small onPress={() => void start()}>
              {w.start}
            </Button>
          </div>
        )}
        {failed ? <Refused error={failed} /> : null}
        <label className="field">
          <span className="label">{w.text}</span>
          <textarea
            ref={area}
            className="input mono"
            rows={16}
            wrap="off"
            spellCheck={false}
            value={text}
            onChange={(event) => {
              setText(event.target.value);
              trial.forget();
            }}
          />
        </label>
        <div className="row">
          <Button
            look="primary"
            isPending={trial.busy}
            why={text.trim() === "" ? w.textMissing : undefined}
            onPress={() => void trial.run({ text })}
          >
            {w.check}
          </Button>
          {text.trim() === "" ? (
            // Why is said beside the button before it.
            <Button isDisabled>{w.proposeGo}</Button>
          ) : (
            <Button why={why} onPress={() => setAsking(true)}>
              {w.proposeGo}
            </Button>
          )}
        </div>
        {trial.error ? <Refused error={trial.error} /> : null}
        {trial.tried === null ? null : (
          <>
            <h3>{w.problems}</h3>
            <Problems of={trial.tried} onGo={show} />
            {trial.tried.policy == null ? null : (
              <>
                <h3>{w.trial}</h3>
                <Outcome tried={trial.tried} busy={trial.busy} more={() => void trial.run({ text }, trial.tried)} />
              </>
            )}
          </>
        )}
      </div>
      {asking ? (
        <ActDialog
          title={w.propose}
          intro={<p>{w.proposeIntro}</p>}
          body={{ text }}
          missing={null}
          send={(body, how) => good(api.POST("/v1/policies", { params: how, body }))}
          go={w.proposeGo}
          touches={[["policies"]]}
          onDone={(answer) => {
            say(w.proposedNow(answer.result.policy.policy));
            void go(`/policy/${encodeURIComponent(answer.result.policy.policy)}`);
          }}
          onClose={() => setAsking(false)}
        />
      ) : null}
    </Card>
  );
}
