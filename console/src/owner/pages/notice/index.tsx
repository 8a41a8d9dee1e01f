// One notice: what, why, by when, what next, how to object; the word that it was read; objections and how they stand.

import { useState } from "react";
import { useParams } from "react-router";
import { api, good } from "../../../api/client";
import { useWrite } from "../../../api/queries";
import { useLang, useWords } from "../../../i18n/lang";
import { Button, Card, LinkButton, Pairs } from "../../../ui/basics";
import { Page } from "../../../ui/shell";
import { useSay } from "../../../ui/toasts";
import { Read, Said, TOUCHED } from "../../parts/act";
import { Left } from "../../parts/countdown";
import { OwnWords, useSendable } from "../../parts/ownWords";
import { askedUntil, isPast, mayObject, needsReading, type Part, partOf, tellsOf } from "../../parts/reading";
import { KeyName, Sentences } from "../../parts/sentences";
import { isOver, StandingBadge, useStandingText } from "../../parts/standing";
import { inKorea, When } from "../../parts/when";
import { useKept } from "../../place";
import {
  type KeyView,
  type NoticeView,
  useKeys,
  useNotice,
  useNotices,
  useObjections,
  useQuestions,
  useVerifications,
} from "../../reads";
import { ObjectionState } from "../notices";
import { useNoticeTitle } from "../notices/title";
import { useRegistrations, waits } from "../register/reads";
import { noticeWords } from "./words";

export function Notice() {
  const { notice = "" } = useParams();
  const query = useNotice(notice);
  return <Read query={query}>{(found) => <Shown of={found} />}</Read>;
}

function Shown({ of }: { of: NoticeView }) {
  const w = useWords(noticeWords);
  const title = useNoticeTitle();
  const past = usePast(of);
  return (
    <Page title={title(of.kind)}>
      {past ? <Past of={past} /> : null}
      <Card>
        <div className="stack">
          <Pairs
            of={[
              [w.about, of.key ? <KeyName key="key" of={of.key} /> : null],
              [w.at, <When key="at" at={of.created} />],
            ]}
          />
          {(["seen", "asked", "next"] as const).map((part) => (
            <Told key={part} of={of} part={part} past={past !== null} />
          ))}
          <Onward of={of} />
          <Acknowledge of={of} />
        </div>
      </Card>
      {mayObject(of) ? <Objections of={of} /> : null}
    </Page>
  );
}

/** The key, where what this notice asked for is past: the key ended, or something else is in force now. */
function usePast(of: NoticeView): KeyView | null {
  const notices = useNotices().data;
  const keys = useKeys().data;
  const key = keys?.find(({ key }) => key === of.key);
  return key && keys && notices && isPast(of, notices, keys) ? key : null;
}

/** How the key stands now, before what was told of it earlier. */
function Past({ of }: { of: KeyView }) {
  const w = useWords(noticeWords);
  const tell = useStandingText();
  return (
    <div className="notice stack tight">
      <div className="row spread">
        <strong>{w.past}</strong>
        <StandingBadge of={of} />
      </div>
      <p>{isOver(of) ? w.pastOver : tell(of)}</p>
    </div>
  );
}

/** What it says of one thing, under its own heading; with the time that is left where something is asked. */
function Told({ of, part, past }: { of: NoticeView; part: Part; past: boolean }) {
  const w = useWords(noticeWords);
  const say = of.say.filter(({ code }) => partOf(code) === part);
  const until = part === "asked" && !past && !of.acknowledged ? askedUntil(of) : null;
  if (say.length === 0) return null;
  return (
    <section className="stack tight">
      <h2>{w[part]}</h2>
      <Sentences say={say} />
      {until ? (
        <p>
          {/^(measure\.hold|key\.held)$/.test(of.kind) ? w.reviewedBy : w.by}: <When at={until} /> · <Left until={until} />
        </p>
      ) : null}
    </section>
  );
}

