// The check that he uses the key himself: what follows from failing, then its steps opened one by one; what failed, why, and what is left.
import { api, good, type Schemas } from "../../../api/client";
import { useWrite } from "../../../api/queries";
import { useWords } from "../../../i18n/lang";
import { Badge, Button, Card, type Tone } from "../../../ui/basics";
import { testTakesMs, useFacts } from "../../facts";
import { Said, TOUCHED } from "../../parts/act";
import { useSpan } from "../../parts/countdown";
import { FactorHint } from "../../parts/factor";
import type { VerificationView } from "../../reads";
import { RunningStep } from "./step";
import { verificationWords } from "./words";

type Test = Schemas["ControlTestView"];
/** Failed tests after which there is none left; the server counts. */
const TRIES = 2;

export function Control({ of, onIssued }: { of: VerificationView; onIssued: (issued: Schemas["IssuedView"]) => void }) {
  const w = useWords(verificationWords);
  const last = of.tests.at(-1);
  const left = Math.max(0, TRIES - of.failures);
  const open = last?.state === "open" ? last : undefined;
  const badge =
    of.control === "passed" ? (
      <Badge tone="good">{w.passed}</Badge>
    ) : of.control === "failed" || left === 0 ? (
      <Badge tone="expire">{w.failed}</Badge>
    ) : (
      <Badge tone={left === 1 ? "expire" : "warn"}>{w.tries(left)}</Badge>
    );
  return (
    <Card title={w.control} aside={badge}>
      <div className="stack">
        {of.control === "passed" ? null : open ? (
          <Steps of={of} test={open} onIssued={onIssued} />
        ) : (
          <>
            {last && last.state !== "passed" ? <Failed test={last} /> : null}
            <Start of={of} left={left} again={last !== undefined} />
          </>
        )}
      </div>
    </Card>
  );
}

function Failed({ test }: { test: Test }) {
  const w = useWords(verificationWords);
  const why = w as unknown as Record<string, string>;
  return (
    <div className="notice warn stack tight" role="status">
      <strong>{test.state === "void" ? w.testVoid : w.testFailed}</strong>
      {test.steps
        .filter((step) => step.why)
        .map((step) => (
          <p key={step.commitment}>{why[`why_${step.why}`] ?? step.why}</p>
        ))}
    </div>
  );
}

function Start({ of, left, again }: { of: VerificationView; left: number; again: boolean }) {
  const w = useWords(verificationWords);
  const act = useWrite<string, unknown>(
    (verification, key) =>
      good(
        api.POST("/v1/verifications/{verification}/tests", {
          params: { path: { verification }, header: { "Idempotency-Key": key } },
        }),
      ),
    TOUCHED,
  );
  const span = useSpan();
  const takes = testTakesMs(useFacts().data);
  return (
    <>
      <p>
        {w.controlWhy} {takes === null ? null : w.controlTakes(span(takes))}
      </p>
      <h3>{w.prepTitle}</h3>
      <ul>
        <li>{w.prep1}</li>
        <li>{w.prep2}</li>
        <li>{w.prep3}</li>
      </ul>
      <div className="notice warn stack tight">
        <strong>{left === 1 ? w.failsOne : w.failsTwo}</strong>
        <ul>
          <li>{w.fails1}</li>
          <li>{w.fails2}</li>
          <li>{w.fails3}</li>
          <li>{w.fails4}</li>
        </ul>
      </div>
      <FactorHint />
      <div>
        <Button look="primary" isPending={act.isPending} onPress={() => act.mutate(of.verification)}>
          {again ? w.startAgain : w.start}
        </Button>
      </div>
      <Said of={act} />
    </>
  );
}

const TONES: Record<string, Tone> = { hidden: "plain", running: "monitor", passed: "good", failed: "expire" };

function Steps({ of, test, onIssued }: { of: VerificationView; test: Test; onIssued: (issued: Schemas["IssuedView"]) => void }) {
  const w = useWords(verificationWords);
  const all = w as unknown as Record<string, string>;
  const states: Record<string, string> = { hidden: w.hidden, running: w.running, passed: w.stepPassed, failed: w.stepFailed };
  const next = test.steps.some((step) => step.state === "running") ? -1 : test.steps.findIndex((step) => step.state === "hidden");
  const act = useWrite<string, unknown>(
    (verification, key) =>
      good(
        api.POST("/v1/verifications/{verification}/steps", {
          params: { path: { verification }, header: { "Idempotency-Key": key } },
        }),
      ),
    TOUCHED,
  );
  return (
    <>
      <p className="muted">{w.drawn}</p>
      <ol className="steps">
        {test.steps.map((step, at) => (
          <li key={step.commitment} className={step.state} aria-current={step.state === "running" ? "step" : undefined}>
            <div className="row spread">
              <strong>{all[`kind_${step.kind}`]}</strong>
              <Badge tone={TONES[step.state] ?? "plain"}>{states[step.state] ?? step.state}</Badge>
            </div>
            {step.state === "hidden" ? <p className="muted">{all[`about_${step.kind}`]}</p> : null}
            {step.state === "running" ? <RunningStep of={of} step={step} onIssued={onIssued} /> : null}
            {at === next ? (
              <div className="stack tight">
                <FactorHint />
                <div>
                  <Button look="primary" isPending={act.isPending} onPress={() => act.mutate(of.verification)}>
                    {w.openStep}
                  </Button>
                </div>
                <Said of={act} />
              </div>
            ) : null}
          </li>
        ))}
      </ol>
    </>
  );
}
