// *Did you send this?*: what was seen, then two answers, each with what it leads to, and neither the advised one. One press for yes; no is
// asked about once, because it ends the key.

import { useState } from "react";
import { useParams } from "react-router";
import { api, good, type Schemas } from "../../../api/client";
import { useWrite } from "../../../api/queries";
import { count } from "../../../i18n/format";
import { useLang, useWords } from "../../../i18n/lang";
import { Button, Card, LinkButton, Pairs } from "../../../ui/basics";
import { Confirm, Dialog } from "../../../ui/forms";
import { Page } from "../../../ui/shell";
import { useFacts } from "../../facts";
import { Read, Said, TOUCHED } from "../../parts/act";
import { Left } from "../../parts/countdown";
import { useCountry } from "../../parts/country";
import { FactorHint } from "../../parts/factor";
import { Proof } from "../../parts/proof";
import { KeyName } from "../../parts/sentences";
import { isOver } from "../../parts/standing";
import { When } from "../../parts/when";
import { type QuestionView, useAccounts, useAddresses, useKeys, useQuestion } from "../../reads";
import { questionWords } from "./words";

type Answered = { result: QuestionView; ledger: Schemas["EntryView"] | null };

export function Question() {
  const { question = "" } = useParams();
  const query = useQuestion(question);
  const act = useWrite<Schemas["ReplyWord"], Answered>(
    (answer, key) =>
      good(
        api.POST("/v1/questions/{question}/answer", {
          params: { path: { question }, header: { "Idempotency-Key": key } },
          body: { answer },
        }),
      ),
    TOUCHED,
  );
  const w = useWords(questionWords);
  const keys = useKeys().data;
  // The key may have ended in another way meanwhile: then there is nothing left to answer.
  const gone = (of: QuestionView) =>
    of.state === "open"
      ? keys?.some((one) => one.key === of.key && isOver(one)) === true
      : of.answer == null && of.about.closed === "key_ended";
  return (
    <Read query={query}>
      {(found) => (
        <Page
          title={
            gone(found)
              ? w.gone
              : found.state === "open"
                ? w.title
                : found.answer === "not_me"
                  ? w.answeredNotMe
                  : found.answer === "me"
                    ? w.answeredMe
                    : w.lapsed
          }
        >
          {gone(found) ? (
            <Gone of={found} />
          ) : found.state === "open" ? (
            <Open of={found} act={act} />
          ) : (
            <Over of={found} entry={act.data?.ledger} />
          )}
        </Page>
      )}
    </Read>
  );
}

function Open({ of, act }: { of: QuestionView; act: ReturnType<typeof useWrite<Schemas["ReplyWord"], Answered>> }) {
  const w = useWords(questionWords);
  const [asked, setAsked] = useState(false);
  const facts = useFacts().data;
  const minutes = Math.round((facts?.owner.address_proof_s ?? 900) / 60);
  const proof = useProof(of);
  const answer = (reply: Schemas["ReplyWord"]) => act.mutate(reply, { onSettled: () => setAsked(false) });
  return (
    <>
      <p>{w.lead(of.about.enforced)}</p>
      <p>
        {w.until}: <When at={of.until} /> · <Left until={of.until} />
      </p>
      <Seen of={of} />
      <Card title={w.unsure}>
        <div className="stack">
          <ul>
            <li>{w.unsure1}</li>
            <li>{w.unsure2}</li>
            <li>{w.unsure3}</li>
            <li>{w.unsure4}</li>
          </ul>
          <p>{w.unsure5(of.about.enforced)}</p>
        </div>
      </Card>
      <FactorHint />
      <div className="answers">
        <section className="card stack tight answer me">
          <h2>{w.me}</h2>
          <p>{w.meWhat(of.address)}</p>
          <div className="stack tight muted">
            <p>{proof ? w.meProof(minutes) : w.meApproval}</p>
            <p>{w.meAlso}</p>
          </div>
          <Button isPending={act.isPending && act.variables === "me"} isDisabled={act.isPending} onPress={() => answer("me")}>
            {w.meGo}
          </Button>
          <p className="muted">{w.meAtOnce(facts?.second_factor.age_minutes_max ?? 5)}</p>
        </section>
        <section className="card stack tight answer not">
          <h2>{w.notMe}</h2>
          <p>{w.notMeWhat}</p>
          <p className="muted">{w.notMeAlso}</p>
          <Button look="danger" isDisabled={act.isPending} onPress={() => setAsked(true)}>
            {w.notMeGo}
          </Button>
        </section>
      </div>
      <Said of={act} />
      <p className="muted">{w.unanswered(of.about.enforced)}</p>
      <Dialog title={w.sure} open={asked} onClose={() => setAsked(false)}>
        <p>{w.notMeWhat}</p>
        <p>{w.notMeAlso}</p>
        <Confirm go={w.notMeGo} danger busy={act.isPending} onGo={() => answer("not_me")} onClose={() => setAsked(false)} />
      </Dialog>
    </>
  );
}