/** Where the thing is done that the notice asks for. */
function Onward({ of }: { of: NoticeView }) {
  const w = useWords(noticeWords);
  const over = useKeys().data?.some((one) => one.key === of.key && isOver(one)) === true;
  const verification = useVerifications().data?.find(({ key, state }) => !over && key === of.key && state === "open");
  const registering = useRegistrations().data?.some((one) => one.key === of.key && waits(one)) === true;
  const question = useQuestions().data?.find((one) => !over && one.state === "open" && tellsOf(of, one));
  if (question) {
    return (
      <div>
        <LinkButton to={`/questions/${question.question}`} look="primary">
          {w.toQuestion}
        </LinkButton>
      </div>
    );
  }
  if (/^(measure\.reverify|verification\.)/.test(of.kind) && verification) {
    return (
      <div>
        <LinkButton to={`/verifications/${verification.verification}`} look="primary">
          {w.toVerification}
        </LinkButton>
      </div>
    );
  }
  if (of.kind.startsWith("campaign.") && registering) {
    return (
      <div>
        <LinkButton to="/register" look="primary">
          {w.toRegister}
        </LinkButton>
      </div>
    );
  }
  return of.key ? (
    <div>
      <LinkButton to={`/keys/${of.key}`}>{w.toKey}</LinkButton>
    </div>
  ) : null;
}

function Acknowledge({ of }: { of: NoticeView }) {
  const w = useWords(noticeWords);
  const { lang } = useLang();
  const say = useSay();
  const act = useWrite<string, unknown>(
    (notice, key) =>
      good(api.POST("/v1/notices/{notice}/acknowledge", { params: { path: { notice }, header: { "Idempotency-Key": key } } })),
    TOUCHED,
  );
  if (of.acknowledged) return <p className="muted">{w.acknowledged(inKorea(lang, of.acknowledged))}</p>;
  if (!needsReading(of)) return null;
  return (
    <div className="stack tight">
      <p className="muted">{w.acknowledgeText}</p>
      <div>
        <Button
          look="primary"
          isPending={act.isPending}
          onPress={() => act.mutate(of.notice, { onSuccess: () => say(w.saidDone) })}
        >
          {w.acknowledge}
        </Button>
      </div>
      <Said of={act} />
    </div>
  );
}

function Objections({ of }: { of: NoticeView }) {
  const w = useWords(noticeWords);
  const say = useSay();
  const [text, setText, dropText] = useKept(`object.${of.notice}`, "");
  const [pressed, setPressed] = useState(false);
  const { sendable, wrong } = useSendable(text);
  const all = useObjections();
  const mine = all.data?.filter(({ notice }) => notice === of.notice) ?? [];
  const act = useWrite<{ notice: string; text: string }, unknown>(
    (body, key) => good(api.POST("/v1/objections", { body, params: { header: { "Idempotency-Key": key } } })),
    TOUCHED,
  );
  // Closed once one was sent: it stands above, and a further one is asked for on purpose.
  const form = (
    <div className="stack">
      <p>{w.objectText}</p>
      <form
        className="stack"
        onSubmit={(event) => {
          event.preventDefault();
          if (act.isPending) return;
          if (!sendable) {
            setPressed(true);
            return;
          }
          act.mutate(
            { notice: of.notice, text: text.trim() },
            {
              onSuccess: () => {
                setText("");
                dropText();
                setPressed(false);
                say(w.objectSent);
              },
            },
          );
        }}
      >
        <OwnWords label={w.objectLabel} hint={w.objectHint} value={text} onChange={setText} wrong={pressed ? wrong : undefined} />
        <div>
          <Button type="submit" isPending={act.isPending} isDisabled={text.trim() === ""}>
            {w.objectSend}
          </Button>
        </div>
        <Said of={act} />
      </form>
    </div>
  );
  return (
    <Card title={mine.length ? w.mine : w.objectTitle}>
      <div className="stack">
        {mine.map((one) => (
          <div key={one.objection} className="stack tight quoted">
            <div className="row spread">
              <When at={one.at} />
              <ObjectionState of={one} />
            </div>
            <p className="preline">{one.text}</p>
            <Sentences say={one.say} />
            {one.decided ? (
              <p className="muted">
                {w.decided}: <When at={one.decided} />
              </p>
            ) : null}
          </div>
        ))}
        {mine.length === 0 ? (
          form
        ) : (
          <details key={mine.length}>
            <summary>{w.objectMore}</summary>
            {form}
          </details>
        )}
        <details>
          <summary>{w.steps}</summary>
          <ol>
            <li>{w.step1}</li>
            <li>{w.step2}</li>
            <li>{w.step3}</li>
          </ol>
        </details>
      </div>
    </Card>
  );
}
