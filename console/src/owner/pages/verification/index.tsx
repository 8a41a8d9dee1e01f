// Renewed verification, guided: who he is, by the exchange; that he controls the key, step by step with the time that is left and the result as
// it comes in. Asked for anew every 3 s while it is open.

import { useState } from "react";
import { useParams } from "react-router";
import { Problem, type Schemas } from "../../../api/client";
import { useLang, useWords } from "../../../i18n/lang";
import { Badge, Card, LinkButton, type Tone, useNow } from "../../../ui/basics";
import { Page } from "../../../ui/shell";
import { useFailure } from "../../../ui/states";
import { testTakesMs, useFacts, useIdentityUrl } from "../../facts";
import { Read } from "../../parts/act";
import { Left, useSpan } from "../../parts/countdown";
import { Secret } from "../../parts/secret";
import { KeyName, Sentences } from "../../parts/sentences";
import { isOver } from "../../parts/standing";
import { TooLate } from "../../parts/tooLate";
import { inKorea, When } from "../../parts/when";
import { useKeys, useVerification, useVerifications, type VerificationView } from "../../reads";
import { Control } from "./control";
import { verificationWords } from "./words";

export function Verification() {
  const { verification = "" } = useParams();
  const w = useWords(verificationWords);
  const query = useVerification(verification);
  const failure = useFailure(query);
  const shown = <Read query={query}>{(found) => <Shown key={found.verification} of={found} />}</Read>;
  if (query.data !== undefined) return shown;
  return <Page title={w.title}>{isGone(failure) ? <NoneAsked /> : shown}</Page>;
}

const isGone = (error: Error | null) => error instanceof Problem && error.status === 404;

/** A link to one that this account has not. Whether it was another's, the server does not tell; that nothing is to be done here, is true of both. */
function NoneAsked() {
  const w = useWords(verificationWords);
  const known = useVerifications().data;
  const open = known?.find((one) => one.state === "open");
  return (
    <div className="notice monitor stack tight" role="status">
      <strong>{open ? w.noneOther : w.none}</strong>
      <p>{open ? w.noneOtherText : w.noneText}</p>
      <div className="row">
        {open ? (
          <LinkButton to={`/verifications/${open.verification}`} look="primary">
            {w.noneGo}
          </LinkButton>
        ) : null}
        <LinkButton to="/">{w.noneHome}</LinkButton>
      </div>
    </div>
  );
}

function Shown({ of }: { of: VerificationView }) {
  const w = useWords(verificationWords);
  const span = useSpan();
  const keys = useKeys().data;
  // A test may rotate the key: then the old one is over, and the verification goes on with the new one.
  const ended = keys?.some((one) => one.key === of.key && isOver(one) && one.cause !== "rotated") === true;
  // Here and not in the step: the step is over before he has saved it. It stays until he says that he has it, or the new key has ended.
  const [issued, setIssued] = useState<Schemas["IssuedView"] | null>(null);
  // By the record, not by this device's clock.
  const useless = keys?.some((one) => one.key === issued?.key.key && one.state === "expired") === true;
  // Asked once more, the server tells of the same key without its secret: that takes nothing away.
  const keep = (told: Schemas["IssuedView"]) =>
    setIssued((before) => (before?.secret && !told.secret && before.key.key === told.key.key ? before : told));
  return (
    <Page title={w.title} aside={<KeyName of={of.key} />}>
      {issued && !useless ? (
        <Secret key={issued.key.key} accessKey={issued.key.key} secret={issued.secret} onDone={() => setIssued(null)} />
      ) : null}
      {ended && of.state === "open" ? (
        <div className="notice stack tight" role="status">
          <strong>{w.keyEnded}</strong>
          <p>{w.keyEndedText}</p>
        </div>
      ) : of.state === "open" ? (
        <>
          <p>{w.lead}</p>
          <div className="notice reverify stack tight">
            {of.until ? (
              <p className="big">
                {w.until}: <When at={of.until} /> · <Left until={of.until} />
              </p>
            ) : null}
            {of.until ? <p>{w.window(span(Date.parse(of.until) - Date.parse(of.opened)))}</p> : null}
            <p>{w.limits}</p>
            <p>{w.after}</p>
            <Tight of={of} />
          </div>
          <Identity of={of} />
          <Control of={of} onIssued={keep} />
        </>
      ) : (
        <Over of={of} />
      )}
      <Card title={w.help}>
        <div className="stack">
          <p>{w.helpText}</p>
          <p>{w.object}</p>
          <div className="row">
            <LinkButton to={`/keys/${of.key}`}>{w.endKey}</LinkButton>
            <LinkButton to="/notices" look="quiet">
              {w.toNotices}
            </LinkButton>
          </div>
        </div>
      </Card>
      <Draws of={of} />
    </Page>
  );
}

