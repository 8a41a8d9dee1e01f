// A key's addresses and the ceremony of adding one: register, prove by one signed request from there. What is not in effect leads.

import { useState } from "react";
import { useParams } from "react-router";
import { api, good, type Schemas } from "../../../api/client";
import { useWrite } from "../../../api/queries";
import { useLang, useWords } from "../../../i18n/lang";
import { Badge, Button, Card, LinkButton } from "../../../ui/basics";
import { Confirm, Dialog, Field } from "../../../ui/forms";
import { Page } from "../../../ui/shell";
import { Empty } from "../../../ui/states";
import { useSay } from "../../../ui/toasts";
import { useFacts } from "../../facts";
import { Read, Said, StepUp, TOUCHED, useAtField } from "../../parts/act";
import { Left } from "../../parts/countdown";
import { Examples } from "../../parts/examples";
import { FactorHint } from "../../parts/factor";
import { isAll, isPrefix, isWithin } from "../../parts/prefixes";
import { KeyName } from "../../parts/sentences";
import { lives } from "../../parts/standing";
import { inKorea, When } from "../../parts/when";
import { useKept } from "../../place";
import { type AddressView, useAccounts, useAddresses, useKey } from "../../reads";
import { addressWords } from "./words";

type Answer = { result: Schemas["KeyAnswerView"] };
const short = (prefix: string) => prefix.replace(/\/(32|128)$/, "");

export function Addresses() {
  const { key = "" } = useParams();
  const w = useWords(addressWords);
  const query = useAddresses(key);
  const found = useKey(key).data;
  return (
    <Page
      title={w.title}
      aside={
        <LinkButton to={`/keys/${key}`} look="quiet">
          {w.back}
        </LinkButton>
      }
    >
      <p>
        <KeyName of={key} link={false} />: {w.lead}
      </p>
      <Read query={query}>
        {(all) => {
          if (all.length === 0) return <Empty title={w.empty} text={w.emptyText} />;
          const last = all.filter(({ in_effect }) => in_effect).length === 1;
          return (
            <div className="stack tight">
              {[...all]
                .sort((one, other) => Number(one.in_effect) - Number(other.in_effect))
                .map((one) => (
                  <Address key={one.prefix} of={one} keyId={key} last={last && one.in_effect} />
                ))}
            </div>
          );
        }}
      </Read>
      {found === undefined ? null : lives(found) ? (
        <Add keyId={key} account={found.account} />
      ) : (
        <p className="muted">{w.over}</p>
      )}
    </Page>
  );
}

function Address({ of, keyId, last }: { of: AddressView; keyId: string; last: boolean }) {
  const w = useWords(addressWords);
  const { lang } = useLang();
  const say = useSay();
  const [asked, setAsked] = useState(false);
  const act = useWrite<string, Answer>(async (prefix, key) => {
    const params = { path: { key: keyId }, header: { "Idempotency-Key": key } };
    const done = await good(api.POST("/v1/keys/{key}/addresses/remove", { params, body: { prefix } }));
    // Said before anything is asked anew: what is asked anew takes this part off the page.
    say(w.removed(short(prefix)));
    return done;
  }, TOUCHED);
  return (
    <section className={`card stack tight ${of.in_effect ? "" : "waiting"}`}>
      <div className="row spread">
        <strong className="mono">{short(of.prefix)}</strong>
        <Badge tone={of.in_effect ? "good" : of.until ? "warn" : "plain"}>
          {of.in_effect ? w.inEffect : of.until ? w.pending : w.lapsed}
        </Badge>
      </div>
      {of.in_effect && of.proved ? <p className="muted">{w.since(inKorea(lang, of.proved))}</p> : null}
      {of.in_effect ? null : of.until ? (
        <div className="stack tight" aria-live="polite">
          <p>
            <strong>{w.waitsFor}</strong>
          </p>
          <p>
            {w.by}: <When at={of.until} /> · <Left until={of.until} />
          </p>
          <p className="muted">{w.watching}</p>
          <p className="muted">{w.expect}</p>
          <Examples />
        </div>
      ) : (
        <p>{w.lapsedText}</p>
      )}
      <div>
        <Button small look="quiet" isDisabled={last} why={last ? w.removeLast : undefined} onPress={() => setAsked(true)}>
          {w.remove}
        </Button>
      </div>
      <Said of={act} />
      <Dialog title={w.removeSure(short(of.prefix))} open={asked} onClose={() => setAsked(false)}>
        <p>{w.removeText}</p>
        <Confirm
          go={w.remove}
          danger
          busy={act.isPending}
          onClose={() => setAsked(false)}
          onGo={() => act.mutate(of.prefix, { onSettled: () => setAsked(false) })}
        />
      </Dialog>
    </section>
  );
}