/** Whether an address of this account's is proved by a request, and not agreed to by staff. */
function useProof(of: QuestionView): boolean {
  const segment = useAccounts().data?.find(({ account }) => account === of.account)?.segment;
  return useFacts().data?.segments[segment ?? ""]?.address_proof_required === true;
}

/** Asked of a key that has ended since. */
function Gone({ of }: { of: QuestionView }) {
  const w = useWords(questionWords);
  return (
    <>
      <div className="notice stack tight" role="status">
        <p>{w.goneText}</p>
        <div>
          <LinkButton to={`/keys/${of.key}`}>{w.toKey}</LinkButton>
        </div>
      </div>
      <Seen of={of} />
    </>
  );
}

function Seen({ of }: { of: QuestionView }) {
  const w = useWords(questionWords);
  const { lang } = useLang();
  const addresses = useAddresses(of.key).data;
  const { about } = of;
  const country = useCountry();
  const network = [about.asn ? `AS${about.asn}` : null, country(about.country)].filter(Boolean).join(", ");
  return (
    <Card>
      <div className="stack">
        <Pairs
          of={[
            [w.key, <KeyName key="key" of={of.key} />],
            [
              w.address,
              <strong key="address" className="mono">
                {of.address}
              </strong>,
            ],
            [w.network, network === "" ? null : network],
            [w.client, about.client ? <code key="client">{about.client}</code> : null],
            [w.when, <When key="when" at={of.asked} />],
            [w.count, w.times(count(lang, about.count))],
            [w.last, about.count > 1 ? <When key="last" at={of.last_seen} /> : null],
            [
              w.known,
              addresses?.length ? (
                <ul key="known" className="plainlist">
                  {addresses.map((one) => (
                    <li key={one.prefix}>
                      <code>{one.prefix.replace(/\/(32|128)$/, "")}</code>{" "}
                      {one.in_effect ? null : <span className="muted">{w.pending}</span>}
                    </li>
                  ))}
                </ul>
              ) : null,
            ],
          ]}
        />
        <p className="muted">{w.meaning}</p>
      </div>
    </Card>
  );
}

function Over({ of, entry }: { of: QuestionView; entry: Schemas["EntryView"] | null | undefined }) {
  const w = useWords(questionWords);
  const notMe = of.answer === "not_me";
  const proof = useProof(of);
  const added =
    useAddresses(of.key).data?.some((one) => one.in_effect && one.prefix.replace(/\/(32|128)$/, "") === of.address) ?? false;
  return (
    <>
      <div className={`notice stack tight ${of.answer ? "good" : ""}`} role="status">
        <p>{notMe ? w.notMeDone : of.answer ? (added ? w.meAdded : w.meDone)(of.address) : w.unanswered(of.about.enforced)}</p>
        {of.answered ? (
          <p>
            {w.at}: <When at={of.answered} />
          </p>
        ) : null}
        <Proof of={entry} />
      </div>
      {of.answer ? (
        <Card title={w.next}>
          {notMe ? (
            <div className="stack">
              <ol>
                <li>{w.next1}</li>
                <li>{w.next2}</li>
                <li>{w.next3}</li>
                <li>{w.next4}</li>
              </ol>
              <div className="row">
                <LinkButton to="/keys/new">{w.newKey}</LinkButton>
                <LinkButton to={`/keys/${of.key}`} look="quiet">
                  {w.toKey}
                </LinkButton>
              </div>
            </div>
          ) : (
            <div className="stack">
              <p>{added ? w.nextAdded : proof ? w.nextMe : w.nextApproval}</p>
              <div>
                <LinkButton to={`/keys/${of.key}/addresses`} look="primary">
                  {w.toAddresses}
                </LinkButton>
              </div>
            </div>
          )}
        </Card>
      ) : null}
      <Seen of={of} />
    </>
  );
}