/** Said while a test begun now might not be over in time. */
function Tight({ of }: { of: VerificationView }) {
  const w = useWords(verificationWords);
  const span = useSpan();
  const now = useNow(5_000);
  const takes = testTakesMs(useFacts().data);
  const left = of.until ? Date.parse(of.until) - now : Number.POSITIVE_INFINITY;
  if (takes === null || of.control === "passed" || left <= 0 || left >= takes) return null;
  return (
    <p role="status">
      <strong>{w.tight(span(takes))}</strong>
    </p>
  );
}

function Half({ state }: { state: string }) {
  const w = useWords(verificationWords);
  const states: Record<string, [Tone, string]> = {
    outstanding: ["warn", w.outstanding],
    passed: ["good", w.passed],
    failed: ["expire", w.failed],
  };
  const [tone, text] = states[state] ?? ["plain", state];
  return <Badge tone={tone}>{text}</Badge>;
}

function Identity({ of }: { of: VerificationView }) {
  const w = useWords(verificationWords);
  const { lang } = useLang();
  const url = useIdentityUrl();
  return (
    <Card title={w.identity} aside={<Half state={of.identity} />}>
      {of.identity === "passed" ? (
        <p>{of.identity_at ? w.identityDone(inKorea(lang, of.identity_at)) : w.passed}</p>
      ) : (
        <div className="stack">
          {of.identity === "failed" ? <p>{w.identityAgain}</p> : null}
          <p>{w.identityDo}</p>
          {url === null ? null : (
            <div>
              <a className="button primary" href={url} target="_blank" rel="noreferrer">
                {w.identityGo}
              </a>
            </div>
          )}
        </div>
      )}
    </Card>
  );
}

function Over({ of }: { of: VerificationView }) {
  const w = useWords(verificationWords);
  const proved = of.state === "proved";
  return (
    <div className={`notice stack tight ${proved ? "good" : "warn"}`} role="status">
      <strong>{proved ? w.proved : w.over}</strong>
      {proved ? <p>{w.provedText}</p> : <Sentences say={of.say} but={["how_to_object"]} />}
      {of.state === "timed_out" ? <TooLate of={of.key} /> : null}
    </div>
  );
}

/** The draws as they are on record: for whoever doubts that they were made beforehand. */
function Draws({ of }: { of: VerificationView }) {
  const w = useWords(verificationWords);
  if (of.tests.length === 0) return null;
  return (
    <details>
      <summary>{w.draws}</summary>
      <div className="stack tight">
        <p className="muted">{w.drawsText}</p>
        {of.tests.map((test) => (
          <div key={test.number} className="quoted stack tight">
            <p>
              <When at={test.committed} /> · {w.byLuck(test.one_in)}
            </p>
            {test.steps.map((step) => (
              <p key={step.commitment}>
                {w[`kind_${step.kind}` as "kind_code"]}: <code>{step.commitment}</code>
                {step.salt ? (
                  <>
                    <br />
                    salt <code>{step.salt}</code>
                    <br />
                    <code>{JSON.stringify(step.draw)}</code>
                  </>
                ) : null}
              </p>
            ))}
          </div>
        ))}
      </div>
    </details>
  );
}
