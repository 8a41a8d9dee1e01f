// A running step: what to do this very second and what comes next, with the seconds counted. By this device's clock set right by the server's,
// as far as its answers tell.
import { api, good, type Schemas } from "../../../api/client";
import { useWrite } from "../../../api/queries";
import { useWords } from "../../../i18n/lang";
import { Button, useNow } from "../../../ui/basics";
import { Said, TOUCHED } from "../../parts/act";
import { Left, useSpan } from "../../parts/countdown";
import { Examples } from "../../parts/examples";
import { FactorHint } from "../../parts/factor";
import { Copied } from "../../parts/secret";
import { clockInKorea } from "../../parts/when";
import type { VerificationView } from "../../reads";
import { verificationWords } from "./words";

type Step = Schemas["ControlStepView"];
type Phase = { from: number; until: number; text: string; tone: string };
type Draw = { kind?: string; code?: string; slot_s?: number; grace_s?: number; stop?: number; start?: number };

export function RunningStep({
  of,
  step,
  onIssued,
}: {
  of: VerificationView;
  step: Step;
  onIssued: (issued: Schemas["IssuedView"]) => void;
}) {
  const draw = (step.draw ?? {}) as Draw;
  switch (step.kind) {
    case "stop_and_start":
      return <StopAndStart step={step} draw={draw} />;
    case "code":
      return <Code step={step} code={draw.code ?? ""} />;
    default:
      return <RotateAndWatch of={of} step={step} draw={draw} onIssued={onIssued} />;
  }
}

const at = (text: string | null | undefined) => (text ? new Date(text).getTime() : 0);

function StopAndStart({ step, draw }: { step: Step; draw: Draw }) {
  const w = useWords(verificationWords);
  const from = at(step.from);
  const slot = (draw.slot_s ?? 0) * 1_000;
  const stop = from + (draw.stop ?? 0) * slot;
  const start = from + (draw.start ?? 0) * slot;
  const phases: Phase[] = [
    { from: 0, until: from, text: w.sPrepare, tone: "monitor" },
    { from, until: stop, text: w.sRun, tone: "good" },
    { from: stop, until: start, text: w.sStop, tone: "expire" },
    { from: start, until: at(step.until), text: w.sStart, tone: "good" },
  ];
  return (
    <div className="stack">
      <Phases of={phases.filter((phase) => phase.until > phase.from)} end={w.sEnd} />
      <p className="muted">{w.sEvery(Math.max(1, (draw.slot_s ?? 0) - (draw.grace_s ?? 0)))}</p>
    </div>
  );
}

/** What to do now, in large, and what comes next. A change is read out; the seconds are not. */
function Phases({ of, end }: { of: Phase[]; end: string }) {
  const w = useWords(verificationWords);
  const span = useSpan();
  const now = useNow(500);
  const present = of.findIndex((phase) => now < phase.until);
  const phase = of[present];
  const next = present < 0 ? undefined : of[present + 1];
  return (
    <>
      <div className={`notice phase ${phase?.tone ?? ""}`}>
        <p className="muted">{w.now}</p>
        <p className="huge" aria-live="assertive">
          {phase?.text ?? end}
        </p>
        {phase ? <p className="huge count">{span(phase.until - now + 999)}</p> : null}
        {phase ? (
          <p className="muted">
            {w.next}: {next?.text ?? end} ({clockInKorea(phase.until)})
          </p>
        ) : null}
      </div>
      <details>
        <summary>{w.sTimes}</summary>
        <ol>
          {of.map((one) => (
            <li key={one.until}>
              {one.text} → {clockInKorea(one.until)}
            </li>
          ))}
        </ol>
      </details>
    </>
  );
}

function Code({ step, code }: { step: Step; code: string }) {
  const w = useWords(verificationWords);
  return (
    <div className="stack">
      <p>{w.codeDo}</p>
      <Copied label={w.code} text={code} />
      <p className="big">
        <Left until={step.until} />
      </p>
      <p className="muted">{w.codeWait}</p>
      <Examples code={code} />
    </div>
  );
}

function RotateAndWatch({
  of,
  step,
  draw,
  onIssued,
}: {
  of: VerificationView;
  step: Step;
  draw: Draw;
  onIssued: (issued: Schemas["IssuedView"]) => void;
}) {
  const w = useWords(verificationWords);
  const act = useWrite<string, { result: Schemas["IssuedView"] }>(async (verification, key) => {
    const params = { path: { verification }, header: { "Idempotency-Key": key } };
    const done = await good(api.POST("/v1/verifications/{verification}/rotate", { params, body: { overlap_hours: 0 } }));
    // Handed over before anything is asked anew: what is asked anew takes this part off the page, and the secret would go with it.
    onIssued(done.result);
    return done;
  }, TOUCHED);
  // Before the rotation the window begins when the step was opened; after it, when the new secret is to be used.
  const rotated = of.say.some(({ code }) => code === "control.first_use");
  if (!rotated) {
    return (
      <div className="stack">
        <p>
          <strong>{w.rotateFirst(draw.grace_s ?? 0)}</strong>
        </p>
        <p>{w.rotateDo}</p>
        <p className="big">
          <Left until={step.until} />
        </p>
        <FactorHint />
        <div>
          <Button look="primary" isPending={act.isPending} onPress={() => act.mutate(of.verification)}>
            {w.rotateGo}
          </Button>
        </div>
        <Said of={act} />
      </div>
    );
  }
  const phases: Phase[] = [
    { from: 0, until: at(step.from), text: w.fWait, tone: "warn" },
    { from: at(step.from), until: at(step.until), text: w.fNow, tone: "good" },
  ];
  return (
    <div className="stack">
      <Phases of={phases} end={w.timeOver} />
      <p>{w.fOld}</p>
      <Examples />
    </div>
  );
}