function Add({ keyId, account }: { keyId: string; account: string }) {
  const w = useWords(addressWords);
  const say = useSay();
  const facts = useFacts().data;
  const segment = useAccounts().data?.find((one) => one.account === account)?.segment;
  const proof = facts?.segments[segment ?? ""]?.address_proof_required === true;
  const minutes = Math.round((facts?.owner.address_proof_s ?? 900) / 60);
  const [prefix, setPrefix, drop] = useKept(`address.${keyId}`, "");
  const act = useWrite<string, Answer>(
    (text, key) =>
      good(
        api.POST("/v1/keys/{key}/addresses", {
          params: { path: { key: keyId }, header: { "Idempotency-Key": key } },
          body: { prefix: text },
        }),
      ),
    TOUCHED,
  );
  const at = useAtField(act.error);
  const [pressed, setPressed] = useState(false);
  const typed = prefix.trim();
  // Only what is plain to see; the server's rule decides. Institutions may come by a line of their own.
  const wrong = !isPrefix(typed)
    ? w.addWrong(typed)
    : isAll(typed)
      ? w.addWide
      : segment === "retail" && isWithin(typed)
        ? w.addWithin
        : undefined;
  const refused = at("/");
  const needsFactor = act.error?.code === "second_factor_needed";
  return (
    <Card title={w.add}>
      <div className="stack">
        <p>{w.addText}</p>
        {needsFactor ? <StepUp /> : <FactorHint />}
        <form
          className="stack"
          onSubmit={(event) => {
            event.preventDefault();
            if (act.isPending) return;
            setPressed(wrong !== undefined);
            // What was said of what stood there before is over.
            act.reset();
            if (wrong !== undefined) return;
            act.mutate(typed, {
              onSuccess: ({ result }) => {
                if (result.waits_for.length > 0) say(w.sent);
                setPrefix("");
                drop();
              },
            });
          }}
        >
          <Field
            label={w.addLabel}
            wrong={pressed && typed !== "" && wrong !== undefined ? wrong : refused}
            hint={w.addHint}
            value={prefix}
            onChange={setPrefix}
            inputMode="url"
            autoComplete="off"
            spellCheck="false"
          />
          <div>
            <Button type="submit" look="primary" isPending={act.isPending} isDisabled={prefix.trim() === ""}>
              {w.addGo}
            </Button>
          </div>
          {/* What is told at the field or above is not told twice. */}
          {refused !== undefined || needsFactor ? null : <Said of={act} />}
        </form>
        {proof ? (
          <>
            <h3>{w.steps}</h3>
            <ol className="steps">
              <li>
                <strong>{w.step1}</strong>
                <p>{w.step1Text}</p>
              </li>
              <li>
                <strong>{w.step2}</strong>
                <p>{w.step2Text(minutes)}</p>
              </li>
              <li>
                <strong>{w.step3}</strong>
                <p>{w.step3Text}</p>
              </li>
            </ol>
          </>
        ) : (
          <p className="muted">{w.addApproval}</p>
        )}
        <p className="muted">{w.noOther}</p>
      </div>
    </Card>
  );
}
